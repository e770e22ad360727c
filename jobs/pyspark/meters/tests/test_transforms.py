"""What the sender makes, and what the stream and the batch job make of it, on frames of a few rows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from meters import transforms
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import schema_of
from millrace.kafka.dead_letters import HEADERS
from millrace.streaming.event_time import EventTimeRules
from millrace.streaming.source import judge
from millrace.tests.frames import frame_of

SCHEMA = Path(__file__).parents[4] / "pipelines/meters/schemas/reading.schema.json"
NOON = datetime(2026, 5, 21, 12, tzinfo=UTC)
RECORD = f"key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, headers {HEADERS}"


def made(spark: SparkSession, count: int, seed: int = 1) -> list[tuple[object, ...]]:
    numbers = spark.range(count).toDF("position")
    return [tuple(row) for row in transforms.readings(numbers, seed).orderBy("position").collect()]


def test_the_same_seed_makes_the_same_readings_and_another_makes_others(spark: SparkSession) -> None:
    first = made(spark, 200)
    assert made(spark, 400)[:200] == first
    assert made(spark, 200, seed=2) != first


def test_every_meter_is_read_in_turn_counts_up_and_stays_where_it_is(spark: SparkSession) -> None:
    rows = transforms.readings(spark.range(3 * transforms.METERS).toDF("position"), 1)
    of_meter = rows.groupBy("id").agg(
        F.count("*").alias("readings"),
        F.count_distinct("site").alias("sites"),
        (
            F.sort_array(F.collect_list("kwh"))
            == F.transform(F.sort_array(F.collect_list(F.struct("position", "kwh"))), lambda one: one["kwh"])
        ).alias("up"),
    )
    assert of_meter.count() == transforms.METERS
    assert of_meter.where("readings = 3 AND sites = 1 AND up").count() == transforms.METERS
    of_status = {row.status: row["count"] for row in rows.groupBy("status").count().collect()}
    assert set(of_status) == {"ok", "warning", "critical"}
    assert 500 < of_status["critical"] < 700


def test_what_is_sent_is_read_and_what_is_none_is_told_apart(spark: SparkSession) -> None:
    good = b'"number":7,"site":"Lyon","read_at":"2026-05-21T12:00:00Z","kwh":1.5,"status":"ok"'
    values = [
        b'{"id":"m-00001",' + good + b"}",
        b'{"id":"1",' + good + b"}",
        b'{"id":"m-00001",' + good.replace(b"1.5", b"1.0005") + b"}",
        b'{"id":"m-00001",' + good.replace(b'"ok"', b'"broken"') + b"}",
        b'{"id":"m-00001",' + good.replace(b"7", b"-7", 1) + b"}",
        b"{" + good + b"}",
        b"hello",
        None,
    ]
    rows = [(None, value, "readings", 0, offset, NOON, None) for offset, value in enumerate(values)]
    codec = JsonCodec(schema_of(SCHEMA.read_text("utf-8"), "reading"))
    found = judge(frame_of(spark, rows, RECORD), codec, EventTimeRules(None, 10, 0, None))
    assert [row.reason for row in found.frame.select("offset", "reason").orderBy("offset").collect()] == [
        None,
        "bad-id",
        "bad-kwh",
        "bad-status",
        "bad-number",
        "missing-id",
        "not-json",
        "null-value",
    ]


def test_sites_are_counted_as_their_meters_are_now(spark: SparkSession) -> None:
    later = NOON + timedelta(minutes=1)
    rows = [
        ("m-1", "Lyon", NOON.isoformat(), Decimal("1.500"), "ok"),
        ("m-2", "Lyon", later.isoformat(), Decimal("0.001"), "critical"),
        ("m-3", "Bergen", NOON.isoformat(), Decimal("2.000"), "warning"),
    ]
    found = [tuple(row) for row in transforms.by_site(frame_of(spark, rows, transforms.LATEST)).collect()]
    assert [one[:5] for one in found] == [
        ("Bergen", 1, Decimal("2.000"), 1, 0),
        ("Lyon", 2, Decimal("1.501"), 0, 1),
    ]
    assert found[1][5].astimezone(UTC) == later


def test_a_report_is_of_its_day_in_the_types_of_its_table(spark: SparkSession) -> None:
    rows = [("m-1", "Lyon", NOON.isoformat(), Decimal("1.500"), "critical")]
    day = F.lit("2026-05-21").cast("date")
    found = transforms.site_report(frame_of(spark, rows, transforms.LATEST), day)
    assert [(field.name, field.dataType.simpleString()) for field in found.schema.fields] == [
        ("day", "date"),
        ("site", "string"),
        ("kwh", "decimal(18,3)"),
        ("meters", "int"),
        ("warning", "int"),
        ("critical", "int"),
        ("newest", "timestamp"),
    ]
    [row] = found.collect()
    assert (row.day.isoformat(), row.site, row.kwh, row.meters, row.critical) == (
        "2026-05-21",
        "Lyon",
        Decimal("1.500"),
        1,
        1,
    )
