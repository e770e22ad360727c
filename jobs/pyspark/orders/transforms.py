"""What the orders pipeline does with its data: frames and plain values in, frames out. Called by the entry points and, on tiny frames, by the tests.

Never a session, a clock or an environment: what time it is, and everything else, arrives as an argument.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.formats import json_records
from millrace.formats.json_schema import JsonSchema
from millrace.formats.reasons import first_reason
from millrace.sending.numbering import Numbering, renumbered
from millrace.streaming.event_time import FUTURE, LATE, event_time_checks
from millrace.streaming.windows import by_window

NUMBERING = Numbering("order_id", largest=2**53 - 1)
"""Above that, readers that keep numbers as doubles would take two orders for one."""

KEPT_COLUMNS = ("order_id", "customer_id", "amount", "city", "district", "country")
"""Columns of the orders file that are sent as they are."""


# --- the producer


def orders_to_send(rows: DataFrame, id_shift: int, sent_at: Column) -> DataFrame:
    """Orders from good lines and the cycle in which each is sent: a repeated line is a new order, and every order happens when it is sent."""
    return rows.select(
        renumbered(NUMBERING, id_shift, "bigint").alias("order_id"),
        "customer_id",
        "amount",
        sent_at.alias("order_date"),
        "city",
        "district",
        "country",
    )


# --- the stream


def dead_letter_reasons(schema: JsonSchema) -> list[str]:
    """Every reason that a record can have."""
    return [*json_records.problems_of(schema), LATE, FUTURE]


def judged(records: DataFrame, schema: JsonSchema, lateness_ms: int, future_ms: int, replay_ms: int) -> DataFrame:
    """Kafka's records with the decoded `order` and their `reason`, from nothing but the record itself, so that a replay decides the same way.

    `first_timestamp` is when the record first reached the topic.
    """
    event, first, own = (F.col(name) for name in ("order.order_date", "first_timestamp", "timestamp"))
    timely = first_reason(event_time_checks(event, first, own, lateness_ms, future_ms, replay_ms))
    decoded = json_records.decoded(records, "value", schema, "order")
    return decoded.withColumn("reason", F.coalesce("problem", timely))


def good_orders(records: DataFrame) -> DataFrame:
    """The orders among judged records, as far as the windows need them."""
    return records.where(F.col("reason").isNull()).select("order.amount", "order.order_date", "order.country")


def bad_records(records: DataFrame) -> DataFrame:
    """The judged records that are no good orders, untouched."""
    return records.where(F.col("reason").isNotNull()).select(
        "key", "value", "topic", "partition", "offset", "headers", "first_timestamp", "reason"
    )


def windows(orders: DataFrame, watermark_delay_ms: int) -> DataFrame:
    """Sales and orders by country and window, exact to the cent. The sum has more digits than any amount, so it never overflows."""
    timed = orders.withWatermark("order_date", f"{watermark_delay_ms} milliseconds")
    return by_window(timed, "country", "order_date", sales=F.sum("amount"), orders=F.count("*"))


# --- the batch totals


def totals(orders: DataFrame) -> DataFrame:
    """Sales and orders by country, exact to the cent, in one partition and in the order of the countries' names."""
    sums = orders.groupBy("country").agg(F.sum("amount").alias("sales"), F.count("*").alias("orders"))
    return sums.coalesce(1).sortWithinPartitions("country")
