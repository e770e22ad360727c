"""Takes rows with a time and gives totals by a column and by sliding window. A pure frame function, used by the streams of every pipeline."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

WINDOW = "10 minutes"
SLIDE = "5 minutes"


def by_window(rows: DataFrame, column: str, time: str, **totals: Column) -> DataFrame:
    """The totals of each value of the column in each window that has rows of it; a row counts in every window that it lies in."""
    return (
        rows.groupBy(column, F.window(time, WINDOW, SLIDE).alias("window"))
        .agg(*[total.alias(name) for name, total in totals.items()])
        .select(
            column,
            *totals,
            F.col("window.start").alias("window_start"),
            F.col("window.end").alias("window_end"),
        )
    )
