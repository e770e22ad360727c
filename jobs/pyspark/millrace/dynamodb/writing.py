"""Writes items: each by a request of its own, whose condition holds for an item alone, many at once, and again and again where DynamoDB asks for patience."""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from millrace.dynamodb.client import AWAY, Answer, Client
from millrace.dynamodb.rows import Shape
from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.stop import Interrupted

REQUESTS_AT_ONCE = 16
"""At a few milliseconds for each, these are more than one process of Python can send."""

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.05, 5.0
LOOK_SECONDS = 0.1

NOT_NOW = frozenset(
    {
        "ExpiredTokenException",
        "InternalServerError",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "ServiceUnavailable",
        "ThrottlingException",
        "TransactionConflictException",
    }
)
"""Errors that pass by themselves."""


@dataclass
class Put:
    """What became of items."""

    written: int = 0
    superseded: int = 0
    """Those that were there already, or in a later state."""
    refused: list[tuple[str, str]] = field(default_factory=list)
    """Those that are no items: reason, and what was asked for."""

    @property
    def reasons(self) -> Counter[str]:
        """How many were refused, by reason."""
        return Counter(reason for reason, _ in self.refused)


class Writer:
    """Writes the items of one table."""

    def __init__(self, shape: Shape, client: Client, events: Events) -> None:
        self._shape, self._client, self._events = shape, client, events
        self._is_waiting = False
        self._pool = ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix="items")

    def put(
        self, requests: Iterable[str], is_over: Callable[[], bool] = lambda: False, seconds: float | None = None
    ) -> Put:
        """Sends all requests; each has been answered for good when this returns.

        Args:
            requests: bodies of PutItem, as `millrace.dynamodb.rows.puts` makes them.
            is_over: whether it is not wanted any more.
            seconds: after which one request is not tried again; None: never.

        Raises:
            JobError: ITEMS_REFUSED when the role may not write, ITEMS_AWAY after the time given, ITEMS_FAILED when DynamoDB says anything else.
            Interrupted: when it is not wanted any more.
        """
        done, lock, given = Put(), threading.Lock(), iter(requests)
        over = threading.Event()

        def next_request() -> str | None:
            with lock:
                return next(given, None)

        def work() -> None:
            while not over.is_set() and (request := next_request()) is not None:
                try:
                    answer = self._persistently(request, lambda: over.is_set() or is_over(), seconds)
                    with lock:
                        self._note(done, answer, request)
                except BaseException:
                    over.set()
                    raise

        errors = [
            error for one in [self._pool.submit(work) for _ in range(REQUESTS_AT_ONCE)] if (error := one.exception())
        ]
        for error in sorted(errors, key=lambda one: isinstance(one, Interrupted)):
            raise error
        return done

    def _note(self, done: Put, answer: Answer, request: str) -> None:
        match answer.error:
            case "":
                done.written += 1
            case "ConditionalCheckFailedException":
                done.superseded += 1
            case "ValidationException":
                done.refused.append((self._reason(request), request))
            case _:
                raise failed(self._shape, answer)

    def _persistently(self, request: str, is_over: Callable[[], bool], seconds: float | None) -> Answer:
        """Asks until there is an answer that stays."""
        began, body = time.monotonic(), request.encode()
        for wait in waits():
            try:
                answer = self._client.ask("PutItem", body)
                if answer.error not in NOT_NOW and answer.status < 500:
                    self._tell(None)
                    return answer
                why = answer.error
            except AWAY as error:
                why = str(error) or type(error).__name__
            self._tell(why)
            if seconds is not None and time.monotonic() - began > seconds:
                raise JobError(
                    "ITEMS_AWAY", f"Items {self._shape.name} could not be written for {seconds:.0f} s: {why}."
                )
            _pause(wait, is_over)
        raise AssertionError("unreachable")

    def _tell(self, why: str | None) -> None:
        """Says once that it waits, and once that it goes on."""
        if (why is not None) == self._is_waiting:
            return
        self._is_waiting = why is not None
        waits = f"cannot be written now: {why}. It is tried again until they can."
        self._events.note(f"items {self._shape.name} {waits if why else 'can be written again'}")

    def _reason(self, request: str) -> str:
        item = json.loads(request)["Item"]
        missing = [name for name in (*self._shape.key, self._shape.version) if name not in item]
        return f"missing-{missing[0].replace('_', '-').lower()}" if missing else "refused-item"


def failed(shape: Shape, answer: Answer) -> JobError:
    """The error of a job that got an answer with which it cannot go on."""
    at = f"Items {shape.name}: {answer.error}: {_words(answer)}"
    if answer.error in ("AccessDeniedException", "UnrecognizedClientException", "InvalidSignatureException"):
        mend = "What a role may do is deployed with the pipeline: deploy it again, and see who changed it."
        return JobError("ITEMS_REFUSED", f"{at} {mend}")
    return JobError("ITEMS_FAILED", at)


def waits() -> Iterator[float]:
    """Seconds, more and more, and never the same for two: requests that were refused together do not come back together."""
    longest = FIRST_WAIT_SECONDS
    while True:
        yield random.uniform(longest / 2, longest)  # noqa: S311  (nobody guesses it)
        longest = min(longest * 2, LONGEST_WAIT_SECONDS)


def _words(answer: Answer) -> str:
    try:
        said = json.loads(answer.body)
    except ValueError:
        return answer.body[:200].decode(errors="replace")
    return str(said.get("message") or said.get("Message") or "it says no more.")


def _pause(seconds: float, is_over: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while (left := until - time.monotonic()) > 0:
        if is_over():
            raise Interrupted
        time.sleep(min(left, LOOK_SECONDS))
