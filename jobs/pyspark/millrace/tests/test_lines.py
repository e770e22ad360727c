"""Lines of a file: what is told of those that are no rows, and how the others are numbered."""

from pyspark.sql import SparkSession

from millrace.formats.lines import good_rows, rejects
from millrace.tests.frames import frame_of

LINE = "line bigint, text string, reading_id int, reason string"


def test_good_rows_are_numbered_without_gaps_and_keep_their_order(spark: SparkSession) -> None:
    lines = [(2, "a", 5, None), (3, "b", None, "bad-reading-id"), (4, "c", 3, None), (5, "d", 5, None)]
    frame = frame_of(spark, lines, LINE)
    assert [tuple(row) for row in good_rows(frame, "reading_id").collect()] == [(0, 5), (1, 3), (2, 5)]
    assert [tuple(row) for row in rejects(frame).collect()] == [(3, "bad-reading-id", "b")]
