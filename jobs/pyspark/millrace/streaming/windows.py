"""Totals by sliding windows of event time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.job.document import at_least


@dataclass(frozen=True)
class Windows:
    """How long windows are, and how far the start of one is from the next, in minutes."""

    minutes: Annotated[int, at_least(1)]
    every: Annotated[int, at_least(1)]


def by_window(rows: DataFrame, column: str, time: str, windows: Windows, **totals: Column) -> DataFrame:
    """Sums rows up by a column and by window of their `time` (timestamp); a row counts in every window that it lies in.

    Returns:
        `column`, the totals by their names, `window_start` and `window_end` (timestamp): a row for each window that has rows.
    """
    length, distance = f"{windows.minutes} minutes", f"{windows.every} minutes"
    return (
        rows.groupBy(column, F.window(time, length, distance).alias("window"))
        .agg(*[total.alias(name) for name, total in totals.items()])
        .select(column, *totals, F.col("window.start").alias("window_start"), F.col("window.end").alias("window_end"))
    )
