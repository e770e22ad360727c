"""What the orders pipeline does with its data, on tiny frames."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from millrace.formats.checks import judged
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import JsonSchema, schema_of
from millrace.formats.lines import good_rows
from millrace.kafka.dead_letters import FIRST_TIMESTAMP, HEADERS
from millrace.streaming.event_time import EventTimeRules, Windows
from millrace.streaming.source import judge
from millrace.tests.frames import frame_of
from orders import transforms

SCHEMAS = Path(__file__).parents[4] / "pipelines" / "orders" / "schemas"
NOW = datetime(2026, 5, 21, 10, 3, tzinfo=UTC)
RULES = EventTimeRules(lateness_minutes=10, future_minutes=10, replay_minutes=7 * 1440, watermark_delay_ms=0)
KAFKA = f"key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, headers {HEADERS}"


def schema(name: str) -> JsonSchema:
    return schema_of((SCHEMAS / f"{name}.schema.json").read_text("utf-8"), name)


ORDERS = JsonCodec(schema("order"))

# --- the producer


def test_a_repeated_line_is_a_new_order_at_the_time_of_sending(spark: SparkSession) -> None:
    line = (1, 7, 2, Decimal("9.90"), NOW - timedelta(days=9), None, None, "Peru", None)
    columns = """line bigint, order_id bigint, customer_id bigint, amount decimal(18,2), order_date timestamp, city string, district string,
        country string, reason string"""
    rows = good_rows(frame_of(spark, [line], columns), *transforms.KEPT_COLUMNS)
    sent = transforms.orders_to_send(rows.crossJoin(spark.range(2).toDF("cycle")), 100, F.lit(NOW))
    made = sent.orderBy("order_id").select(ORDERS.encoded().alias("value")).collect()
    assert [bytes(row.value).decode() for row in made] == [
        f'{{"order_id":{number},"customer_id":2,"amount":9.90,"order_date":"2026-05-21T10:03:00.000Z","city":null,"district":null,"country":"Peru"}}'
        for number in (7, 107)
    ]


# --- the stream


def value(moment: datetime = NOW, **changed: object) -> bytes:
    fields = {"order_id": 1, "customer_id": 2, "amount": 9.5, "order_date": moment.isoformat(), "country": "Peru"}
    return json.dumps(fields | changed).encode()


def record(
    value: bytes | None, timestamp: datetime = NOW, first: datetime | None = None, topic: str = "again"
) -> tuple[object, ...]:
    said = [(FIRST_TIMESTAMP, str(int(first.timestamp() * 1000)).encode())] if first else None
    return (b"1", value, topic, 0, 1, timestamp, said)


def test_every_record_has_one_reason_or_is_good(spark: SparkSession) -> None:
    second, ten, week_old = timedelta(seconds=1), timedelta(minutes=10), NOW - timedelta(days=7)
    cases = {
        "good": (record(value()), None),
        "the same again": (record(value()), None),
        "without city and district": (record(value(city=None, district=None)), None),
        "a refund": (record(value(amount=-5)), None),
        "a field of its own": (record(value(channel="web")), None),
        "just in time": (record(value(NOW - ten)), None),
        "late": (record(value(NOW - ten - second)), "late"),
        "future": (record(value(NOW + ten + second)), "future"),
        "a far future": (record(value(datetime(9999, 12, 31, tzinfo=UTC))), "future"),
        "replayed": (record(value(week_old - ten), first=week_old), None),
        "replayed too late": (record(value(week_old - ten - second), first=week_old - second), "late"),
        "said to be old by a writer of the source": (record(value(week_old - ten), first=week_old, topic="t"), "late"),
        "no value": (record(None), "null-value"),
        "text": (record(b"hello"), "not-json"),
        "a list": (record(b"[]"), "not-an-object"),
        "without a country": (record(value().replace(b"country", b"land")), "missing-country"),
        "an empty country": (record(value(country="")), "bad-country"),
        "a negative id": (record(value(order_id=-1)), "bad-order-id"),
        "too many decimals": (record(value(amount=9.505)), "bad-amount"),
        "late and broken": (record(value(NOW - 2 * ten, amount="9")), "bad-amount"),
    }
    records = frame_of(spark, [case for case, _ in cases.values()], KAFKA)
    found = judge(records, ORDERS, RULES, transforms.TIME, replays="again")
    reasons = dict(zip(cases, (row.reason for row in found.frame.collect()), strict=True))
    assert reasons == {name: reason for name, (_, reason) in cases.items()}
    assert found.bad().count() + found.good().count() == len(cases)
    assert {*found.reasons} >= {reason for reason in reasons.values() if reason}


def test_each_order_counts_in_two_windows_of_its_country_and_duplicates_twice(spark: SparkSession) -> None:
    orders = [
        (Decimal("0.10"), NOW, "Peru"),
        (Decimal("0.20"), NOW, "Peru"),
        (Decimal("0.20"), NOW, "Peru"),
        (Decimal("2.00"), NOW + timedelta(minutes=2), "Japan"),
        (Decimal("9999999999999999.99"), NOW, "Chile"),
        (Decimal("9999999999999999.99"), NOW, "Chile"),
    ]
    frame = frame_of(spark, orders, "amount decimal(18,2), order_date timestamp, country string")
    rows = transforms.windows(frame, Windows(10, 5)).collect()
    assert {
        (row.country, f"{row.window_start:%H:%M}"): (str(row.sales), row.orders, f"{row.window_end:%H:%M}")
        for row in rows
    } == {
        ("Peru", "09:55"): ("0.50", 3, "10:05"),
        ("Peru", "10:00"): ("0.50", 3, "10:10"),
        ("Japan", "10:00"): ("2.00", 1, "10:10"),
        ("Japan", "10:05"): ("2.00", 1, "10:15"),
        ("Chile", "09:55"): ("19999999999999999.98", 2, "10:05"),
        ("Chile", "10:00"): ("19999999999999999.98", 2, "10:10"),
    }


# --- the batch totals


def test_totals_are_exact_and_in_the_order_of_the_countries(spark: SparkSession) -> None:
    amounts = [("Peru", "0.10"), ("Chile", "5.00"), ("Peru", "0.20"), ("Peru", "-1.00"), ("Åland", "99999999.99")]
    frame = frame_of(
        spark, [(country, Decimal(amount)) for country, amount in amounts], "country string, amount decimal(18,2)"
    )
    rows = [(row.country, str(row.sales), row.orders) for row in transforms.totals(frame).collect()]
    assert rows == [("Chile", "5.00", 1), ("Peru", "-0.70", 3), ("Åland", "99999999.99", 1)]


def test_countries_without_an_order_are_gone(spark: SparkSession) -> None:
    known = frame_of(spark, [("Peru",), ("Chile",), ("Åland",)], "key string")
    totals = frame_of(spark, [("Peru",), ("Japan",)], "country string")
    assert sorted(row.key for row in transforms.gone(known, totals).collect()) == ["Chile", "Åland"]


def test_what_the_jobs_write_satisfies_its_own_schemas(spark: SparkSession) -> None:
    orders = frame_of(
        spark, [(Decimal("12.50"), NOW, "Peru")], "amount decimal(18,2), order_date timestamp, country string"
    )
    window, key, totals = (JsonCodec(schema(name)) for name in ("window", "window-key", "totals"))
    windows = transforms.windows(orders, Windows(10, 5))
    made = windows.select(key.encoded().alias("key"), window.encoded().alias("value")).orderBy("key").cache()
    first = made.collect()[0]
    assert bytes(first.key) == b'{"country":"Peru","window_start":"2026-05-21T09:55:00.000Z"}'
    assert bytes(first.value) == (
        b'{"country":"Peru","sales":12.50,"orders":1,"window_start":"2026-05-21T09:55:00.000Z","window_end":"2026-05-21T10:05:00.000Z"}'
    )
    dated = transforms.dated(transforms.totals(orders), 1_000, 2_500)
    total = dated.select(totals.encoded().alias("value"))
    assert bytes(total.collect()[0].value) == (
        b'{"country":"Peru","sales":12.50,"orders":1,"since":"1970-01-01T00:00:01.000Z","as_of":"1970-01-01T00:00:02.500Z"}'
    )
    for frame, column, declared in ((made, "key", key), (made, "value", window), (total, "value", totals)):
        back, checks = declared.decoded(frame, column, "back")
        assert {row.reason for row in judged(back, ["back"], checks).frame.collect()} == {None}
