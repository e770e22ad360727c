"""Compacted topics read as what they say now: the latest value of each key, where a null value deletes."""

from __future__ import annotations

from dataclasses import dataclass, field

from pyspark.sql import DataFrame, SparkSession

from millrace.job.spec import Spec
from millrace.kinds import topic


@dataclass(frozen=True)
class Input(topic.Input):
    """A topic whose records are values by key."""

    rules: None = field(default=None, init=False)


def read(spark: SparkSession, spec: Spec, alias: str) -> DataFrame:
    """Reads a lookup as the static side of a join. Spark reads it again in each micro-batch, so that an event meets what a key says then.

    Args:
        spark: the session.
        spec: the job's spec.
        alias: the lookup among the job's `reads`.

    Returns:
        `key` and `value` (as the topic's schemas say), each key once. Records that cannot be read are left out.

    Raises:
        JobError: when a schema cannot be had.
    """
    lookup = spec.input(alias, Input)
    source = topic.Input(lookup.topic, lookup.group_id_prefix, lookup.key, lookup.value)
    return topic.latest(topic.records_of(spark, spec, source, deletions=True).good())
