"""What the sales pipeline does with its data, on tiny frames."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from millrace.formats.framing import AvroCodec
from millrace.formats.lines import good_rows, rejects
from millrace.kafka.dead_letters import FIRST_TIMESTAMP, HEADERS
from millrace.streaming.event_time import EventTimeRules, Windows
from millrace.streaming.source import judge
from millrace.tests.frames import frame_of
from sales import transforms

NOW = datetime(2026, 5, 21, 10, 3, tzinfo=UTC)
RULES = EventTimeRules(lateness_minutes=10, future_minutes=10, replay_minutes=7 * 1440, watermark_delay_ms=0)
SCHEMAS = Path(__file__).parents[4] / "pipelines" / "sales" / "schemas"
CODEC = AvroCodec(4, {4: (SCHEMAS / "sales-value.avsc").read_text("utf-8")})
KAFKA = f"key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, headers {HEADERS}"
LINE = "line bigint, text string, payment_id int, customer_id int, amount decimal(10,2), payment_date string, city string, district string, country string, reason string"
SALE = "payment_id int, customer_id int, amount decimal(10,2), payment_date timestamp, city string, district string, country string"
GOOD_DATE = "2026-05-10 13:04:06.996577+00"


def line(
    number: int, date: str | None = GOOD_DATE, payment_id: int = 7, reason: str | None = None
) -> tuple[object, ...]:
    return (number, f"line {number}", payment_id, 1, Decimal("9.99"), date, "Lima", None, "Peru", reason)


# --- the producer


@pytest.mark.parametrize(
    ("date", "good"),
    [
        ("2021-05-10 13:04:06.996577+00", True),
        ("2021-05-08 21:21:56.996577 +00:00", True),
        ("2021-05-08T21:21:56Z", True),
        ("2021-05-08 21:21:56-0530", True),
        ("2021-02-30 21:21:56+00", False),
        ("2021-05-08 25:21:56+00", False),
        ("2021-05-08 21:21:56", False),
        ("2021-05-08", False),
        ("8 May 2021", False),
        ("", False),
    ],
)
def test_a_date_must_exist_and_have_an_offset(spark: SparkSession, date: str, good: bool) -> None:
    row = transforms.checked_lines(frame_of(spark, [line(2, date)], LINE)).collect()[0]
    assert row.reason == (None if good else "bad-payment-date")


def test_the_first_thing_that_is_wrong_is_told(spark: SparkSession) -> None:
    lines = [line(2, reason="bad-amount", date="never"), line(3, payment_id=-1), line(4)]
    checked = transforms.checked_lines(frame_of(spark, lines, LINE))
    assert [tuple(row) for row in rejects(checked).collect()] == [
        (2, "bad-amount", "line 2"),
        (3, "bad-payment-id", "line 3"),
    ]


def test_a_repeated_line_is_a_new_payment_at_the_time_of_sending(spark: SparkSession) -> None:
    rows = good_rows(frame_of(spark, [line(2, payment_id=10)], LINE), *transforms.KEPT_COLUMNS).crossJoin(
        spark.range(3).toDF("cycle")
    )
    sales = transforms.sales_to_send(rows, 100, F.lit(NOW)).orderBy("payment_id").collect()
    assert [sale.payment_id for sale in sales] == [10, 110, 210]
    assert {(sale.payment_date, sale.amount, sale.district) for sale in sales} == {
        (NOW.replace(tzinfo=None), Decimal("9.99"), None)
    }
    assert {*sales[0].asDict()} == {field["name"] for field in json.loads(CODEC.schemas[4])["fields"]}


# --- the enrichment


def record(
    value: bytes | None, timestamp: datetime = NOW, first: datetime | None = None, topic: str = "again"
) -> tuple[object, ...]:
    said = [(FIRST_TIMESTAMP, str(int(first.timestamp() * 1000)).encode())] if first else None
    return (b"k", value, topic, 0, 1, timestamp, said)


def sales_of(spark: SparkSession, *sales: tuple[object, ...]) -> list[bytes]:
    """Sales as they are sent."""
    frame = frame_of(spark, list(sales), SALE)
    return [bytes(row.value) for row in frame.select(CODEC.encoded().alias("value")).collect()]


def sale(moment: datetime = NOW, amount: str = "9.99", payment_id: int = 1) -> tuple[object, ...]:
    return (payment_id, 2, Decimal(amount), moment, None, None, "Peru")


def test_every_record_has_one_reason_or_is_good(spark: SparkSession) -> None:
    second = timedelta(seconds=1)
    ten = timedelta(minutes=10)
    week_old = NOW - timedelta(days=7)
    moments = {
        "good": (NOW, NOW, None, None),
        "just in time": (NOW - ten, NOW, None, None),
        "late": (NOW - ten - second, NOW, None, "late"),
        "just believable": (NOW + ten, NOW, None, None),
        "future": (NOW + ten + second, NOW, None, "future"),
        "a far future": (datetime(2099, 1, 1, tzinfo=UTC), NOW, None, "future"),
        "replayed": (week_old - ten, NOW, week_old, None),
        "replayed and late the first time": (week_old - ten - second, NOW, week_old, "late"),
        "replayed too late": (week_old - ten - second, NOW, week_old - second, "late"),
    }
    sent = sales_of(
        spark, *[sale(moment) for moment, *_ in moments.values()], sale(payment_id=-1), sale(amount="-5.00")
    )
    cases = {
        name: (record(value, own, first), reason)
        for (name, (_, own, first, reason)), value in zip(moments.items(), sent, strict=False)
    } | {
        "not framed": (record(b"hello"), "not-framed"),
        "of another schema": (record(b"\x00\x00\x00\x00\x05" + sent[0][5:]), "unknown-schema-id"),
        "cut off": (record(sent[0][:-1]), "undecodable"),
        "said to be old by a writer of the source": (
            record(sent[list(moments).index("replayed")], first=week_old, topic="t"),
            "late",
        ),
        "a negative id": (record(sent[-2]), "out-of-range"),
        "a refund": (record(sent[-1]), None),
    }
    frame = frame_of(spark, [case for case, _ in cases.values()], KAFKA)
    found = judge(frame, CODEC, RULES, transforms.TIME, transforms.checks(), replays="again")
    assert [row.reason for row in found.frame.collect()] == [reason for _, reason in cases.values()]
    assert found.bad().count() + found.good().count() == len(cases)
    assert {*found.reasons} == {"null-value", "out-of-range", *(reason for _, reason in cases.values() if reason)}


def summed(spark: SparkSession, sales: Sequence[tuple[object, ...]]) -> dict[tuple[str, str], tuple[str, int, str]]:
    frame = frame_of(spark, list(sales), "amount decimal(10,2), payment_date timestamp, country string")
    regions = frame_of(
        spark,
        [("Peru", "Latin America"), ("Chile", "Latin America"), ("Japan", "Asia")],
        "country string, region string",
    )
    rows = transforms.summaries(frame, regions, Windows(10, 5)).collect()
    return {
        (row.region, f"{row.window_start:%H:%M}"): (str(row.sales), row.orders, f"{row.window_end:%H:%M}")
        for row in rows
    }


def test_each_sale_counts_in_two_windows_of_its_region(spark: SparkSession) -> None:
    sales = [
        (Decimal("0.10"), NOW, "Peru"),
        (Decimal("0.20"), NOW, "Chile"),
        (Decimal("1.00"), NOW, "Japan"),
        (Decimal("2.00"), NOW + timedelta(minutes=2), "Japan"),
    ]
    assert summed(spark, sales) == {
        ("Latin America", "09:55"): ("0.30", 2, "10:05"),
        ("Latin America", "10:00"): ("0.30", 2, "10:10"),
        ("Asia", "09:55"): ("1.00", 1, "10:05"),
        ("Asia", "10:00"): ("3.00", 2, "10:10"),
        ("Asia", "10:05"): ("2.00", 1, "10:15"),
    }


def test_unknown_countries_are_unassigned_and_duplicates_count_twice(spark: SparkSession) -> None:
    one = (Decimal("4.99"), NOW, "Yugoslavia")
    assert summed(spark, [one, one])["Unassigned", "10:00"] == ("9.98", 2, "10:10")


def test_money_is_exact_where_binary_fractions_are_not(spark: SparkSession) -> None:
    sales = [(Decimal("99999999.99"), NOW, "Peru")] * 101 + [(Decimal("0.01"), NOW, "Peru")] * 3
    assert summed(spark, sales)["Latin America", "10:00"] == ("10099999999.02", 104, "10:10")


# --- the batch read


def test_the_newest_window_comes_first_then_the_regions(spark: SparkSession) -> None:
    start, end = NOW.replace(minute=0), NOW.replace(minute=10)
    earlier = start - timedelta(minutes=5)
    totals = [
        ("Africa", Decimal("5.00"), 1, earlier, end),
        ("Asia", Decimal("30.00"), 1, start, end),
        ("Africa", Decimal("6.00"), 1, start, end),
    ]
    summary = "region string, sales decimal(18,2), orders bigint, window_start timestamp, window_end timestamp"
    rows = [tuple(row) for row in transforms.report(frame_of(spark, totals, summary)).collect()]
    assert rows == [
        ("Africa", Decimal("6.00"), 1, "2026-05-21T10:00:00Z", "2026-05-21T10:10:00Z"),
        ("Asia", Decimal("30.00"), 1, "2026-05-21T10:00:00Z", "2026-05-21T10:10:00Z"),
        ("Africa", Decimal("5.00"), 1, "2026-05-21T09:55:00Z", "2026-05-21T10:10:00Z"),
    ]


def test_one_region_since_a_time(spark: SparkSession) -> None:
    start = NOW.replace(minute=0)
    ends = [("Asia", start.replace(hour=hour)) for hour in (8, 9, 10)] + [("Africa", start)]
    rows = frame_of(spark, ends, "region string, window_end timestamp")
    assert transforms.chosen(rows, None, None).count() == 4
    found = transforms.chosen(rows, "Asia", start.replace(hour=8)).collect()
    assert sorted(row.window_end.hour for row in found) == [9, 10]
    assert transforms.chosen(rows, "Atlantis", None).count() == 0
