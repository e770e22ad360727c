"""Compacted topics read as what they say now: the latest value of each key, where a null value deletes."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.formats.checks import Judged
from millrace.job.spec import Spec
from millrace.kinds import topic
from millrace.streaming.progress import UNREADABLE


@dataclass(frozen=True)
class Input(topic.Input):
    """A topic whose records are values by key."""

    rules: None = field(default=None, init=False)


def read(spark: SparkSession, spec: Spec, alias: str) -> DataFrame:
    """Reads a lookup as the static side of a join. Spark reads it again in each micro-batch, so that an event meets what a key says then.

    Args:
        spark: the session.
        spec: the job's spec.
        alias: the lookup among the job's `reads`, or a topic that the stream follows as well.

    Returns:
        `key` and `value` (as the topic's schemas say), each key once. Records that cannot be read are left out; the progress of a stream says how
        many there are.

    Raises:
        JobError: when a schema cannot be had.
    """
    followed = isinstance(spec.reads.get(alias), topic.Input)
    lookup = spec.input(alias, topic.Input if followed else Input)
    source = topic.Input(lookup.topic, lookup.group_id_prefix, lookup.key, lookup.value)
    return current(topic.records_of(spark, spec, source, deletions=True), alias)


def current(records: Judged, alias: str) -> DataFrame:
    """What each key says now; see `read`."""
    counted = records.frame.observe(UNREADABLE + alias, F.count("reason").alias("rows"))
    return topic.latest(counted.where(F.col("reason").isNull()))
