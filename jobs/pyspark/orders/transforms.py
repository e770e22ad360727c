"""What the orders pipeline does with its data.

Never a session, a clock or an environment: what time it is, and everything else, arrives as an argument.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.sending.numbering import Numbering, renumbered
from millrace.streaming.event_time import Windows, by_window

TIME = "order_date"
"""When an order happened."""

NUMBERING = Numbering("order_id", largest=2**53 - 1)
"""Above that, readers that keep numbers as doubles would take two orders for one."""

KEPT_COLUMNS = ("order_id", "customer_id", "amount", "city", "district", "country")
"""Columns of the orders file that are sent as they are."""


# --- the producer


def orders_to_send(rows: DataFrame, id_shift: int, sent_at: Column) -> DataFrame:
    """Makes orders of good lines, each with its `cycle` (bigint): a repeated line is a new order, and every order happens when it is sent.

    Args:
        rows: `KEPT_COLUMNS` and `cycle`.
        id_shift: by how much ids rise from one cycle to the next.
        sent_at: the time of sending (timestamp).
    """
    new_id = renumbered(NUMBERING, id_shift, "bigint").alias("order_id")
    return rows.select(new_id, *KEPT_COLUMNS[1:], sent_at.alias(TIME))


# --- the stream


def windows(orders: DataFrame, windows: Windows) -> DataFrame:
    """Sums orders up by country and window, exact to the cent. The sum has more digits than any amount, so it never overflows.

    Args:
        orders: `amount` (decimal), `order_date` (timestamp) and `country`.
        windows: length and distance of the windows.

    Returns:
        `country`, `sales` (decimal), `orders` (bigint), `window_start` and `window_end` (timestamp).
    """
    return by_window(orders, "country", TIME, windows, sales=F.sum("amount"), orders=F.count("*"))


# --- the batch totals


def totals(orders: DataFrame) -> DataFrame:
    """Sums orders up by country, exact to the cent.

    Args:
        orders: `amount` (decimal) and `country`.

    Returns:
        `country`, `sales` (decimal) and `orders` (bigint), in one partition and in the order of the countries' names.
    """
    sums = orders.groupBy("country").agg(F.sum("amount").alias("sales"), F.count("*").alias("orders"))
    return sums.coalesce(1).sortWithinPartitions("country")


def dated(totals: DataFrame, since_ms: int | None, as_of_ms: int | None) -> DataFrame:
    """Totals with `since` and `as_of` (timestamp), given in milliseconds since 1970."""
    since, as_of = (F.timestamp_millis(F.lit(moment).cast("bigint")) for moment in (since_ms, as_of_ms))
    return totals.select("*", since.alias("since"), as_of.alias("as_of"))


def gone(known: DataFrame, totals: DataFrame) -> DataFrame:
    """The rows of `known`, by their `key` (string), that are no `country` of the totals."""
    return known.join(totals, known["key"] == totals["country"], "left_anti")
