"""The jobs' own decisions: what is counted, what a person sees."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from millrace.formats.codecs import TextCodec
from millrace.formats.json_lines import parsed
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import schema_of
from millrace.formats.lines import data_lines, numbered_lines
from millrace.kafka.dead_letters import HEADERS
from millrace.kinds import topic
from millrace.streaming.progress import Shown
from millrace.tests.frames import frame_of
from orders import sum_by_window, totals

ROOT = Path(__file__).parents[4]
ORDER = schema_of((ROOT / "pipelines/orders/schemas/order.schema.json").read_text("utf-8"), "order")
RECORD = f"partition int, offset bigint, key binary, value binary, timestamp timestamp, headers {HEADERS}"


def summed(spark: SparkSession, values: Sequence[bytes | None]) -> totals.Totals:
    at = datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    records = frame_of(
        spark,
        [(0, offset, None, value, at + timedelta(seconds=offset), None) for offset, value in enumerate(values)],
        RECORD,
    )
    return totals.summed(topic.decoded(records, TextCodec(), JsonCodec(ORDER), deletions=False))


def test_every_line_of_the_sample_is_an_order(spark: SparkSession) -> None:
    sample = ROOT / "sample_data" / "orders" / "orders.jsonl"
    rows = parsed(data_lines(numbered_lines(spark, sample.as_uri()), 0), ORDER)
    assert [row.asDict() for row in rows.groupBy("reason").count().collect()] == [{"reason": None, "count": 2000}]


def test_all_that_satisfies_the_schema_is_summed_and_the_rest_counted_by_reason(spark: SparkSession) -> None:
    good = b'{"order_id":%d,"customer_id":1,"amount":1.10,"order_date":"%s","country":"Peru"}'
    values: Sequence[bytes | None] = [
        good % (1, b"2026-05-21T10:00:00Z"),
        good % (2, b"1999-01-01T00:00:00Z"),
        good % (2, b"2999-01-01T00:00:00Z"),
        good % (3, b"yesterday"),
        b"hello",
        b"hello",
        None,
    ]
    found = summed(spark, values)
    assert [tuple(row) for row in found.frame.collect()] == [("Peru", Decimal("3.30"), 3)]
    assert (found.since_ms, found.as_of_ms) == (1_000, 7_000)
    assert found.counts() == {"rows": 1, "read": 7, "unreadable": {"null-value": 1, "not-json": 2, "bad-order-date": 1}}


def test_an_empty_topic_has_no_totals(spark: SparkSession) -> None:
    found = summed(spark, [])
    assert (found.frame.collect(), found.counts()) == ([], {"rows": 0, "read": 0, "unreadable": {}})


def test_the_newest_windows_are_shown_first_and_only_some_of_them(spark: SparkSession) -> None:
    start = datetime(2026, 5, 21, 10, tzinfo=UTC)
    rows = [
        (f"Land {number:03d}", Decimal("1.50"), 1, start.replace(minute=10 * (number % 2), hour=hour))
        for number in range(200)
        for hour in (8, 9)
    ]
    columns = "country string, sales decimal(28,2), orders bigint, window_start timestamp"
    told = shown_of(frame_of(spark, rows, columns)).splitlines()
    assert told[:2] == ["400 rows", "window start          country                            sales    orders"]
    assert told[2].startswith("2026-05-21T09:10:00Z  Land ")
    assert told[2].endswith("1.50         1")
    shown = [line[22:30] for line in told[2:-1]]
    assert shown == sorted(set(shown))
    assert told[-1] == "... and 388 more"


def test_of_few_windows_only_the_newest_of_a_country_is_shown(spark: SparkSession) -> None:
    rows = [("Peru", Decimal("1.50"), 1, datetime(2026, 5, 21, hour, tzinfo=UTC)) for hour in (8, 9)]
    told = shown_of(frame_of(spark, rows, "country string, sales decimal(28,2), orders bigint, window_start timestamp"))
    assert [line[:26] for line in told.splitlines()[2:]] == ["2026-05-21T09:00:00Z  Peru", "... and 1 more"]


def shown_of(rows: DataFrame) -> str:
    shown = Shown(sum_by_window.TABLE, newest="window_start", key="country")
    return shown.text(rows.selectExpr("count(*) AS rows").crossJoin(rows.select(*shown.chosen())).collect()[0])
