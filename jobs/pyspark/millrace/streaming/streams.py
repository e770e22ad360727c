"""Takes streaming queries and keeps them running: until they are caught up, until someone asks for the end, or until one fails. Called by the entry
points of streaming jobs.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.streaming.query import StreamingQuery

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.run import spark_message
from millrace.job.stop import StopRequest
from millrace.streaming.progress import ProgressListener

POLL_SECONDS = 0.1
FINISH_SECONDS = 50.0
"""How long a batch may take to finish after a request to end; less than the grace of the request."""

LAST_EVENTS_SECONDS = 5.0

RESTART_FAULT = 'the return value of "scala.Option.get()" is null'
"""What Java says of a value that is missing where Spark's Kafka reader takes it for granted."""


@dataclass(frozen=True)
class Stream:
    """One query: what it writes and where."""

    name: str
    frame: DataFrame
    output_mode: str
    sink: dict[str, str]
    checkpoint: str
    show: Callable[[DataFrame], None] | None = None
    """Gets the rows of each batch after they were written, with all columns of the frame; for what a person may watch."""


def run_streams(
    spark: SparkSession, streams: Sequence[Stream], events: Events, trigger_seconds: int, *, until_caught_up: bool
) -> None:
    """Runs the queries at the same time; returns when they are caught up, or after a request to end."""
    listener = ProgressListener(events)
    spark.streams.addListener(listener)
    stop = StopRequest()
    stop.install(spark)
    runs: set[str] = set()

    def start(stream: Stream) -> StreamingQuery:
        query = _start(stream, trigger_seconds, until_caught_up=until_caught_up)
        runs.add(str(query.runId))
        return query

    try:
        running = {stream.name: (stream, start(stream)) for stream in streams}
        events.started()
        try:
            watch(running, start, stop, events, until_caught_up=until_caught_up)
        finally:
            for _, query in running.values():
                query.stop()
        listener.wait_for(runs, LAST_EVENTS_SECONDS)
    finally:
        stop.finished()


def _start(stream: Stream, trigger_seconds: int, *, until_caught_up: bool) -> StreamingQuery:
    writer = stream.frame.writeStream.queryName(stream.name).outputMode(stream.output_mode)
    if stream.show is None:
        writer = writer.format("kafka").options(**stream.sink)
    else:
        writer = writer.foreachBatch(written_and_shown(stream.sink, stream.show))
    writer = writer.option("checkpointLocation", stream.checkpoint)
    # Spark's own "available now" reads the end of the topic once, works up to it in batches, and ends.
    writer = (
        writer.trigger(availableNow=True)
        if until_caught_up
        else writer.trigger(processingTime=f"{trigger_seconds} seconds")
    )
    return writer.start()


def written_and_shown(
    sink: dict[str, str], show: Callable[[DataFrame], None], sink_format: str = "kafka"
) -> Callable[[DataFrame, int], None]:
    """What is done with a batch that is shown as well. It is kept while that takes: made twice, it would be counted twice."""

    def write(batch: DataFrame, _batch_id: int) -> None:
        rows = batch.persist()
        try:
            rows.write.format(sink_format).options(**sink).mode("append").save()
            show(rows)
        finally:
            rows.unpersist()

    return write


def watch(
    running: dict[str, tuple[Stream, StreamingQuery]],
    start: Callable[[Stream], StreamingQuery],
    stop: StopRequest,
    events: Events,
    *,
    until_caught_up: bool,
) -> None:
    """Takes out of `running` each query that has ended as it should."""
    restarted: set[str] = set()
    while running:
        if stop.requested.is_set():
            events.note("asked to end: finishing the batches that run")
            for _, query in running.values():
                _finish_batch(query)
            return
        for name, (stream, query) in list(running.items()):
            if query.isActive:
                continue
            error = query.exception()
            if error is None and until_caught_up:
                del running[name]
            elif error is not None and is_restart_fault(error) and name not in restarted:
                restarted.add(name)
                events.note(f"{name}: Spark failed on a batch that is committed already; starting once more")
                running[name] = (stream, start(stream))
            else:
                why = "it ended by itself" if error is None else spark_message(error)
                raise JobError("STREAM_FAILED", f"The query {name} failed: {why}")
        time.sleep(POLL_SECONDS)


def is_restart_fault(error: Exception) -> bool:
    """Whether this is the fault of Spark 4.1.1 (SPARK-55271, SPARK-57438).

    After a restart over a batch that was planned and not committed, the batch is repeated and committed, and then its Kafka metrics cannot be
    made. The next start goes on after it. Taking another error for this one costs one more start.
    """
    return RESTART_FAULT in str(error)


def _finish_batch(query: StreamingQuery) -> None:
    """Ends a query between two batches; in the middle of one only when that takes too long."""
    deadline = time.monotonic() + FINISH_SECONDS
    batch = _batch(query)
    while query.isActive and query.status["isTriggerActive"] and _batch(query) == batch and time.monotonic() < deadline:
        time.sleep(0.02)
    query.stop()


def _batch(query: StreamingQuery) -> int:
    progress = query.lastProgress
    return -1 if progress is None else int(progress["batchId"])
