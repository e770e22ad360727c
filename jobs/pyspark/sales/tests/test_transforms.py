"""What the sales pipeline does with its data, on tiny frames."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.formats.lines import good_rows, rejects
from sales import transforms

NOW = datetime(2026, 5, 21, 10, 3, tzinfo=UTC)
MINUTE = 60_000
DAY = 24 * 60 * MINUTE
LINE = "line bigint, text string, payment_id int, customer_id int, amount decimal(10,2), payment_date string, city string, district string, country string, reason string"
SALE = "struct<payment_id:int,customer_id:int,amount:decimal(10,2),payment_date:timestamp,city:string,district:string,country:string>"
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
    row = transforms.checked_lines(spark.createDataFrame([line(2, date)], LINE)).collect()[0]
    assert row.reason == (None if good else "bad-payment-date")


def test_the_first_thing_that_is_wrong_is_told(spark: SparkSession) -> None:
    lines = [line(2, reason="bad-amount", date="never"), line(3, payment_id=-1), line(4)]
    checked = transforms.checked_lines(spark.createDataFrame(lines, LINE))
    assert [tuple(row) for row in rejects(checked).collect()] == [
        (2, "bad-amount", "line 2"),
        (3, "bad-payment-id", "line 3"),
    ]


def test_a_repeated_line_is_a_new_payment_at_the_time_of_sending(spark: SparkSession) -> None:
    rows = good_rows(spark.createDataFrame([line(2, payment_id=10)], LINE), *transforms.KEPT_COLUMNS).crossJoin(
        spark.range(3).toDF("cycle")
    )
    sales = transforms.sales_to_send(rows, 100, F.lit(NOW)).orderBy("payment_id").collect()
    assert [sale.payment_id for sale in sales] == [10, 110, 210]
    assert {(sale.payment_date, sale.amount, sale.district) for sale in sales} == {
        (NOW.replace(tzinfo=None), Decimal("9.99"), None)
    }
    assert tuple(sales[0].asDict()) == transforms.SALE_COLUMNS


# --- the enrichment


def record(
    sale: Sequence[object] | None, timestamp: datetime = NOW, first: datetime | None = None
) -> tuple[object, ...]:
    return (b"k", b"v", "t", 0, 1, timestamp, None, first or timestamp, sale)


def sale(
    moment: datetime = NOW, amount: str = "9.99", country: str | None = "Peru", payment_id: int = 1
) -> tuple[object, ...]:
    return (payment_id, 2, Decimal(amount), moment, None, None, country)


def judged(spark: SparkSession, records: Sequence[tuple[object, ...]]) -> DataFrame:
    schema = f"""key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp,
        headers array<struct<key:string,value:binary>>, first_timestamp timestamp, sale {SALE}"""
    frame = spark.createDataFrame(list(records), schema)
    return transforms.judged(frame, [("null-value", F.col("value").isNull())], 10 * MINUTE, 10 * MINUTE, 7 * DAY)


def test_every_record_has_one_reason_or_is_good(spark: SparkSession) -> None:
    second = timedelta(seconds=1)
    ten = timedelta(minutes=10)
    week_old = NOW - timedelta(days=7)
    cases = {
        "good": (record(sale()), None),
        "just in time": (record(sale(NOW - ten)), None),
        "late": (record(sale(NOW - ten - second)), "late"),
        "just believable": (record(sale(NOW + ten)), None),
        "future": (record(sale(NOW + ten + second)), "future"),
        "a far future": (record(sale(datetime(2099, 1, 1, tzinfo=UTC))), "future"),
        "replayed": (record(sale(week_old - ten), first=week_old), None),
        "replayed and late the first time": (record(sale(week_old - ten - second), first=week_old), "late"),
        "replayed too late": (record(sale(week_old - ten - second), first=week_old - second), "late"),
        "not decoded": (record(None), "undecodable"),
        "decoded to nothing": (record((None,) * 7), "undecodable"),
        "without a country": (record(sale(country=None)), "undecodable"),
        "a negative id": (record(sale(payment_id=-1)), "out-of-range"),
        "a refund": (record(sale(amount="-5.00")), None),
    }
    frame = judged(spark, [case for case, _ in cases.values()])
    assert [row.reason for row in frame.collect()] == [reason for _, reason in cases.values()]
    bad = transforms.bad_records(frame)
    assert bad.count() + transforms.good_sales(frame).count() == len(cases)
    assert set(transforms.DEAD_LETTER_REASONS) >= {row.reason for row in bad.collect()}


def summed(spark: SparkSession, sales: Sequence[tuple[object, ...]]) -> dict[tuple[str, str], tuple[str, int, str]]:
    frame = spark.createDataFrame(list(sales), "amount decimal(10,2), payment_date timestamp, country string")
    regions = spark.createDataFrame(
        [("Peru", "Latin America"), ("Chile", "Latin America"), ("Japan", "Asia")], "country string, region string"
    )
    rows = transforms.summaries(frame, regions, DAY).collect()
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


def test_the_last_record_of_a_key_counts_and_deleted_ones_are_gone(spark: SparkSession) -> None:
    summary = "struct<region:string,sales:decimal(18,2),orders:bigint,window_start:timestamp,window_end:timestamp>"
    start, end = NOW.replace(minute=0), NOW.replace(minute=10)

    def total(offset: int, region: str, sales: str | None, start: datetime = start) -> tuple[object, ...]:
        value = None if sales is None else (region, Decimal(sales), 1, start, end)
        return (offset, (region, start), value)

    earlier = start - timedelta(minutes=5)
    records = [
        total(1, "Asia", "1.00"),
        total(7, "Asia", "30.00"),
        total(3, "Asia", "2.00"),
        total(2, "Africa", "5.00", earlier),
        total(4, "Africa", "6.00"),
        total(5, "Europe", "1.00"),
        total(9, "Europe", None),
    ]
    frame = spark.createDataFrame(
        records, f"offset bigint, key struct<region:string,window_start:timestamp>, summary {summary}"
    )
    rows = [tuple(row) for row in transforms.report(transforms.latest_summaries(frame)).collect()]
    assert rows == [
        ("Africa", Decimal("6.00"), 1, "2026-05-21T10:00:00Z", "2026-05-21T10:10:00Z"),
        ("Asia", Decimal("30.00"), 1, "2026-05-21T10:00:00Z", "2026-05-21T10:10:00Z"),
        ("Africa", Decimal("5.00"), 1, "2026-05-21T09:55:00Z", "2026-05-21T10:10:00Z"),
    ]
