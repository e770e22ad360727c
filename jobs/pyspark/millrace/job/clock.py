"""The clock of the machine, which somebody may set."""

from __future__ import annotations

import time

STEP_SECONDS = 0.1
"""A clock that is set back by less is not told: what goes by it, a batch of a stream or the pace of a sender, takes longer from one step to the next."""


def now_ms() -> int:
    """The time of this machine, in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


class Clock:
    """The clock of this machine, watched for being set back."""

    def __init__(self) -> None:
        self._ahead = self._of_monotonic()

    def was_set_back(self) -> float:
        """By how many seconds since this was last asked; 0 where it was not."""
        before, self._ahead = self._ahead, self._of_monotonic()
        return before - self._ahead if before - self._ahead > STEP_SECONDS else 0

    def _of_monotonic(self) -> float:
        return time.time() - time.monotonic()
