"""The error of a job that cannot go on for a reason that its reader can act on."""

from __future__ import annotations


class JobError(Exception):
    """A failure with a stable code; the message says what failed, the value got, the values allowed, and what to do."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
