"""Event time: which events are too old for their records, or ahead of them, and totals by sliding windows of it.

Only what is in the record decides, so that a replay decides the same way. The watermark then only frees state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.formats.checks import Check
from millrace.job.document import at_least

MINUTE_MS = 60_000
LATE, FUTURE = "late", "future"

Count = Annotated[int, at_least(0)]


@dataclass(frozen=True)
class EventTimeRules:
    """The rules of one input; how they follow from its declaration is said in `lib/declaration/event-time.ts`."""

    lateness_minutes: Count | None
    """How much older than its record an event may be; None: never late."""
    future_minutes: Count
    """How far ahead of its record an event may be."""
    replay_minutes: Count
    """How old a replayed record may be."""
    watermark_delay_ms: Count | None
    """How far the watermark stays behind the newest event; None: there is none."""


def event_time_checks(event: Column, first: Column, own: Column, rules: EventTimeRules) -> list[Check]:
    """Checks when something happened against when its record reached the topic.

    Args:
        event: when it happened, according to the record (timestamp).
        first: when the record first reached the topic (timestamp).
        own: the record's own timestamp. That of a replayed record may be later, but not so much that the watermark might have passed it.
        rules: what is allowed.
    """
    event_ms, first_ms, own_ms = F.unix_millis(event), F.unix_millis(first), F.unix_millis(own)
    checks: list[Check] = [(FUTURE, event_ms > first_ms + rules.future_minutes * MINUTE_MS)]
    if rules.lateness_minutes is None:
        return checks
    lateness_ms, replay_ms = rules.lateness_minutes * MINUTE_MS, rules.replay_minutes * MINUTE_MS
    return [(LATE, (event_ms < first_ms - lateness_ms) | (event_ms < own_ms - lateness_ms - replay_ms)), *checks]


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
