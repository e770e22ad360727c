"""Takes when something happened, according to a record, and when the record reached its topic, and says what is wrong with that. Pure column
expressions, used by the streams of every pipeline.

Only what is in the record decides, so that a replay decides the same way. The watermark then only frees state.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

LATE, FUTURE = "late", "future"


def event_time_checks(
    event: Column, first: Column, own: Column, lateness_ms: int, future_ms: int, replay_ms: int
) -> list[tuple[str, Column]]:
    """Code and condition of an event that is too old for its record, or ahead of it.

    `first` is when the record first reached the topic, `own` its own timestamp. A replayed record may be older, but not so much that the
    watermark might have passed it.
    """
    event_ms, first_ms, own_ms = F.unix_millis(event), F.unix_millis(first), F.unix_millis(own)
    return [
        (LATE, (event_ms < first_ms - lateness_ms) | (event_ms < own_ms - lateness_ms - replay_ms)),
        (FUTURE, event_ms > first_ms + future_ms),
    ]
