"""Takes prepared rows and sends them at a steady rate, on Spark's own clock: exact in each second, ends by itself. Called by jobs that play a file.

Spark's `rate` source says which rows are due; each batch takes exactly those from the cached rows. A batch that took too long is followed by a
larger one, so the rate holds on average.
"""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

FASTEST = 20_000
"""Rows a second up to which the pace was measured to be exact; above it, send without a pace."""


def send_paced(
    spark: SparkSession, rows: DataFrame, count: int, total: int, rate: int, send: Callable[[DataFrame, int], None]
) -> None:
    """Sends `total` rows, `rate` a second. `rows` has `count` rows numbered by `position` from 0; after the last the first comes again, with
    `cycle` one higher. `send` writes the rows it is given and learns how many are out then.
    """
    sent = 0
    failures: list[Exception] = []

    def send_due(batch: DataFrame, _batch_id: int) -> None:
        nonlocal sent
        try:
            bounds = batch.agg(F.max("value")).head()
            end = min(total, sent if bounds is None or bounds[0] is None else int(bounds[0]) + 1)
            if end > sent:
                send(due_rows(rows, spark.range(sent, end, numPartitions=1), sent, end, count), end)
                sent = end
        except Exception as error:
            failures.append(error)
            raise

    checkpoint = tempfile.mkdtemp(prefix="millrace-pace-")
    pace = spark.readStream.format("rate").option("rowsPerSecond", rate).option("numPartitions", 1).load()
    writer = pace.writeStream.foreachBatch(send_due).option("checkpointLocation", Path(checkpoint).as_uri())
    query = writer.trigger(processingTime="0 seconds").start()
    try:
        while sent < total and query.isActive:
            time.sleep(0.05)
        error = query.exception()
        if error is not None:
            # Spark wraps what a batch raised in the texts of two languages: its own error says it better.
            raise failures[0] if failures else error
    finally:
        query.stop()
        shutil.rmtree(checkpoint, ignore_errors=True)


def due_rows(rows: DataFrame, due: DataFrame, start: int, end: int, count: int) -> DataFrame:
    """The rows for the numbers `start` to `end` (without it) that `due` holds as `id`, each with its `cycle`. The cached rows are read only where
    these positions are, which Spark knows of each of their blocks.
    """
    numbered = due.select((F.col("id") % count).alias("position"), F.floor(F.col("id") / count).alias("cycle"))
    first, last = start % count, (end - 1) % count
    if end - start >= count:
        within = F.lit(True)
    elif first <= last:
        within = F.col("position").between(first, last)
    else:
        within = (F.col("position") >= first) | (F.col("position") <= last)
    return rows.where(within).join(F.broadcast(numbered), "position", "inner")


def all_rows(rows: DataFrame, count: int, total: int) -> DataFrame:
    """`total` rows at once, each with its `cycle`, over as many tasks as there are cores; in no order."""
    cycles = -(-total // count)
    numbers = F.explode(F.sequence(F.lit(0), F.lit(cycles - 1))).alias("cycle")
    return (
        rows.repartition(rows.sparkSession.sparkContext.defaultParallelism)
        .select("*", numbers)
        .where(F.col("cycle") * F.lit(count).cast("bigint") + F.col("position") < total)
    )
