"""What the sales pipeline does with its data: frames and plain values in, frames out. Called by the entry points and, on tiny frames, by the tests.

Never a session, a clock or an environment: what time it is, and everything else, arrives as an argument.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.formats.reasons import first_reason, reason_code
from millrace.sending.numbering import Numbering, renumbered
from millrace.streaming.event_time import event_time_checks
from millrace.streaming.windows import by_window

SALE_COLUMNS = ("payment_id", "customer_id", "amount", "payment_date", "city", "district", "country")
REQUIRED_COLUMNS = ("payment_id", "customer_id", "amount", "payment_date", "country")
SUMMARY_COLUMNS = ("region", "sales", "orders", "window_start", "window_end")
IDS = ("payment_id", "customer_id")

KEPT_COLUMNS = tuple(name for name in SALE_COLUMNS if name != "payment_date")
"""Columns of the sales file that are sent as they are."""

NUMBERING = Numbering("payment_id", largest=2**31 - 1)
UNASSIGNED = "Unassigned"

DATE_PATTERN = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d{1,6})? ?(Z|[+-]\d{2}(:?\d{2})?)$"
DEAD_LETTER_REASONS = ("null-value", "not-framed", "unknown-schema-id", "undecodable", "out-of-range", "late", "future")


# --- the producer


def checked_lines(lines: DataFrame) -> DataFrame:
    """Lines of the sales file, judged by what its schema cannot say: ids that are not negative, dates that exist."""
    negative = [(reason_code("bad", name), F.col(name) < 0) for name in IDS]
    wrong = first_reason([*negative, (reason_code("bad", "payment_date"), _date(F.col("payment_date")).isNull())])
    return lines.withColumn("reason", F.coalesce("reason", wrong))


def sales_to_send(rows: DataFrame, id_shift: int, sent_at: Column) -> DataFrame:
    """Sales from good lines and the cycle in which each is sent: a repeated line is a new payment, and every sale happens when it is sent."""
    return rows.select(
        renumbered(NUMBERING, id_shift, "int").alias("payment_id"),
        "customer_id",
        "amount",
        sent_at.alias("payment_date"),
        "city",
        "district",
        "country",
    )


def _date(text: Column) -> Column:
    """The moment that a text says, whether its offset is written +00, +00:00 or after a blank; null when it says none."""
    without_blank = F.regexp_replace(text, r" (?=[+-]|Z)", "")
    with_minutes = F.regexp_replace(without_blank, r"([+-]\d{2})$", "$1:00")
    return F.when(text.rlike(DATE_PATTERN), with_minutes.try_cast("timestamp"))


# --- the enrichment


def judged(
    records: DataFrame, framing_checks: Sequence[tuple[str, Column]], lateness_ms: int, future_ms: int, replay_ms: int
) -> DataFrame:
    """Records with their `reason`, from nothing but the record itself, so that a replay decides the same way.

    `sale` is the decoded value; `first_timestamp` is when the record first reached the topic. A replayed record may be older, but not so much
    that the watermark might have passed it.
    """
    event, first, own = (F.col(name) for name in ("sale.payment_date", "first_timestamp", "timestamp"))
    missing = F.col(f"sale.{REQUIRED_COLUMNS[0]}").isNull()
    for name in REQUIRED_COLUMNS[1:]:
        missing = missing | F.col(f"sale.{name}").isNull()
    negative = (F.col("sale.payment_id") < 0) | (F.col("sale.customer_id") < 0)
    checks = [
        *framing_checks,
        ("undecodable", missing),
        ("out-of-range", negative),
        *event_time_checks(event, first, own, lateness_ms, future_ms, replay_ms),
    ]
    return records.withColumn("reason", first_reason(checks))


def good_sales(records: DataFrame) -> DataFrame:
    """The sales among judged records, as far as the summaries need them."""
    return records.where(F.col("reason").isNull()).select("sale.amount", "sale.payment_date", "sale.country")


def bad_records(records: DataFrame) -> DataFrame:
    """The judged records that are no good sales, untouched."""
    return records.where(F.col("reason").isNotNull()).select(
        "key", "value", "topic", "partition", "offset", "headers", "first_timestamp", "reason"
    )


def summaries(sales: DataFrame, regions: DataFrame, watermark_delay_ms: int) -> DataFrame:
    """Sales and orders by region and window, exact to the cent; countries without a region are summed as `Unassigned`."""
    with_region = (
        sales.withWatermark("payment_date", f"{watermark_delay_ms} milliseconds")
        .join(F.broadcast(regions), "country", "left")
        .select(F.coalesce("region", F.lit(UNASSIGNED)).alias("region"), "amount", "payment_date")
    )
    total = F.sum("amount").cast("decimal(18,2)")
    return by_window(with_region, "region", "payment_date", sales=total, orders=F.count("*"))


# --- the batch read


def latest_summaries(records: DataFrame) -> DataFrame:
    """The last summary of each region and window. Equal keys lie in one partition, so the offset tells which record came last; a last record
    without a value says that there is none.
    """
    return (
        records.groupBy("key.region", "key.window_start")
        .agg(F.max_by("summary", "offset").alias("summary"))
        .where(F.col("summary.region").isNotNull())
        .select(*[f"summary.{name}" for name in SUMMARY_COLUMNS])
    )


def report(summary_rows: DataFrame) -> DataFrame:
    """In one partition, newest window first, then by region; times as ISO 8601 in UTC."""
    iso = "yyyy-MM-dd'T'HH:mm:ssXXX"
    return (
        summary_rows.coalesce(1)
        .sortWithinPartitions(F.desc("window_start"), "region")
        .select(
            "region",
            "sales",
            "orders",
            F.date_format("window_start", iso).alias("window_start"),
            F.date_format("window_end", iso).alias("window_end"),
        )
    )
