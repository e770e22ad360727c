"""Sends prepared rows at a steady rate, on Spark's own clock: exact in each second; or all at once.

Spark's `rate` source says which rows are due; each batch takes exactly those from the cached rows. A batch that took too long is followed by a
larger one, so the rate holds on average.
"""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.job.clock import Clock

MANY_ROWS = 100_000
CYCLES_AT_ONCE = 10_000
"""Cycles of a row that are made together."""


def send_paced(
    spark: SparkSession, rows: DataFrame, count: int, total: int, rate: int, send: Callable[[DataFrame, int], None]
) -> None:
    """Sends `total` rows, `rate` a second, and ends; after the last row the first comes again.

    Args:
        spark: the session.
        rows: cached rows, numbered by `position` (bigint) from 0.
        count: how many there are.
        total: how many are sent.
        rate: how many of them a second.
        send: writes the rows that it is given, each with its `cycle` (bigint), and learns how many are out then.
    """
    sent = 0
    # The first batch of a job is slow, and the clock does not wait for it: it is made before the clock starts, of no rows.
    send(due_rows(rows, spark.range(0).toDF("value"), 0, 0, count), 0)

    def send_next(due: DataFrame) -> None:
        nonlocal sent
        last = due.agg(F.max("value")).head()
        end = min(total, sent if last is None or last[0] is None else int(last[0]) + 1)
        if end > sent:
            send(due_rows(rows, due.where(F.col("value") < total), sent, end, count), end)
            sent = end

    while sent < total:
        _follow(spark, rate, sent, send_next, is_done=lambda: sent >= total)


def _follow(
    spark: SparkSession, rate: int, first: int, on_due: Callable[[DataFrame], None], *, is_done: Callable[[], bool]
) -> None:
    """Says which rows are due, from the first one on; returns when all are done, or when the clock was set back, on which Spark's source would wait."""
    failures: list[Exception] = []
    sending, ending = threading.Lock(), threading.Event()

    def on_batch(batch: DataFrame, _batch_id: int) -> None:
        with sending:
            if ending.is_set():
                return
            try:
                on_due(batch.select((F.col("value") + F.lit(first)).alias("value")))
            except Exception as error:
                failures.append(error)
                raise

    checkpoint = tempfile.mkdtemp(prefix="millrace-pace-")
    pace = spark.readStream.format("rate").option("rowsPerSecond", rate).option("numPartitions", 1).load()
    writer = pace.writeStream.foreachBatch(on_batch).option("checkpointLocation", Path(checkpoint).as_uri())
    clock, query = Clock(), writer.trigger(processingTime="0 seconds").start()
    try:
        while not is_done() and query.isActive and not clock.was_set_back():
            time.sleep(0.05)
        error = query.exception()
        if error is not None:
            # Spark wraps what a batch raised in the texts of two languages: its own error says it better.
            raise failures[0] if failures else error
    finally:
        # Spark cuts off what a batch does when its query is stopped: what is being sent is to be sent to its end, and none of it again.
        ending.set()
        with sending:
            pass
        query.stop()
        shutil.rmtree(checkpoint, ignore_errors=True)


def due_rows(rows: DataFrame, due: DataFrame, start: int, end: int, count: int) -> DataFrame:
    """The rows for the numbers `start` to `end` (without it) that `due` holds as `value` (bigint); their columns and `cycle` (bigint).

    Of many cached rows only the blocks that hold these positions are read. For few that is not worth a condition that differs in each batch,
    because Spark compiles each different plan anew.
    """
    numbered = due.select((F.col("value") % count).alias("position"), F.floor(F.col("value") / count).alias("cycle"))
    if count >= MANY_ROWS and end - start < count:
        first, last = start % count, (end - 1) % count
        after, before = F.col("position") >= first, F.col("position") <= last
        rows = rows.where(after & before if first <= last else after | before)
    return rows.join(F.broadcast(numbered), "position", "inner")


def all_rows(rows: DataFrame, count: int, total: int) -> DataFrame:
    """`total` rows at once, each with its `cycle` (bigint), over as many tasks as there are cores; in no order."""
    cycles = -(-total // count)
    step = F.lit(CYCLES_AT_ONCE).cast("bigint")
    # In two steps: all cycles of a row in one array would not fit into memory where a short file is sent a hundred million times.
    starts = F.sequence(F.lit(0).cast("bigint"), F.lit(cycles - 1).cast("bigint"), step)
    block = F.sequence("start", F.least(F.col("start") + step, F.lit(cycles)) - 1)
    return (
        rows.select("*", F.explode(starts).alias("start"))
        .repartition(rows.sparkSession.sparkContext.defaultParallelism)
        .select(*rows.columns, F.explode(block).alias("cycle"))
        .where(F.col("cycle") * F.lit(count).cast("bigint") + F.col("position") < total)
    )
