"""Which rows of a large file are due: only the blocks that hold them are read, and none of them is left out."""

import pytest
from pyspark.sql import DataFrame, SparkSession

from millrace.sending import pacing

COUNT = 10


@pytest.mark.parametrize(("start", "end"), [(0, 3), (4, 7), (7, 10), (8, 12), (9, 11), (18, 23), (0, 10), (5, 25)])
def test_all_rows_that_are_due_are_found(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch, start: int, end: int
) -> None:
    monkeypatch.setattr(pacing, "MANY_ROWS", COUNT)
    rows = spark.range(COUNT, numPartitions=1).withColumnRenamed("id", "position")
    due = pacing.due_rows(rows, spark.range(start, end).toDF("value"), start, end, COUNT)
    assert sorted(row.cycle * COUNT + row.position for row in due.collect()) == list(range(start, end))


def test_what_is_said_to_be_out_is_out_and_no_row_beyond_what_was_asked_for(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Batches of ten rows, the last of which has five too many."""
    monkeypatch.setattr(pacing, "MANY_ROWS", COUNT)
    sent: list[int] = []

    def send(due: DataFrame, so_far: int) -> None:
        sent.extend(row.cycle * COUNT + row.position for row in due.collect())
        assert len(sent) == so_far

    rows = spark.range(COUNT, numPartitions=1).withColumnRenamed("id", "position")
    pacing.send_paced(spark, rows, COUNT, 25, 10, send)
    assert sorted(sent) == list(range(25))
