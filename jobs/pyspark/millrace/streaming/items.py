"""Results of a stream that become items: of each batch the latest of each key, where it is later than what is there. So a batch that is repeated changes nothing."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.dynamodb.client import Client, credentials_of
from millrace.dynamodb.rows import Shape, check_frame, puts
from millrace.dynamodb.writing import Put, Writer
from millrace.job.events import Events
from millrace.job.spec import Spec
from millrace.kinds import topic
from millrace.kinds.items import Output
from millrace.streaming.batches import BatchSink
from millrace.streaming.progress import Written

PAGE = 5_000
"""Dead letters that are made at once."""


@dataclass(frozen=True)
class ItemsResult:
    """Rows that a stream makes items of."""

    alias: str
    """The items among the job's `writes`."""
    rows: DataFrame
    """Their key, their version, and what else they are to say."""


class ItemsSink(BatchSink):
    """The items that a stream writes."""

    def __init__(self, spark: SparkSession, spec: Spec, events: Events, results: Sequence[ItemsResult]) -> None:
        """Looks at the rows, before anything is read.

        Raises:
            JobError: WRONG_ITEMS.
        """
        super().__init__(spark, spec, events, {one.alias: one.rows for one in results})
        self._shapes = {one.alias: spec.output(one.alias, Output).shape for one in results}
        for one in results:
            check_frame(self._shapes[one.alias], one.rows.schema)
        credentials = credentials_of(spark)
        self._writers = {
            alias: Writer(shape, Client(shape.table, credentials), events) for alias, shape in self._shapes.items()
        }

    def identities(self) -> Mapping[str, str]:
        """What the items are, and how they are written, by alias."""
        return {
            alias: f"{shape.table}, key {', '.join(shape.key)}, version {shape.version}"
            for alias, shape in self._shapes.items()
        }

    def write(self, batch: DataFrame, number: int, letters: topic.Output, is_over: Callable[[], bool]) -> Written:
        """Writes one batch; those that are no items are set aside."""
        rows, reasons = 0, Counter[str]()
        for alias, shape in self._shapes.items():
            given = batch.where(F.col(alias).isNotNull()).select(f"{alias}.*")
            requests = (row.request for row in puts(shape, given).toLocalIterator(prefetchPartitions=True))
            done = self._writers[alias].put(requests, is_over)
            for page in _pages(done):
                self._save(self._letters(page, number, shape.name, letters))
            self._tell(alias, shape, done)
            rows += done.written
            reasons.update(done.reasons)
        return Written(rows, reasons)

    def _tell(self, alias: str, shape: Shape, done: Put) -> None:
        if done.written or done.superseded:
            told = f"{done.written:,} written to {shape.name}, {done.superseded:,} not later than what is there"
            self._events.note(f"{alias}: {told}")


def _pages(done: Put) -> list[str]:
    """What was refused, as dead letters are made of it: the item is the row, and known by its content and by how many of it came before."""
    rows, seen = [], Counter[str]()
    for reason, request in sorted(done.refused):
        item = json.dumps(json.loads(request)["Item"], ensure_ascii=False)
        digest = hashlib.sha256(item.encode()).hexdigest()[:32]
        seen[digest] += 1
        rows.append({"reason": reason, "id": f"{digest}/{seen[digest]}", "row": item})
    return [json.dumps(rows[start : start + PAGE]) for start in range(0, len(rows), PAGE)]
