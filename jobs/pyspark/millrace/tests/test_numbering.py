"""Numbers that go on when a file is sent again."""

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.sending.numbering import Numbering, renumbered, repetition
from millrace.tests.frames import frame_of

IDS = Numbering("reading_id", largest=2**31 - 1)


def test_ids_of_a_repetition_begin_after_the_largest() -> None:
    assert repetition(IDS, count=3, total=10, lowest=16_050, highest=16_059) == 10


def test_a_file_that_is_sent_once_may_use_every_id() -> None:
    assert repetition(IDS, count=2, total=2, lowest=0, highest=2**31 - 1) == 2**31


def test_running_out_of_ids_is_refused_with_what_is_possible() -> None:
    with pytest.raises(JobError, match="At most 4 rows") as caught:
        repetition(IDS, count=2, total=5, lowest=1, highest=2**30 - 1)
    assert caught.value.code == "READING_IDS_EXHAUSTED"
    assert repetition(IDS, count=2, total=4, lowest=1, highest=2**30 - 1) == 2**30 - 1


def test_the_largest_number_is_the_last_one_that_is_given() -> None:
    assert repetition(IDS, count=1, total=2, lowest=2**31 - 2, highest=2**31 - 2) == 1
    with pytest.raises(JobError, match=f"would need reading ids up to {2**31}"):
        repetition(IDS, count=1, total=2, lowest=2**31 - 1, highest=2**31 - 1)


def test_each_cycle_has_numbers_of_its_own(spark: SparkSession) -> None:
    rows = frame_of(spark, [(7, 0), (7, 2)], "reading_id int, cycle bigint")
    assert [tuple(row) for row in rows.select(renumbered(IDS, 100, "int")).collect()] == [(7,), (207,)]
