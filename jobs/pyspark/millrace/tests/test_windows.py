"""Totals by sliding windows."""

from datetime import UTC, datetime

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from millrace.streaming.event_time import Windows, by_window


def test_a_row_counts_in_every_window_that_it_lies_in(spark: SparkSession) -> None:
    rows = [("Ulm", 1, datetime(2026, 5, 21, 10, 3, tzinfo=UTC)), ("Ulm", 2, datetime(2026, 5, 21, 10, 5, tzinfo=UTC))]
    frame = spark.createDataFrame(rows, "town string, level int, at timestamp")
    sums = by_window(frame, "town", "at", Windows(minutes=10, every=5), sum=F.sum("level"))
    times = F.date_format("window_start", "HH:mm"), F.date_format("window_end", "HH:mm")
    assert [tuple(row) for row in sums.orderBy("window_start").select("town", "sum", *times).collect()] == [
        ("Ulm", 1, "09:55", "10:05"),
        ("Ulm", 3, "10:00", "10:10"),
        ("Ulm", 2, "10:05", "10:15"),
    ]
