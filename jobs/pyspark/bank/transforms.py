"""What the bank pipeline does with transactions.

Never a session, a clock or an environment: what time it is, and everything else, arrives as an argument.
"""

from __future__ import annotations

from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

TIME = "appended"
"""When a transaction came to its topic, by the broker's clock."""

INTERVAL = "2 seconds"

BRANCHES = ("Moscow", "Saint Petersburg", "Kazan", "Novosibirsk")
CURRENCIES = ("RUB", "USD", "EUR", "GBP")
LOWEST_CENTS, CENTS = -10_000, 20_000
"""Amounts are from -100.00 to 99.99."""


# --- the sender


def transactions(numbers: DataFrame, seed: int) -> DataFrame:
    """Makes transactions, each from the seed and its own number, so that the same seed makes the same.

    Args:
        numbers: `position` (bigint).
        seed: whose transactions.

    Returns:
        `position`, `branch`, `currency` and `amount` (decimal).
    """
    cents = _draw(seed, "amount", CENTS) + LOWEST_CENTS
    return numbers.select(
        "position",
        _one_of(BRANCHES, _draw(seed, "branch", len(BRANCHES))).alias("branch"),
        _one_of(CURRENCIES, _draw(seed, "currency", len(CURRENCIES))).alias("currency"),
        (cents.cast("decimal(10,0)") * F.lit(Decimal("0.01"))).cast("decimal(10,2)").alias("amount"),
    )


def _draw(seed: int, what: str, below: int) -> Column:
    """A whole number from 0, of its own for each thing that is decided."""
    return F.pmod(F.xxhash64(F.lit(seed), F.lit(what), "position"), F.lit(below).cast("bigint"))


def _one_of(names: tuple[str, ...], number: Column) -> Column:
    return F.element_at(F.array(*[F.lit(name) for name in names]), (number + 1).cast("int"))


# --- the stream


def flow(transactions: DataFrame) -> DataFrame:
    """Sums transactions up by branch, currency and interval, exact to the cent.

    Args:
        transactions: `branch`, `currency`, `amount` (decimal) and `appended` (timestamp).

    Returns:
        `curr_time` (timestamp): the start of the interval, `branch_name`, `currency_code` and `batch_value` (decimal).
    """
    start = F.window(TIME, INTERVAL)["start"].alias("curr_time")
    key = start, F.col("branch").alias("branch_name"), F.col("currency").alias("currency_code")
    return transactions.groupBy(*key).agg(F.sum("amount").alias("batch_value"))


# --- the batch


def by_branch(flow: DataFrame) -> DataFrame:
    """Sums the table up by branch and currency.

    Args:
        flow: its columns.

    Returns:
        `branch_name`, `currency_code`, `batch_value` (decimal), `intervals` (bigint) and `latest` (timestamp), in one partition and in this order.
    """
    sums = flow.groupBy("branch_name", "currency_code").agg(
        F.sum("batch_value").alias("batch_value"), F.count("*").alias("intervals"), F.max("curr_time").alias("latest")
    )
    return sums.coalesce(1).sortWithinPartitions("branch_name", "currency_code")
