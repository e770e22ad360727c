"""Events that are too old for their records, or ahead of them."""

from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from millrace.formats.reasons import first_reason
from millrace.streaming.event_time import event_time_checks

NOW = datetime(2026, 5, 21, 10, 3, tzinfo=UTC)
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


def test_the_record_alone_decides(spark: SparkSession) -> None:
    second, ten, week = timedelta(seconds=1), timedelta(minutes=10), timedelta(days=7)
    cases = [
        (NOW, NOW, None),
        (NOW - ten, NOW, None),
        (NOW - ten - second, NOW, "late"),
        (NOW + ten, NOW, None),
        (NOW + ten + second, NOW, "future"),
        (NOW - week - ten, NOW - week, None),
        (NOW - week - ten - second, NOW - week, "late"),
        (NOW - week - second - ten, NOW - week - second, "late"),
        (None, NOW, "late"),
    ]
    rows = [(number, event, first, NOW) for number, (event, first, _) in enumerate(cases)]
    frame = spark.createDataFrame(rows, "number int, event timestamp, first timestamp, own timestamp")
    event, first, own = (F.col(name) for name in ("event", "first", "own"))
    checks = event_time_checks(event, first, own, 10 * MINUTE_MS, 10 * MINUTE_MS, 7 * DAY_MS)
    found = frame.select("number", first_reason(checks).alias("reason")).orderBy("number").collect()
    assert [row.reason for row in found] == [reason for *_, reason in cases]
