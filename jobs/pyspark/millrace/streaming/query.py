"""The one query of a stream: results and dead letters leave by it together, so that one log of offsets decides where each record went.

It runs until it is caught up, until someone asks for the end, or until it fails.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from millrace.errors import JobError
from millrace.formats.framing import asked_for
from millrace.job.clock import Clock, now_ms
from millrace.job.events import Events
from millrace.job.jvm import listening
from millrace.job.run import StartAgain, spark_message
from millrace.job.spec import Spec
from millrace.job.stop import StopRequest
from millrace.kafka.dead_letters import dead_letters
from millrace.kinds import topic
from millrace.streaming import progress
from millrace.streaming.batches import BatchSink, Together, with_rows
from millrace.streaming.binding import Bound, bind, only_whole
from millrace.streaming.checkpoint import RULES, Checkpoint
from millrace.streaming.heartbeat import heartbeat
from millrace.streaming.items import ItemsResult, ItemsSink
from millrace.streaming.numbers import lead
from millrace.streaming.progress import ProgressListener, Shown
from millrace.streaming.source import Source
from millrace.streaming.tables import Derived, TableResult, TableSink

POLL_SECONDS = 0.1
FINISH_SECONDS = 50.0
"""How long a batch may take to finish after a request to end; less than the grace of the request."""

LAST_EVENTS_SECONDS = 5.0

RESTART_FAULT = 'the return value of "scala.Option.get()" is null'
"""What Java says of a value that is missing where Spark's Kafka reader takes it for granted."""

RECORD = ("topic", "key", "value", "headers")
"""The columns of Kafka's sink."""


@dataclass(frozen=True)
class Result:
    """Rows that a stream writes: in each batch those that it changed."""

    alias: str
    """The topic among the job's `writes`."""
    rows: DataFrame
    """The columns that the topic's schemas name."""
    key: str | None = None
    """The column that is the key, where its schema is of no record, or it has none."""
    shown: Shown | None = None
    """Which of them are shown in the log."""


def run_query(
    spec: Spec,
    events: Events,
    sources: Sequence[Source],
    results: Sequence[Result],
    dead_letters_alias: str = "deadLetters",
    tables: Sequence[TableResult] = (),
    derived: Sequence[Derived] = (),
    items: Sequence[ItemsResult] = (),
) -> None:
    """Runs the query of a stream; returns when it is drained, or after a request to end.

    A batch starts every `triggerSeconds` seconds, where the job has that parameter; else as soon as the one before has ended.

    Args:
        spec: the job's spec.
        events: where progress is told.
        sources: the topics that the stream follows.
        results: what it makes of them.
        dead_letters_alias: the topic for events that are no good, and rows that fit into no table and are no item, among the job's `writes`.
        tables: what of it goes into tables.
        derived: what the database makes of these.
        items: what of it becomes items.

    Raises:
        JobError: STREAM_FAILED in Spark's words when the query fails; those of `bind` when its checkpoint is of something else, and of
            `millrace.streaming.tables`.
        StartAgain: when the sources and results are to be made anew, since what they were made from has changed.
    """
    spark = sources[0].good.sparkSession
    checkpoint = Checkpoint(spark, spec.declared(spec.checkpoint, "checkpoint"))
    sinks, bound = list[BatchSink](), bound_to(spark, spec, sources, results)
    if tables:
        sinks.append(to_tables := TableSink(spark, spec, events, tables, derived))
        bound = replace(bound, tables=to_tables.standing())
    if items:
        sinks.append(to_items := ItemsSink(spark, spec, events, items))
        bound = replace(bound, items=to_items.identities())
    sink = Together(spark, spec, events, sinks) if sinks else None
    whole_from = bind(spark, spec, checkpoint, bound)
    results = [replace(result, rows=only_whole(result.rows, whole_from)) for result in results]
    checkpoint.write(RULES, {source.alias: asdict(source.rules) for source in sources})
    ahead = lead(checkpoint, now_ms())
    records = [result_records(spark, spec, result, ahead.ms) for result in results]
    target = spec.output(dead_letters_alias, topic.Output)
    records += [set_aside(source, target, spec.job) for source in sources]
    every, stop = united(records), StopRequest()
    if sink is None:
        writer = every.writeStream.format("kafka").options(**spec.kafka.sink_options("gzip"))
    else:
        whole = {alias: only_whole(rows, whole_from) for alias, rows in sink.rows.items()}
        write = sink.writer(lambda batch: checkpoint.planned_ms(batch) + ahead.ms, target, stop)
        writer = with_rows(every, whole).writeStream.foreachBatch(write)
    writer = writer.queryName(spec.job).outputMode("update")
    writer = writer.option("checkpointLocation", checkpoint.query)
    repeating, draining = ahead.is_repeating or any(source.is_repeating for source in sources), spec.mode == "drain"
    seconds = spec.integer("triggerSeconds") if "triggerSeconds" in spec.parameters else 0
    if repeating:
        writer = writer.trigger(once=True)
    elif draining:
        # Spark's own "available now" reads the ends of the topics once, works up to them in batches, and ends.
        writer = writer.trigger(availableNow=True)
    else:
        writer = writer.trigger(processingTime=f"{seconds} seconds")
    shown = {result.alias: result.shown for result in results if result.shown}
    try:
        listener = ProgressListener(events, shown, written=sink.written if sink else None)
        was_asked = _run(spark, writer.start, stop, listener, events, ends=draining or repeating)
    except JobError as failed:
        error = failed if sink is None else sink.error_of(failed)
        wanted = asked_for(error.message)
        if wanted is None:
            raise error from failed
        known = spec.declared(spec.registry, "registry").learn(*wanted)
        words = "it is known now" if known else "it is of none"
        raise StartAgain(
            f"a record of {wanted[0]} has schema id {wanted[1]}; the registry was asked: {words}"
        ) from failed
    if repeating and not was_asked:
        raise StartAgain(
            "the batch that was not finished is repeated by its own rules; those of this start come into force"
        )


def bound_to(spark: SparkSession, spec: Spec, sources: Sequence[Source], results: Sequence[Result]) -> Bound:
    """What the stream's checkpoint is of, but for what is no topic."""
    outputs = {result.alias: (spec.output(result.alias, topic.Output), result.key) for result in results}
    keys = {alias: topic.key_columns(spark, spec, output, key) for alias, (output, key) in outputs.items()}
    return Bound(
        tuple(name for one in sources for name in one.topics),
        tuple(output.topic for output, _ in outputs.values()),
        keys,
    )


def result_records(spark: SparkSession, spec: Spec, result: Result, lead_ms: int) -> DataFrame:
    """The records of a result, counted: the columns of Kafka's sink; `lead_ms` as in `millrace.streaming.numbers`."""
    output = spec.output(result.alias, topic.Output)
    counted = result.rows.observe(
        progress.ROWS_OUT + result.alias, F.count("*").alias("rows"), *(result.shown.chosen() if result.shown else ())
    )
    key_and_value = topic.columns(spark, spec, output, result.key)(counted)
    return counted.select(F.lit(output.topic).alias("topic"), *key_and_value, batch_header(lead_ms).alias("headers"))


def batch_header(lead_ms: int) -> Column:
    """The number of the batch: larger for each batch, and the same when it is repeated.

    A moment is text in the code that Spark generates, which would be compiled anew for each batch; within a function of arrays it is data.
    """
    number = (F.unix_millis(F.current_timestamp()) + F.lit(lead_ms)).cast("string").cast("binary")
    return F.transform(F.array(F.lit(topic.BATCH)), lambda key: F.struct(key.alias("key"), number.alias("value")))


def set_aside(source: Source, target: topic.Output, job: str) -> DataFrame:
    """The dead letters of a source, counted by reason: the columns of Kafka's sink.

    All records are counted here as well: Spark reads a source once for each branch of a union, and counts what it reads.
    """
    judged = source.judged
    seen = judged.frame.observe(progress.ROWS_IN + source.alias, F.count("*").alias("rows"))
    bad = seen.where(F.col("reason").isNotNull()).observe(progress.DEAD_LETTERS + source.alias, *judged.counts())
    letters = dead_letters(bad, job, target.max_message_bytes)
    return letters.select(F.lit(target.topic).alias("topic"), "key", "value", "headers")


def united(records: Sequence[DataFrame]) -> DataFrame:
    """All records in one frame."""
    return reduce(DataFrame.union, [one.select(*RECORD) for one in records])


def _run(
    spark: SparkSession,
    start: Callable[[], StreamingQuery],
    stop: StopRequest,
    listener: ProgressListener,
    events: Events,
    *,
    ends: bool,
) -> bool:
    """Runs the query; whether it was asked to end."""
    stop.install(spark)
    try:
        with listening(spark, listener):
            try:
                with heartbeat(events, listener.silent_seconds):
                    watch(start, stop, events, ends=ends)
            finally:
                for query in spark.streams.active:
                    query.stop()
            listener.wait_for_ends(LAST_EVENTS_SECONDS)
            return stop.requested.is_set()
    finally:
        stop.finished()


def watch(start: Callable[[], StreamingQuery], stop: StopRequest, events: Events, *, ends: bool) -> None:
    """Starts the query and waits until it has ended as it should: by itself, where it `ends`, or when it is asked to."""
    query, is_first, clock = start(), True, Clock()
    events.started()
    while not stop.requested.is_set():
        if set_back := clock.was_set_back():
            query.stop()
            raise StartAgain(
                f"the clock was set back by {set_back:.1f} s; the numbers of batches go on from where they were"
            )
        if query.isActive:
            time.sleep(POLL_SECONDS)
            continue
        error = query.exception()
        if error is None and ends:
            return
        if stop.requested.is_set():
            break
        if error is None or not is_restart_fault(error) or not is_first:
            why = "it ended by itself" if error is None else spark_message(error)
            raise JobError("STREAM_FAILED", f"The query failed: {why}")
        events.note("Spark failed on a batch that is committed already; starting once more")
        query, is_first = start(), False
    events.note("asked to end: finishing the batch that runs")
    _finish_batch(query)


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
