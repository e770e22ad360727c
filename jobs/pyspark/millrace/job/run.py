"""Runs an entry point's main function: reads its spec, turns every error into one `failed` event, and gives the exit code."""

from __future__ import annotations

import itertools
import re
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path

from py4j.protocol import Py4JError, Py4JJavaError
from pyspark.errors import PySparkException

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.spec import Spec, read_spec

LONGEST_MESSAGE = 1_000

RAISED = re.compile(r"\[USER_RAISED_EXCEPTION\] (.*?)(?: SQLSTATE: \w+)?$", re.MULTILINE)
"""What a job's own expressions refuse, in the middle of all that Spark says of it."""


class StartAgain(Exception):  # noqa: N818  (no error)
    """The job is to begin once more in the same process: what it was built from has changed. The message says why."""


def run(main: Callable[[Spec, Events], None], arguments: Sequence[str] | None = None) -> int:
    """Runs a job, with the arguments of the process unless others are given.

    A mistake of the user's is told in one sentence. An error that nobody foresaw leaves its stack trace on stderr as well, for the log.

    Returns:
        The exit code: 0, or 1 after one `failed` event on stdout.
    """
    events = Events(Path(sys.argv[0]).stem)
    try:
        spec = read_spec(sys.argv[1:] if arguments is None else arguments)
        events = Events(spec.job)
        while _must_start_again(main, spec, events):
            pass
    except JobError as error:
        _fail(events, error.code, error.message)
    except (PySparkException, Py4JError) as error:
        if refused := RAISED.search(str(error)):
            _fail(events, "WRONG_RESULT", refused[1])
            return 1
        traceback.print_exc()
        _fail(events, "SPARK_FAILED", spark_message(error))
    except Exception as error:  # noqa: BLE001  (the last resort: the reader of stdout must learn of every failure)
        traceback.print_exc()
        _fail(events, "UNEXPECTED", f"{type(error).__name__}: {error}")
    else:
        return 0
    return 1


def _must_start_again(main: Callable[[Spec, Events], None], spec: Spec, events: Events) -> bool:
    try:
        main(spec, events)
    except StartAgain as again:
        events.note(str(again))
        return True
    return False


def spark_message(error: BaseException) -> str:
    """The first words of Spark's own message, without the Java stack trace that follows them."""
    if refused := RAISED.search(str(error)):
        return refused[1]
    text = str(error.java_exception.toString()) if isinstance(error, Py4JJavaError) else str(error)
    lines = (line.strip() for line in text.splitlines())
    told = itertools.takewhile(lambda line: not line.startswith(("at ", "JVM stacktrace", "===")), filter(None, lines))
    return " ".join(itertools.islice(told, 3))[:LONGEST_MESSAGE] or type(error).__name__


def _fail(events: Events, code: str, message: str) -> None:
    events.note(message)
    events.failed(code, message)
