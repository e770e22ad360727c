"""A stream that is asked to end in the middle of a batch."""

from dataclasses import dataclass
from typing import Any, cast

import pytest
from pyspark.sql.streaming.query import StreamingQuery

from millrace.job.events import Events
from millrace.job.stop import StopRequest
from millrace.streaming import query


@dataclass
class Busy:
    """A query with a backlog: one batch follows the other without a pause, each of so many looks."""

    looks_per_batch: int
    looks: int = 0
    stopped_at: int | None = None

    @property
    def isActive(self) -> bool:  # noqa: N802
        return self.stopped_at is None

    @property
    def status(self) -> dict[str, Any]:
        self.looks += 1
        return {"isTriggerActive": True}

    @property
    def lastProgress(self) -> dict[str, Any]:  # noqa: N802
        return {"batchId": self.looks // self.looks_per_batch}

    def stop(self) -> None:
        self.stopped_at = self.looks


def ended(busy: Busy) -> int | None:
    """After how many looks it is ended."""
    stop = StopRequest()
    stop.requested.set()
    query.watch(lambda: cast("StreamingQuery", busy), stop, Events("sum"), ends=False)
    return busy.stopped_at


def test_the_batch_that_runs_is_the_last_one_although_another_would_follow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "FINISH_SECONDS", 2.0)
    assert ended(Busy(looks_per_batch=3)) == 3


def test_a_batch_that_takes_too_long_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query, "FINISH_SECONDS", 0.1)
    looks = ended(Busy(looks_per_batch=10**9))
    assert looks is not None
