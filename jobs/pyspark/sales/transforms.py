"""What the sales pipeline does with its data.

Never a session, a clock or an environment: what time it is, and everything else, arrives as an argument.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.formats.checks import Check, first_reason, reason_code
from millrace.sending.numbering import Numbering, renumbered
from millrace.streaming.event_time import Windows, by_window

IDS = ("payment_id", "customer_id")
TIME = "payment_date"
"""When a sale happened."""

KEPT_COLUMNS = ("payment_id", "customer_id", "amount", "city", "district", "country")
"""Columns of the sales file that are sent as they are."""

NUMBERING = Numbering("payment_id", largest=2**31 - 1)
UNASSIGNED = "Unassigned"

DATE_PATTERN = r"^\d{4}-\d{2}-\d{2}[ T]\d{2}:\d{2}:\d{2}(\.\d{1,6})? ?(Z|[+-]\d{2}(:?\d{2})?)\z"


# --- the producer


def checked_lines(lines: DataFrame) -> DataFrame:
    """Lines of the sales file, judged by what its schema cannot say: ids that are not negative, dates that exist; same columns."""
    negative = [(reason_code("bad", name), F.col(name) < 0) for name in IDS]
    wrong = first_reason([*negative, (reason_code("bad", "payment_date"), _date(F.col("payment_date")).isNull())])
    return lines.withColumn("reason", F.coalesce("reason", wrong))


def sales_to_send(rows: DataFrame, id_shift: int, sent_at: Column) -> DataFrame:
    """Makes sales of good lines, each with its `cycle` (bigint): a repeated line is a new payment, and every sale happens when it is sent.

    Args:
        rows: `KEPT_COLUMNS` and `cycle`.
        id_shift: by how much ids rise from one cycle to the next.
        sent_at: the time of sending (timestamp).
    """
    new_id = renumbered(NUMBERING, id_shift, "int").alias("payment_id")
    return rows.select(new_id, *KEPT_COLUMNS[1:], sent_at.alias(TIME))


def _date(text: Column) -> Column:
    """The moment that a text says, whether its offset is written +00, +00:00 or after a blank; null when it says none."""
    without_blank = F.regexp_replace(text, r" (?=[+-]|Z)", "")
    with_minutes = F.regexp_replace(without_blank, r"([+-]\d{2})\z", "$1:00")
    return F.when(text.rlike(DATE_PATTERN), with_minutes.try_cast("timestamp"))


# --- the enrichment


def checks() -> list[Check]:
    """What the schema of a sale cannot say: ids are not negative."""
    return [("out-of-range", (F.col("event.payment_id") < 0) | (F.col("event.customer_id") < 0))]


def summaries(sales: DataFrame, regions: DataFrame, windows: Windows) -> DataFrame:
    """Sums sales up by region and window, exact to the cent.

    Args:
        sales: `amount` (decimal), `payment_date` (timestamp) and `country`.
        regions: `country` and its `region`; countries without one are summed as `Unassigned`.
        windows: length and distance of the windows.

    Returns:
        `region`, `sales` (decimal), `orders` (bigint), `window_start` and `window_end` (timestamp).
    """
    region = F.coalesce("region", F.lit(UNASSIGNED)).alias("region")
    with_region = sales.join(F.broadcast(regions), "country", "left").select(region, "amount", TIME)
    total = F.sum("amount").cast("decimal(18,2)")
    return by_window(with_region, "region", TIME, windows, sales=total, orders=F.count("*"))


# --- the batch read


def chosen(rows: DataFrame, region: str | None, since: datetime | None) -> DataFrame:
    """The rows that are asked for: of this region, of windows that end after this time; None asks for nothing."""
    if region is not None:
        rows = rows.where(F.col("region") == region)
    if since is not None:
        rows = rows.where(F.col("window_end") > F.lit(since.astimezone(UTC)))
    return rows


def report(summary_rows: DataFrame) -> DataFrame:
    """Summaries in one partition, newest window first, then by region; times as ISO 8601 in UTC (string)."""
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
