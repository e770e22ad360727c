"""The delay behind which nothing can fall that is still in the topic."""

from millrace.streaming.watermark import (
    DAY_MS,
    FUTURE_GUARD_MS,
    MINUTE_MS,
    REPLAY_MS,
    SEGMENT_ROLL_MS,
    watermark_delay_ms,
)


def test_the_delay_of_a_week_of_retention() -> None:
    assert watermark_delay_ms(7 * DAY_MS, 10 * MINUTE_MS) == 21 * DAY_MS + 30 * MINUTE_MS


def test_the_worst_record_stays_ahead_of_the_watermark() -> None:
    """The oldest record that the topic can still hold, as late as allowed, read after the newest one, which claims to be as far ahead as allowed."""
    retention_ms, lateness_ms = 3 * DAY_MS, 25 * MINUTE_MS
    newest = 100 * DAY_MS
    watermark = newest + FUTURE_GUARD_MS - watermark_delay_ms(retention_ms, lateness_ms)
    oldest = newest - retention_ms - SEGMENT_ROLL_MS - 6 * MINUTE_MS
    assert oldest - lateness_ms - REPLAY_MS > watermark
