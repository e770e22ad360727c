"""Sends the rows of a file to a topic, at a steady rate or as fast as possible; lines that are no rows go to a rejects file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from millrace.errors import JobError
from millrace.formats import lines
from millrace.formats.checks import LONGEST_SHOWN
from millrace.job.events import Events
from millrace.job.spec import Spec
from millrace.kinds import folder, topic
from millrace.sending import pacing
from millrace.sending.numbering import Numbering, repetition


@dataclass(frozen=True)
class Sending:
    """How the rows of a file become records."""

    to: str
    """The topic among the job's `writes`."""
    columns: tuple[str, ...]
    """The fields of the file that are needed."""
    numbering: Numbering
    rows: Callable[[DataFrame, int, Column], DataFrame]
    """Makes what is sent, from rows with their `cycle`, by how much numbers rise in each, and the time of sending (timestamp)."""
    key: str | None = None
    """The column that is the key, where its schema is of no record, or it has none."""
    rejects: str = "rejects"
    """The folder among the job's `writes`."""


def send_file(spec: Spec, events: Events, checked: DataFrame, sending: Sending) -> None:
    """Sends a file, and reports what was read, rejected and sent.

    The job's parameters say how: `rate` rows a second (0: as fast as possible) and `rows` in all (0: those of the file; more than it has: it
    is repeated with new numbers).

    Args:
        spec: the job's spec.
        events: where progress and the result are told.
        checked: `line` (bigint), `text` (string), the file's fields, and `reason` (string) for lines that are no rows; in one partition.
        sending: what becomes of them.

    Raises:
        JobError: NOTHING_TO_SEND when no line is a row, or that no numbers are left.
    """
    rate, asked = spec.integer("rate"), spec.integer("rows")
    spark, output = checked.sparkSession, spec.output(sending.to, topic.Output)
    records = topic.columns(spark, spec, output, sending.key)
    sink = spec.kafka.sink_options("lz4") | {"topic": output.topic}
    rejects = spec.output(sending.rejects, folder.Output).url
    read, rejected = write_rejects(checked, rejects)
    if read == rejected:
        raise nothing_to_send(checked, rejects)
    rows = lines.good_rows(checked, *sending.columns).cache()
    numbers = sending.numbering.column
    count, lowest, highest = rows.agg(F.count("*"), F.min(numbers), F.max(numbers)).collect()[0]
    read = max(read, asked)
    total = read - rejected
    shift = repetition(sending.numbering, count, total, lowest, highest)
    # The clock is read for each row: in a long bulk load, one time for all would make the last rows late.
    now = F.timestamp_millis(F.reflect(F.lit("java.lang.System"), F.lit("currentTimeMillis")).cast("bigint"))
    last = time.monotonic()

    def send(due: DataFrame, sent: int) -> None:
        nonlocal last
        made = sending.rows(due, shift, now)
        made.select(*records(made)).write.format("kafka").options(**sink).save()
        seconds, last = round(time.monotonic() - last, 3), time.monotonic()
        events.progress(sent=sent, of=total, rejected=rejected, batchSeconds=seconds)

    events.started()
    if rate:
        pacing.send_paced(spark, rows, count, total, rate, send)
    else:
        send(pacing.all_rows(rows, count, total), total)
    events.result(read=read, sent=total, rejected=rejected)


def nothing_to_send(checked: DataFrame, rejects: str) -> JobError:
    """The error of a file without a row: how many lines have which reason, and the first of them."""
    reasons = checked.groupBy("reason").agg(F.count("*").alias("lines")).orderBy(F.desc("lines"), "reason").collect()
    if not reasons:
        return JobError("NOTHING_TO_SEND", "The file has no line of data. Give it one at least.")
    told = ", ".join(f"{row.lines} {row.reason}" for row in reasons)
    first = checked.orderBy("line").select("line", "reason", F.left("text", F.lit(LONGEST_SHOWN)).alias("text")).head()
    example = "" if first is None else f" The first is line {first.line}, {first.reason}: {first.text}"
    return JobError(
        "NOTHING_TO_SEND",
        f"No line of the file can be sent: {told}. All of them are in {rejects}; correct the file.{example}",
    )


def write_rejects(checked: DataFrame, path: str) -> tuple[int, int]:
    """Writes the lines that are no rows to a folder; gives how many lines were read, and how many of them rejected."""
    seen = Observation()
    counted = checked.observe(seen, F.count("*").alias("read"), F.count("reason").alias("rejected"))
    lines.rejects(counted).write.json(path)
    counts = seen.get
    return int(counts["read"]), int(counts["rejected"])
