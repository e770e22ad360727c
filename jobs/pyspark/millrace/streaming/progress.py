"""Takes what Spark tells about each micro-batch and gives one progress event for it. Called back by Spark from the streams of `millrace.streaming.streams`."""

from __future__ import annotations

import ast
import json
import threading
from typing import Any

from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)

from millrace.job.events import Events

DEAD_LETTERS = "dead_letters"
"""Name of the observation that counts dead letters, one column a reason."""

ROWS_OUT = "rows_out"
"""Name of the observation that counts the rows a query writes, in a column `rows`."""


class ProgressListener(StreamingQueryListener):
    """Reports the batches that moved rows; knows which queries have told everything."""

    def __init__(self, events: Events) -> None:
        self._events = events
        self._ended: set[str] = set()
        self._changed = threading.Condition()

    def onQueryStarted(self, event: QueryStartedEvent) -> None:
        """Nothing to report yet."""

    def onQueryProgress(self, event: QueryProgressEvent) -> None:
        """One batch is committed."""
        fields = progress_fields(json.loads(event.progress.json))
        if fields is not None:
            self._events.progress(**fields)

    def onQueryIdle(self, event: QueryIdleEvent) -> None:
        """Nothing came in: nothing to report."""

    def onQueryTerminated(self, event: QueryTerminatedEvent) -> None:
        """The last event of a query's run."""
        with self._changed:
            self._ended.add(str(event.runId))
            self._changed.notify_all()

    def wait_for(self, run_ids: set[str], seconds: float) -> None:
        """Returns when everything about these runs was reported, or after the time given."""
        with self._changed:
            self._changed.wait_for(lambda: run_ids <= self._ended, seconds)


def progress_fields(progress: dict[str, Any]) -> dict[str, object] | None:
    """The fields of a progress event; None for a batch that moved nothing."""
    observed = progress.get("observedMetrics") or {}
    dead_letters = {reason: count for reason, count in (observed.get(DEAD_LETTERS) or {}).items() if count}
    written = (observed.get(ROWS_OUT) or {}).get("rows")
    rows_out = sum(dead_letters.values()) if written is None else written
    dropped = sum(operator.get("numRowsDroppedByWatermark", 0) for operator in progress.get("stateOperators", []))
    if not progress["numInputRows"] and not rows_out and not dropped:
        return None
    return {
        "query": progress["name"],
        "batch": progress["batchId"],
        "rowsIn": progress["numInputRows"],
        "rowsOut": rows_out,
        "deadLetters": dead_letters,
        "droppedByWatermark": dropped,
        "batchSeconds": round(progress.get("batchDuration", 0) / 1000, 3),
        "lag": sum(_lag(source) for source in progress["sources"]),
    }


def _lag(source: dict[str, Any]) -> int:
    """Records that were in the topic already and that the batch left for the next."""
    latest, end = _offsets(source.get("latestOffset")), _offsets(source.get("endOffset"))
    return sum(
        max(0, offset - end.get(topic, {}).get(partition, 0))
        for topic, partitions in latest.items()
        for partition, offset in partitions.items()
    )


def _offsets(offsets: object) -> dict[str, dict[str, int]]:
    """Offsets by topic and partition; PySpark 4.1 gives them as the text of a Python dict, JSON as an object."""
    if isinstance(offsets, str):
        offsets = ast.literal_eval(offsets)
    return offsets if isinstance(offsets, dict) else {}
