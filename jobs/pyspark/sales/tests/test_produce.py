"""The producer's own decisions: arguments, rejects, repetition."""

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from sales import produce

LINE = "line bigint, text string, reason string"


def test_rejects_are_written_with_line_reason_and_text_and_all_lines_counted(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = [(2, "a", None), (3, "b|ü", "bad-amount"), (4, "c", None), (5, "d", "wrong-number-of-fields")]
    counts = produce.write_rejects(spark.createDataFrame(lines, LINE).coalesce(1), (tmp_path / "rejects").as_uri())
    assert counts == (4, 2)
    written = [
        json.loads(text)
        for part in (tmp_path / "rejects").glob("part-*")
        for text in part.read_text("utf-8").splitlines()
    ]
    assert written == [
        {"line": 3, "reason": "bad-amount", "text": "b|ü"},
        {"line": 5, "reason": "wrong-number-of-fields", "text": "d"},
    ]


def test_without_rejects_there_is_an_empty_file(spark: SparkSession, tmp_path: Path) -> None:
    counts = produce.write_rejects(
        spark.createDataFrame([(2, "a", None)], LINE).coalesce(1), (tmp_path / "rejects").as_uri()
    )
    assert counts == (1, 0)
    assert not "".join(part.read_text() for part in (tmp_path / "rejects").glob("part-*"))


def test_ids_of_a_repetition_begin_after_the_largest() -> None:
    assert produce.repetition(count=3, total=10, lowest=16_050, highest=16_059) == 10


def test_nothing_to_send_needs_no_ids() -> None:
    assert produce.repetition(count=0, total=0, lowest=None, highest=None) == 0


def test_a_file_without_good_lines_cannot_be_repeated() -> None:
    with pytest.raises(JobError) as caught:
        produce.repetition(count=0, total=5, lowest=None, highest=None)
    assert caught.value.code == "NOTHING_TO_SEND"


def test_a_file_that_is_sent_once_may_use_every_id() -> None:
    assert produce.repetition(count=2, total=2, lowest=0, highest=2**31 - 1) == 2**31


def test_running_out_of_ids_is_refused_with_what_is_possible() -> None:
    with pytest.raises(JobError, match="At most 4 rows") as caught:
        produce.repetition(count=2, total=5, lowest=1, highest=2**30 - 1)
    assert caught.value.code == "PAYMENT_IDS_EXHAUSTED"
    assert produce.repetition(count=2, total=4, lowest=1, highest=2**30 - 1) == 2**30 - 1


@pytest.mark.parametrize(("rate", "rows"), [("0", None), ("20000", "1000000"), ("1", "0")])
def test_rates_and_rows_that_are_allowed(rate: str, rows: str | None) -> None:
    values = produce.arguments().read([*ARGUMENTS, "--rate", rate, *(["--rows", rows] if rows else [])])
    assert (values.rate, values.rows) == (int(rate), int(rows or 0))


@pytest.mark.parametrize("given", [["--rate", "20001"], ["--rate", "1", "--rows", "-1"], []])
def test_rates_and_rows_that_are_not(given: list[str]) -> None:
    with pytest.raises(JobError):
        produce.arguments().read([*ARGUMENTS, *given])


ARGUMENTS = """--kafka-bootstrap-servers localhost:9092 --kafka-security none --registry-url http://localhost:8080 --sales-file file:///sales.csv
    --sales-file-schema-id 1 --sales-topic sales --sales-key-schema-id 3 --sales-value-schema-id 4 --rejects-path file:///rejects""".split()
