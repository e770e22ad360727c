"""Runs an entry point's main function: reads its spec, turns every error into one `failed` event, and gives the exit code."""

from __future__ import annotations

import itertools
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
        main(spec, events)
    except JobError as error:
        _fail(events, error.code, error.message)
    except (PySparkException, Py4JError) as error:
        traceback.print_exc()
        _fail(events, "SPARK_FAILED", spark_message(error))
    except Exception as error:  # noqa: BLE001  (the last resort: the reader of stdout must learn of every failure)
        traceback.print_exc()
        _fail(events, "UNEXPECTED", f"{type(error).__name__}: {error}")
    else:
        return 0
    return 1


def spark_message(error: BaseException) -> str:
    """The first words of Spark's own message, without the Java stack trace that follows them."""
    text = str(error.java_exception.toString()) if isinstance(error, Py4JJavaError) else str(error)
    lines = (line.strip() for line in text.splitlines())
    told = itertools.takewhile(lambda line: not line.startswith(("at ", "JVM stacktrace", "===")), filter(None, lines))
    return " ".join(itertools.islice(told, 3))[:LONGEST_MESSAGE] or type(error).__name__


def _fail(events: Events, code: str, message: str) -> None:
    events.note(message)
    events.failed(code, message)
