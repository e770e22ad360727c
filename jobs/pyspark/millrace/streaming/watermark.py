"""Takes a topic's retention and gives the delay of the watermark behind which no record that is still in the topic can ever fall. Plain numbers.

The watermark must only free state; which record is late is decided from the record alone. It follows the newest event time read so far. A
record read later can trail the one read before it by the whole age of the topic, because a backlog is read unevenly: by the retention, plus
the time for which a segment stays open after its first record, plus the time until the broker deletes it. To that come the lateness that is
allowed, how far in the future an event may claim to be, and how old a replayed dead letter may be.
"""

from __future__ import annotations

MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS

SEGMENT_ROLL_MS = 7 * DAY_MS
"""Kafka's default `segment.ms`. MSK Serverless does not let a topic change it
(https://docs.aws.amazon.com/msk/latest/developerguide/serverless-config.html lists what can be changed)."""

DELETION_MS = 10 * MINUTE_MS
"""The broker looks for old segments every five minutes and removes their files a minute later; the rest is room."""

FUTURE_GUARD_MS = 10 * MINUTE_MS
"""An event that claims to be further ahead of the broker's clock than this is not believed."""

REPLAY_MS = 7 * DAY_MS
"""A dead letter that is replayed within this time is counted in its own window."""


def watermark_delay_ms(retention_ms: int, allowed_lateness_ms: int) -> int:
    """How far the watermark stays behind the newest event, in milliseconds."""
    return retention_ms + SEGMENT_ROLL_MS + DELETION_MS + allowed_lateness_ms + FUTURE_GUARD_MS + REPLAY_MS
