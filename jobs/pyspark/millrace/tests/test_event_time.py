"""Events that are too old for their records, or ahead of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from millrace.formats.checks import first_reason
from millrace.streaming.event_time import EventTimeRules, event_time_checks
from millrace.tests.frames import frame_of

NOW = datetime(2026, 5, 21, 10, 3, tzinfo=UTC)
RULES = EventTimeRules(lateness_minutes=10, future_minutes=10, replay_minutes=7 * 1440, watermark_delay_ms=0)


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
    frame = frame_of(spark, rows, "number int, event timestamp, first timestamp, own timestamp")
    event, first, own = (F.col(name) for name in ("event", "first", "own"))
    checks = event_time_checks(event, first, own, RULES)
    found = frame.select("number", first_reason(checks).alias("reason")).orderBy("number").collect()
    assert [row.reason for row in found] == [reason for *_, reason in cases]


def test_where_nothing_is_ever_late_only_the_future_is_refused(spark: SparkSession) -> None:
    events = [(1, NOW - timedelta(days=400)), (2, NOW + timedelta(minutes=11))]
    frame = frame_of(spark, events, "number int, event timestamp").withColumn("own", F.lit(NOW))
    checks = event_time_checks(F.col("event"), F.col("own"), F.col("own"), replace(RULES, lateness_minutes=None))
    found = frame.select("number", first_reason(checks).alias("reason")).orderBy("number").collect()
    assert [row.reason for row in found] == [None, "future"]
    assert [code for code, _ in checks] == ["future"]
