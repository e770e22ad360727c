"""A request to end a stream (SIGTERM, SIGINT), which lets it finish its batch before the process dies.

The process that gets the signal is the JVM of spark-submit, which would be gone in half a second without ever telling Python. So a hook of the
JVM's shutdown, run before Spark's own, calls back and waits.
"""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from typing import Any

from pyspark.sql import SparkSession

from millrace.job.jvm import accept_callbacks, java_class

GRACE_SECONDS = 60
ANSWER_SECONDS = 0.3
FIRST_OF_ALL = 100
"""Priority of the hook; Spark's own and those that close file systems have lower ones."""


class Interrupted(Exception):  # noqa: N818  (no error)
    """What was waited for is not wanted any more."""


class StopRequest:
    """Whether the job was asked to end; the one who asked is kept waiting until `finished`."""

    def __init__(self) -> None:
        self.requested = threading.Event()
        self._finished = threading.Event()
        self._remove_hook: Callable[[], object] = lambda: None
        self._handlers: dict[int, Any] = {}

    def install(self, spark: SparkSession) -> None:
        """From here on the process does not die of SIGTERM or SIGINT before `finished`, or before the grace is over."""
        accept_callbacks(spark)
        hook = java_class(spark, "java.lang.Thread")(_Hook(self))
        manager = java_class(spark, "org.apache.hadoop.util.ShutdownHookManager").get()
        seconds = java_class(spark, "java.util.concurrent.TimeUnit").SECONDS
        manager.addShutdownHook(hook, FIRST_OF_ALL, GRACE_SECONDS, seconds)
        self._remove_hook = lambda: manager.removeShutdownHook(hook)
        for number in (signal.SIGTERM, signal.SIGINT):
            self._handlers[number] = signal.signal(number, lambda *_: self.requested.set())

    def finished(self) -> None:
        """The last batch is committed: whoever waits may go on.

        Without a request the hook goes, or it would call a Python that has ended; with one, its answer needs a moment to arrive. A signal that
        comes later, such as between two starts in this process, is none for this request.
        """
        self._finished.set()
        for number, handler in self._handlers.items():
            signal.signal(number, handler)
        if self.requested.is_set():
            time.sleep(ANSWER_SECONDS)
        else:
            self._remove_hook()

    def run(self) -> None:
        """What the JVM calls when it shuts down."""
        if not self._finished.is_set():
            self.requested.set()
            self._finished.wait(GRACE_SECONDS)


class _Hook:
    """A `java.lang.Runnable` in Python."""

    def __init__(self, request: StopRequest) -> None:
        self._request = request

    def run(self) -> None:
        self._request.run()

    class Java:
        implements = ("java.lang.Runnable",)
