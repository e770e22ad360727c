"""What happens in a job, on stdout: one JSON object a line, for the metric filters on AWS and the display of a local run.

Nothing else may be written to stdout; what a person reads goes to stderr.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import TextIO


class Events:
    """Writes the lines of one job; safe to call from the threads that Spark calls back on."""

    def __init__(self, job: str, out: TextIO | None = None) -> None:
        self.job = job
        self._out = out or sys.stdout
        self._lock = threading.Lock()
        self._has_started = False

    def started(self) -> None:
        """The job is at work: from here on it moves rows. Told once."""
        if not self._has_started:
            self._write("started", {})
        self._has_started = True

    def progress(self, **fields: object) -> None:
        """One micro-batch or one step is done."""
        self._write("progress", fields)

    def dead_letters(self, reason: str, rows: int) -> None:
        """A micro-batch set so many records aside for a reason."""
        self._write("dead-letters", {"reason": reason, "rows": rows})

    def heartbeat(self, silence: int) -> None:
        """A stream's driver lives; for so many seconds its query has told nothing."""
        self._write("heartbeat", {"silence": silence})

    def result(self, **fields: object) -> None:
        """The job has done what it was asked for."""
        self._write("result", fields)

    def failed(self, code: str, message: str) -> None:
        """The job ends without having done it."""
        self._write("failed", {"code": code, "message": message})

    def note(self, text: str) -> None:
        """A sentence for the person who reads the log."""
        sys.stderr.write(f"{self.job}: {text}\n")

    def _write(self, event: str, fields: dict[str, object]) -> None:
        line = json.dumps({"event": event, "job": self.job, **fields}, ensure_ascii=False)
        with self._lock:
            self._out.write(line + "\n")
            self._out.flush()
