"""One progress event for each micro-batch, from what Spark tells about it, and a few of its results for the log."""

from __future__ import annotations

import ast
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass
from typing import Any

from py4j.java_gateway import JavaObject
from pyspark.sql import Column, Row
from pyspark.sql import functions as F

from millrace.job.events import Events
from millrace.job.jvm import row_of
from millrace.job.text_table import TableColumn, table

ROWS_IN, DEAD_LETTERS, ROWS_OUT, UNREADABLE = "rows_in_", "dead_letters_", "rows_out_", "unreadable_"
"""How the names of observations begin; an alias follows. Records judged, rows written and records of a lookup that cannot be read are counted in a
column `rows`, dead letters in one column a reason.
"""


@dataclass(frozen=True)
class Shown:
    """Which rows of a result are shown in the log: up to `most` of those that a batch changed, the newest ones.

    They are found by aggregates that every batch computes on its way, because a look at the batch itself would read it twice.
    """

    columns: tuple[TableColumn, ...]
    newest: str
    """The column by which a row is newer than another."""
    key: str
    """The column over whose values the choice is spread."""
    most: int = 12

    def chosen(self) -> list[Column]:
        """The newest row of each of `most` parts of the keys."""
        row = F.struct(*[column.field for column in self.columns])
        part = F.pmod(F.hash(self.key), F.lit(self.most))
        return [
            F.max_by(row, F.when(part == number, F.col(self.newest))).alias(f"shown_{number}")
            for number in range(self.most)
        ]

    def text(self, observed: Row) -> str:
        """What is shown of the counts and rows of one batch."""
        found = [value for name, value in observed.asDict().items() if name.startswith("shown_") and value is not None]
        found.sort(key=lambda row: str(row[self.key]))
        found.sort(key=lambda row: row[self.newest], reverse=True)
        return f"{observed['rows']:,} rows\n{table(self.columns, found, observed['rows'])}"


@dataclass(frozen=True)
class Written:
    """What became of the rows of a batch that went into tables."""

    rows: int
    dead_letters: Mapping[str, int]
    """Those that did not fit, by reason."""


class ProgressListener:
    """Reports the batches that moved rows; knows whether a run has more to tell, and how long it has told nothing.

    Java calls it. PySpark's own listener would ask Java for a hundred fields of each batch, one by one; here a batch is one text.
    """

    def __init__(
        self,
        events: Events,
        shown: Mapping[str, Shown],
        clock: Callable[[], float] = time.monotonic,
        written: MutableMapping[int, Written] | None = None,
    ) -> None:
        self._events = events
        self._clock = clock
        self._heard = clock()
        self._shown = shown
        self._written = {} if written is None else written
        self._running: set[str] = set()
        self._changed = threading.Condition()

    def onQueryStarted(self, event: JavaObject) -> None:
        """Nothing to report yet."""
        self._heard = self._clock()
        with self._changed:
            self._running.add(event.runId().toString())

    def onQueryProgress(self, event: JavaObject) -> None:
        """One batch is committed."""
        self._heard = self._clock()
        progress = event.progress()
        fields = progress_fields(json.loads(progress.json()), self._written.pop(progress.batchId(), None))
        if fields is not None:
            self._events.progress(**fields)
            # A metric filter takes one number from a line, and its dimension.
            for reason, rows in fields["deadLetters"].items():
                self._events.dead_letters(reason, rows)
        for alias, shown in self._shown.items():
            observed = progress.observedMetrics().get(ROWS_OUT + alias)
            row = None if observed is None else row_of(observed)
            if row is not None and row["rows"]:
                self._events.note(f"{alias}: {shown.text(row)}")

    def onQueryIdle(self, event: JavaObject) -> None:  # noqa: ARG002  (Spark gives it)
        """Nothing came in: nothing to report, every ten seconds."""
        self._heard = self._clock()

    def onQueryTerminated(self, event: JavaObject) -> None:
        """The last event of a query's run."""
        with self._changed:
            self._running.discard(event.runId().toString())
            self._changed.notify_all()

    class Java:  # noqa: D106  (what the bridge to Java looks for)
        implements = ("org.apache.spark.sql.streaming.PythonStreamingQueryListener",)

    def silent_seconds(self) -> float:
        """How long ago the query told anything: that it started, that a batch is committed, that nothing came in."""
        return self._clock() - self._heard

    def wait_for_ends(self, seconds: float) -> None:
        """Returns when everything about runs that were started was reported, or after the time given."""
        with self._changed:
            self._changed.wait_for(lambda: not self._running, seconds)


def progress_fields(progress: dict[str, Any], written: Written | None = None) -> dict[str, Any] | None:
    """The fields of a progress event, from Spark's own progress of a batch, and what it put into tables; None for a batch that moved nothing."""
    observed = progress.get("observedMetrics") or {}
    rows_in, rows_out = (_rows(observed, name) for name in (ROWS_IN, ROWS_OUT))
    dead_letters: Counter[str] = Counter()
    for name, counts in observed.items():
        if name.startswith(DEAD_LETTERS):
            dead_letters.update(counts or {})
    if written is not None:
        rows_out += written.rows
        dead_letters.update(written.dead_letters)
    states = progress.get("stateOperators", [])
    dropped = sum(state.get("numRowsDroppedByWatermark", 0) for state in states)
    if not rows_in and not rows_out and not dropped:
        return None
    return {
        "query": progress["name"],
        "batch": progress["batchId"],
        "rowsIn": rows_in,
        "rowsOut": rows_out,
        # A metric filter reads numbers by their names, and reasons differ from pipeline to pipeline.
        "deadLetterRows": dead_letters.total(),
        "deadLetters": {reason: count for reason, count in dead_letters.items() if count},
        "droppedByWatermark": dropped,
        "stateRows": sum(state.get("numRowsTotal", 0) for state in states),
        "unreadable": _rows(observed, UNREADABLE),
        "batchSeconds": round(progress.get("batchDuration", 0) / 1000, 3),
        "lag": sum(_lag(source) for source in progress["sources"]),
    }


def _rows(observed: dict[str, Any], name: str) -> int:
    return sum((counts or {}).get("rows", 0) for key, counts in observed.items() if key.startswith(name))


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
