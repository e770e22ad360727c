"""The jobs' own decisions: their arguments, what is counted, what a person sees."""

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.formats.json_lines import parsed
from millrace.formats.json_schema import schema_of
from millrace.formats.lines import data_lines, numbered_lines
from millrace.job.arguments import Arguments
from millrace.job.events import Events
from orders import produce, sum_by_window, totals, totals_to_console, totals_to_csv, totals_to_topic

ROOT = Path(__file__).parents[4]
ORDER = schema_of((ROOT / "pipelines/orders/schemas/order.schema.json").read_text("utf-8"), "order")
KAFKA = (
    "--kafka-bootstrap-servers localhost:9092 --kafka-security none --orders-topic o --orders-value-schema s3://b/o "
)
GROUP = "--group-id-prefix millrace.orders.x "


@pytest.mark.parametrize(
    ("known", "given"),
    [
        (
            produce.arguments(),
            "--orders-file s3://b/f --orders-file-schema s3://b/fs --rejects-path s3://b/r --rate 4 --rows 3000",
        ),
        (
            sum_by_window.arguments(),
            GROUP
            + "--windows-topic w --windows-key-schema s3://b/k --windows-value-schema s3://b/w --dead-letters-topic d "
            "--orders-retention-ms 604800000 --checkpoint-path s3://b/c --allowed-lateness 10 --trigger-seconds 2",
        ),
        (totals.arguments(totals_to_console.JOB), GROUP),
        (totals_to_csv.arguments(), GROUP + "--results-path s3://b/results/1"),
        (totals_to_topic.arguments(), GROUP + "--totals-topic t --totals-value-schema s3://b/t"),
    ],
)
def test_each_job_takes_its_arguments_and_no_registry(known: Arguments, given: str) -> None:
    words = (KAFKA + given).split()
    values = known.read(words)
    assert (values.orders_topic, values.orders_value_schema) == ("o", "s3://b/o")
    for left_out in range(0, len(words), 2):
        if words[left_out] != "--rows":
            with pytest.raises(JobError, match=words[left_out]):
                known.read([*words[:left_out], *words[left_out + 2 :]])
    with pytest.raises(JobError, match="--registry-url"):
        known.read([*words, "--registry-url", "http://localhost:8080"])


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
    found = totals.summed(spark.createDataFrame([(value,) for value in values], "value binary"), ORDER)
    assert [tuple(row) for row in found.frame.collect()] == [("Peru", Decimal("3.30"), 3)]
    assert found.counts() == {"rows": 1, "read": 7, "unreadable": {"null-value": 1, "not-json": 2, "bad-order-date": 1}}


def test_an_empty_topic_has_no_totals(spark: SparkSession) -> None:
    found = totals.summed(spark.createDataFrame([], "value binary"), ORDER)
    assert (found.frame.collect(), found.counts()) == ([], {"rows": 0, "read": 0, "unreadable": {}})


def test_the_newest_windows_are_shown_first_and_only_some_of_them(
    spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    start = datetime(2026, 5, 21, 10, tzinfo=UTC)
    rows = [(f"Land {number:02d}", Decimal("1.50"), 1, start.replace(minute=number % 2)) for number in range(20)]
    frame = spark.createDataFrame(rows, "country string, sales decimal(28,2), orders bigint, window_start timestamp")
    show = sum_by_window.shown_in(Events("sum-by-window"))
    show(frame)
    show(frame.limit(0))
    told = capsys.readouterr()
    assert told.out == ""
    lines = told.err.splitlines()
    assert lines[:3] == [
        "sum-by-window: 20 windows",
        "window start          country                            sales    orders",
        "2026-05-21T10:01:00Z  Land 01                             1.50         1",
    ]
    assert lines[12].startswith("2026-05-21T10:00:00Z  Land 00")
    assert lines[14:] == ["... and 8 more"]
