"""A line each minute while a stream's driver lives, with how long its query has told nothing: one that hangs prints no line of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from millrace.job.events import Events

EVERY_SECONDS = 60.0


@contextmanager
def heartbeat(events: Events, silent_seconds: Callable[[], float], every: float = EVERY_SECONDS) -> Iterator[None]:
    """Beats from a thread of its own, which asks the JVM nothing, until the block ends.

    Args:
        events: where the lines are written.
        silent_seconds: how long the query has told nothing.
        every: seconds from one line to the next.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(every):
            events.heartbeat(round(silent_seconds()))

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
