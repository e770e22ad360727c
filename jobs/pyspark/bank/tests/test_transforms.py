"""What the sender makes and what the stream and the batch job sum up, on frames of a few rows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from bank import transforms
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import schema_of
from millrace.kafka.dead_letters import HEADERS
from millrace.streaming.event_time import EventTimeRules
from millrace.streaming.source import judge
from millrace.tests.frames import frame_of

SCHEMA = Path(__file__).parents[4] / "pipelines/bank/schemas/transaction.schema.json"
NOON = datetime(2026, 5, 21, 12, tzinfo=UTC)
RECORD = f"key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, headers {HEADERS}"
FLOW = "curr_time timestamp, branch_name string, currency_code string, batch_value decimal(18,2)"


def made(spark: SparkSession, count: int, seed: int = 1) -> list[tuple[object, ...]]:
    numbers = spark.range(count).toDF("position")
    return [tuple(row) for row in transforms.transactions(numbers, seed).orderBy("position").collect()]


def test_the_same_seed_makes_the_same_transactions_and_another_makes_others(spark: SparkSession) -> None:
    first = made(spark, 200)
    assert made(spark, 400)[:200] == first
    assert made(spark, 200, seed=2) != first


def test_transactions_are_of_all_branches_and_currencies_and_within_their_bounds(spark: SparkSession) -> None:
    numbers = spark.range(100_000).toDF("position")
    rows = transforms.transactions(numbers, 1)
    assert rows.schema["amount"].dataType.simpleString() == "decimal(10,2)"
    assert rows.select("branch", "currency").distinct().count() == 16
    low, high, mean = rows.agg(F.min("amount"), F.max("amount"), F.avg("amount")).collect()[0]
    assert (low, high) == (Decimal("-100.00"), Decimal("99.99"))
    assert abs(mean) < 1


def test_what_is_sent_is_read_and_what_is_none_is_told_apart(spark: SparkSession) -> None:
    values = [
        b'{"branch":"Kazan","currency":"EUR","amount":-0.10}',
        b'{"branch":"Kazan","currency":"EUR","amount":1e1}',
        b'{"branch":"Kazan","currency":"eur","amount":1}',
        b'{"branch":"Kazan","currency":"EUR","amount":0.105}',
        b'{"branch":null,"currency":"EUR","amount":1}',
        b'{"currency":"EUR","amount":1}',
        b'{"branch":"Kazan","currency":"EUR","amount":1,"note":""}',
        b"[]",
        None,
    ]
    rows = [(None, value, "bank", 0, offset, NOON, None) for offset, value in enumerate(values)]
    codec = JsonCodec(schema_of(SCHEMA.read_text("utf-8"), "transaction"))
    found = judge(frame_of(spark, rows, RECORD), codec, EventTimeRules(None, 10, 0, None))
    assert [
        (row.reason, row.amount)
        for row in found.frame.select("offset", "reason", "event.amount").orderBy("offset").collect()
    ] == [
        (None, Decimal("-0.10")),
        (None, Decimal("10.00")),
        ("bad-currency", Decimal(1)),
        ("bad-amount", None),
        ("bad-branch", Decimal(1)),
        ("missing-branch", Decimal(1)),
        ("unknown-field", Decimal(1)),
        ("not-an-object", None),
        ("null-value", None),
    ]


def test_intervals_are_of_two_seconds_and_sums_are_exact(spark: SparkSession) -> None:
    def at(seconds: float) -> datetime:
        return NOON + timedelta(seconds=seconds)

    rows = [
        ("Kazan", "EUR", Decimal("0.10"), at(0)),
        ("Kazan", "EUR", Decimal("0.20"), at(1.999)),
        # The same once more is another transaction; a record that came before the others belongs to its own interval.
        ("Kazan", "EUR", Decimal("0.20"), at(1.999)),
        ("Kazan", "EUR", Decimal("-7.00"), at(-0.001)),
        ("Kazan", "EUR", Decimal("1.00"), at(2)),
        ("Kazan", "USD", Decimal("2.00"), at(0)),
        ("Moscow", "EUR", Decimal("3.00"), at(0)),
    ]
    found = transforms.flow(
        frame_of(spark, rows, "branch string, currency string, amount decimal(18,2), appended timestamp")
    )
    assert found.columns == ["curr_time", "branch_name", "currency_code", "batch_value"]
    assert {
        (row.branch_name, row.currency_code, row.curr_time.astimezone(UTC), row.batch_value) for row in found.collect()
    } == {
        ("Kazan", "EUR", at(-2), Decimal("-7.00")),
        ("Kazan", "EUR", at(0), Decimal("0.50")),
        ("Kazan", "EUR", at(2), Decimal("1.00")),
        ("Kazan", "USD", at(0), Decimal("2.00")),
        ("Moscow", "EUR", at(0), Decimal("3.00")),
    }


def test_no_transactions_make_no_sums(spark: SparkSession) -> None:
    rows = frame_of(spark, [], "branch string, currency string, amount decimal(18,2), appended timestamp")
    assert transforms.flow(rows).collect() == []


def test_the_report_has_a_row_for_each_branch_and_currency(spark: SparkSession) -> None:
    later = NOON + timedelta(seconds=2)
    rows = [
        (NOON, "Moscow", "EUR", Decimal("0.10")),
        (later, "Moscow", "EUR", Decimal("-5.00")),
        (NOON, "Kazan", "USD", Decimal("1.00")),
    ]
    found = transforms.by_branch(frame_of(spark, rows, FLOW)).collect()
    assert [tuple(row)[:4] for row in found] == [
        ("Kazan", "USD", Decimal("1.00"), 1),
        ("Moscow", "EUR", Decimal("-4.90"), 2),
    ]
    assert found[1].latest.astimezone(UTC) == later
