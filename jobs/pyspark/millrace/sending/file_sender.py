"""Takes the checked lines of a file and sends those that are rows to a topic, at a steady rate or as fast as possible; the others go to a rejects
file. Called by the producers of every pipeline.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from millrace.formats import lines
from millrace.job.arguments import Arguments, text, whole
from millrace.job.events import Events
from millrace.sending import pacing
from millrace.sending.numbering import Numbering, repetition

MOST_ROWS = 2**31 - 1


@dataclass(frozen=True)
class Sending:
    """What a row becomes when it is sent: from rows with their `cycle`, by how much numbers rise in each, and the time, the columns of Kafka's sink."""

    sink: dict[str, str]
    records: Callable[[DataFrame, int, Column], DataFrame]


def add_arguments(known: Arguments) -> None:
    """Declares what every producer must be told besides its file and its topic."""
    known.add("--rejects-path", text, "folder to be made for the lines that are no rows")
    known.add("--rate", whole(0, pacing.FASTEST), "rows a second; 0: as fast as possible")
    explanation = "rows to read; 0: the whole file; more than it has: it is repeated"
    known.add("--rows", whole(0, MOST_ROWS), explanation, default=0)


def send_file(
    spark: SparkSession,
    checked: DataFrame,
    columns: tuple[str, ...],
    numbering: Numbering,
    sending: Sending,
    options: argparse.Namespace,
    events: Events,
) -> None:
    """Sends these columns of the good lines among `checked` (line, text, columns, reason), and reports what was read, rejected and sent."""
    read, rejected = write_rejects(checked, options.rejects_path)
    rows = lines.good_rows(checked, *columns).cache()
    bounds = F.min(numbering.column), F.max(numbering.column)
    count, lowest, highest = rows.agg(F.count("*"), *bounds).collect()[0]
    read = max(read, options.rows)
    total = read - rejected
    shift = repetition(numbering, count, total, lowest, highest)
    # The clock is read for each row: in a long bulk load, one time for all would make the last rows late.
    now = F.timestamp_millis(F.reflect(F.lit("java.lang.System"), F.lit("currentTimeMillis")).cast("bigint"))
    last = time.monotonic()

    def send(due: DataFrame, sent: int) -> None:
        nonlocal last
        sending.records(due, shift, now).write.format("kafka").options(**sending.sink).save()
        seconds, last = round(time.monotonic() - last, 3), time.monotonic()
        events.progress(sent=sent, of=total, rejected=rejected, batchSeconds=seconds)

    events.started()
    if options.rate and total:
        pacing.send_paced(spark, rows, count, total, options.rate, send)
    elif total:
        send(pacing.all_rows(rows, count, total), total)
    events.result(read=read, sent=total, rejected=rejected)


def write_rejects(checked: DataFrame, path: str) -> tuple[int, int]:
    """Writes the lines that are no rows; gives how many lines were read and how many of them rejected."""
    seen = Observation()
    counted = checked.observe(seen, F.count("*").alias("read"), F.count("reason").alias("rejected"))
    lines.rejects(counted).write.json(path)
    counts = seen.get
    return int(counts["read"]), int(counts["rejected"])
