"""What the meters pipeline does with readings.

Never a session, a clock or an environment: what time it is, and everything else, arrives as an argument.
"""

from __future__ import annotations

from decimal import Decimal

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

METERS = 20_000
SITES = ("Antwerp", "Bergen", "Gdansk", "Lyon", "Porto", "Turin")
OF_A_THOUSAND_CRITICAL, OF_A_THOUSAND_WARNING = 10, 40
"""How many of a thousand readings are so."""

CRITICAL = "critical"


# --- the sender


def readings(numbers: DataFrame, seed: int) -> DataFrame:
    """Makes readings, each from the seed and its own number, so that the same seed makes the same. Meters are read in turn.

    Args:
        numbers: `position` (bigint).
        seed: whose readings.

    Returns:
        `position`, `id`, `site`, `kwh` (decimal) and `status`.
    """
    meter = F.pmod("position", F.lit(METERS))
    # Nobody's meter goes back: each round adds less than a kilowatt-hour to what all rounds before have added at most.
    rounds = F.floor(F.col("position") / METERS)
    watt_hours = rounds * 1_000 + _draw(seed, "use", 1_000)
    chance = _draw(seed, "status", 1_000)
    status = (
        F.when(chance < OF_A_THOUSAND_CRITICAL, CRITICAL)
        .when(chance < OF_A_THOUSAND_CRITICAL + OF_A_THOUSAND_WARNING, "warning")
        .otherwise("ok")
    )
    return numbers.select(
        "position",
        F.format_string("m-%05d", meter).alias("id"),
        F.element_at(
            F.array(*[F.lit(name) for name in SITES]), (F.pmod(meter, F.lit(len(SITES))) + 1).cast("int")
        ).alias("site"),
        (watt_hours.cast("decimal(12,0)") * F.lit(Decimal("0.001"))).cast("decimal(12,3)").alias("kwh"),
        status.alias("status"),
    )


def _draw(seed: int, what: str, below: int) -> Column:
    """A whole number from 0, of its own for each thing that is decided."""
    return F.pmod(F.xxhash64(F.lit(seed), F.lit(what), "position"), F.lit(below).cast("bigint"))


# --- the reports

LATEST = "id string, site string, read_at timestamp, kwh decimal(12,3), status string"
"""The items, as far as reports need them."""


def by_site(latest: DataFrame) -> DataFrame:
    """How the meters of each site are now.

    Args:
        latest: `id`, `site`, `read_at` (timestamp), `kwh` (decimal) and `status`.

    Returns:
        `site`, `meters` (bigint), `kwh` (decimal), `warning` and `critical` (bigint) and `newest` (timestamp), in one partition and in this order.
    """
    sites = latest.groupBy("site").agg(
        F.count("*").alias("meters"),
        F.sum("kwh").alias("kwh"),
        F.count_if(F.col("status") == "warning").alias("warning"),
        F.count_if(F.col("status") == CRITICAL).alias(CRITICAL),
        F.max("read_at").alias("newest"),
    )
    return sites.coalesce(1).sortWithinPartitions("site")


def site_report(latest: DataFrame, day: Column) -> DataFrame:
    """Rows of the table of reports.

    Args:
        latest: as for `by_site`.
        day: of the report (date).

    Returns:
        `day`, and the columns of `by_site` in the types of the table.
    """
    counts = [F.col(name).cast("int").alias(name) for name in ("meters", "warning", CRITICAL)]
    kwh = F.col("kwh").cast("decimal(18,3)").alias("kwh")
    return by_site(latest).select(day.alias("day"), "site", kwh, *counts, "newest")
