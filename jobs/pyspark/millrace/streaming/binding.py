"""What a checkpoint is of: the cluster, the topics, the windows, the keys. A stream goes on from no checkpoint of something else, since it would
overwrite right results with wrong ones.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.errors import JobError
from millrace.job.clock import now_ms
from millrace.job.run import StartAgain
from millrace.job.spec import Spec
from millrace.kafka.cluster import Cluster, Offsets, ask
from millrace.kinds import topic
from millrace.streaming.checkpoint import BEGIN_ANEW, BINDING, LEADS, Checkpoint
from millrace.streaming.event_time import MINUTE_MS
from millrace.streaming.numbers import lead_of_rebuild
from millrace.streaming.tables import Standing

LOOKED_AT = 1_000
"""Offsets at the beginning of a partition among which its first record is looked for: some may be of no record."""


@dataclass(frozen=True)
class Bound:
    """What a stream is bound to."""

    sources: tuple[str, ...]
    """Topics that it follows."""
    results: tuple[str, ...]
    """Topics that it writes, but for dead letters."""
    keys: Mapping[str, list[str]]
    """By result, the columns of its key."""
    tables: Standing | None = None
    """How the tables stand that it writes."""
    items: Mapping[str, str] | None = None
    """What the items are that it writes, and how they are written, by alias."""


def bind(spark: SparkSession, spec: Spec, checkpoint: Checkpoint, bound: Bound) -> int | None:
    """Holds a stream to what its checkpoint is of; at the first start the checkpoint is bound.

    Returns:
        The first instant, in milliseconds since 1970, from which windows may be written: those before it cannot be seen whole. None: all.

    Raises:
        JobError: CHECKPOINT_OF_ANOTHER, CHECKPOINT_MISSING, or RECORDS_LOST.
        StartAgain: when the checkpoint was cleared, as the execution says.
    """
    cluster = ask(spark, spec.kafka, [*bound.sources, *bound.results])
    now = identity(spark, spec, cluster, bound)
    recorded = checkpoint.read(BINDING, or_none=spec.rebuild)
    if spec.rebuild and (recorded or {}).get("rebuiltBy") != spec.execution:
        refuse_added(bound.tables)
        whole_from = whole_from_ms(spark, spec, cluster, bound.sources, recorded or {})
        ahead_ms = lead_of_rebuild(checkpoint, now_ms())
        checkpoint.clear()
        checkpoint.write(LEADS, {"0": ahead_ms})
        checkpoint.write(BINDING, now | {"rebuiltBy": spec.execution, "wholeFrom": whole_from})
        raise StartAgain("beginning anew, as the execution says" + _from_words(whole_from))
    if not checkpoint.is_empty():
        if recorded is not None:
            refuse_another(now, recorded, checkpoint.url)
        refuse_gap(cluster, checkpoint)
        refuse_behind(bound.tables, checkpoint)
    elif (recorded or {}).get("rebuiltBy") != spec.execution:
        refuse_results(cluster, bound, checkpoint.url)
        recorded = None
    if recorded is None:
        # Also of a checkpoint that an earlier version has left.
        checkpoint.write(BINDING, now)
        return None
    whole_from = recorded.get("wholeFrom")
    return None if whole_from is None else int(whole_from)


def identity(spark: SparkSession, spec: Spec, cluster: Cluster, bound: Bound) -> dict[str, object]:
    """What must stay the same."""
    windows = spec.windows
    return {
        "cluster": cluster.id,
        "topics": {name: cluster.topics[name].id for name in (*bound.sources, *bound.results)},
        "windows": None if windows is None else {"minutes": windows.minutes, "every": windows.every},
        "keys": dict(bound.keys),
        "statePartitions": int(spark.conf.get("spark.sql.shuffle.partitions") or 0),
        **({} if bound.tables is None else {"tables": dict(bound.tables.ids)}),
        **({} if bound.items is None else {"items": dict(bound.items)}),
    }


def refuse_another(now: Mapping[str, object], recorded: Mapping[str, object], url: str) -> None:
    """Refuses a checkpoint of something else."""
    changed = [words for name, value in now.items() for words in _changes(name, recorded.get(name), value)]
    if changed:
        message = f"The checkpoint {url} is of another stream: {'; '.join(changed)}. {BEGIN_ANEW}"
        raise JobError("CHECKPOINT_OF_ANOTHER", message)


def _changes(name: str, was: object, value: object) -> list[str]:
    """What differs, in words; of several values by name only those."""
    if isinstance(was, dict) and isinstance(value, dict):
        keys = [key for key in was | value if was.get(key) != value.get(key)]
        return [words for key in keys for words in _changes(f"{name} {key}", was.get(key), value.get(key))]
    return [] if was == value else [f"{name} was {was!r} and is {value!r}"]


def refuse_results(cluster: Cluster, bound: Bound, url: str) -> None:
    """Refuses to begin over results that exist."""
    filled = [name for name in bound.results if cluster.topics[name].first != cluster.topics[name].end]
    if bound.tables is not None and bound.tables.position is not None:
        filled += list(bound.tables.ids)
    if filled:
        message = f"The checkpoint {url} is empty, but {', '.join(filled)} holds results, which would be overwritten. {BEGIN_ANEW}"
        raise JobError("CHECKPOINT_MISSING", message)


def refuse_behind(tables: Standing | None, checkpoint: Checkpoint) -> None:
    """Refuses to go on from batches that tables do not hold, as those of a database do not that was put back to an earlier state."""
    finished = checkpoint.last_finished()
    if tables is None or finished is None:
        return
    planned_ms, position = checkpoint.planned_ms(finished), tables.position or 0
    if position < planned_ms:
        names = ", ".join(tables.ids)
        message = f"{names} holds batches up to {position}, and {checkpoint.url} has finished batch {planned_ms}: what came between is not there."
        raise JobError("TABLE_BEHIND", f"{message} {BEGIN_ANEW}")


def refuse_added(tables: Standing | None) -> None:
    """Refuses to begin anew where what is made again would be added to what is there."""
    if tables is not None and tables.holding:
        names = ", ".join(tables.holding)
        message = f"The stream adds to {names}, which holds rows: begun anew, it would count them twice."
        raise JobError("TABLE_NOT_EMPTY", f"{message} Delete those rows first, and start the execution again.")


def refuse_gap(cluster: Cluster, checkpoint: Checkpoint) -> None:
    """Refuses to go on where records are gone that were not read yet, or a topic ends before what was read."""
    for source in checkpoint.offsets():
        for name, read in source.items():
            if name not in cluster.topics:
                continue
            state = cluster.topics[name]
            for partition, offset in read.items():
                first, end = (_of(offsets, partition) for offsets in (state.first, state.end))
                if first <= offset <= end:
                    continue
                gone = (
                    f"begins at {first}: {first - offset} records that the stream had not read were deleted"
                    if offset < first
                    else f"ends at {end}: what the stream had read was deleted"
                )
                message = f"Partition {partition} of {name} was read up to offset {offset} and {gone}. {BEGIN_ANEW}"
                raise JobError("RECORDS_LOST", message)


def whole_from_ms(
    spark: SparkSession, spec: Spec, cluster: Cluster, sources: tuple[str, ...], recorded: Mapping[str, Any]
) -> int | None:
    """The instant after which no event is missing from the topics; None where they still hold their first records.

    What was gone at an earlier rebuild is still gone, and so is what a topic held before it was made again: the recorded binding says both.
    """
    instants = [] if recorded.get("wholeFrom") is None else [int(recorded["wholeFrom"])]
    for source in (one for one in spec.reads.values() if isinstance(one, topic.Input) and one.topic in sources):
        future = source.rules.future_minutes if source.rules else 0
        state = cluster.topics[source.topic]
        is_another = recorded.get("topics", {}).get(source.topic, state.id) != state.id
        cut = {partition: first for partition, first in state.first.items() if is_another or first > 0}
        if cut:
            instants.append(_oldest(spark, spec, source, cut, state.end) + future * MINUTE_MS)
    return max(instants, default=None)


def only_whole(windows: DataFrame, whole_from: int | None) -> DataFrame:
    """The windows that begin at the instant or later; same columns. Rows that are of no window are all kept."""
    if whole_from is None or "window_start" not in windows.columns:
        return windows
    return windows.where(F.unix_millis("window_start") >= whole_from)


def _oldest(spark: SparkSession, spec: Spec, source: topic.Input, cut: Offsets, end: Offsets) -> int:
    """What was deleted from these partitions of a topic is not younger than this instant, in milliseconds since 1970: the latest of the times at which
    they begin, and now where nothing is left of one.

    Args:
        spark: the session.
        spec: the job's spec.
        source: the topic.
        cut: where the partitions begin.
        end: where they end.
    """
    ends = {partition: min(first + LOOKED_AT, end[partition]) for partition, first in cut.items()}
    records = _records(spark, spec, source, cut, ends)
    first = F.unix_millis(F.min("timestamp")).alias("first")
    begins = [int(row["first"]) for row in records.groupBy("partition").agg(first).collect()]
    return max(begins) if len(begins) == len(cut) else now_ms()


def _records(spark: SparkSession, spec: Spec, source: topic.Input, start: Offsets, end: Offsets) -> DataFrame:
    """Kafka's records of some partitions of a topic."""
    options = spec.kafka.source_options(source.topic, source.group_id_prefix)
    del options["subscribe"]
    options |= {
        "assign": json.dumps({source.topic: list(start)}),
        "startingOffsets": json.dumps({source.topic: start}),
        "endingOffsets": json.dumps({source.topic: end}),
    }
    return spark.read.format("kafka").options(**options).load()


def _of(offsets: Offsets, partition: int | str) -> int:
    return offsets.get(int(partition), 0)


def _from_words(whole_from: int | None) -> str:
    if whole_from is None:
        return "; the topics still hold their first records"
    moment = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(whole_from / 1000))
    return f"; the topics hold every event since {moment}, and windows that begin before stay as they are"
