"""Kafka topics that jobs read and write. A stream reads one by `millrace.streaming.source`, a batch job from its first record to its last."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.formats.checks import Judged, judged
from millrace.formats.codecs import Codec, Reference, codec_of
from millrace.job.document import Name
from millrace.job.spec import Spec
from millrace.streaming.event_time import EventTimeRules


@dataclass(frozen=True)
class Input:
    """A topic that is read."""

    topic: Name
    group_id_prefix: Name
    """How the names of the job's consumer groups begin."""
    key: Reference | None = None
    value: Reference | None = None
    rules: EventTimeRules | None = None
    """Only for a stream."""


@dataclass(frozen=True)
class Output:
    """A topic that is written."""

    topic: Name
    key: Reference | None = None
    value: Reference | None = None


def read(spark: SparkSession, spec: Spec, alias: str, *, deletions: bool = False) -> Judged:
    """Reads a topic in a batch job, from its first record to the last that is there now.

    Returns:
        `partition`, `offset`, `key`, `value` (as their schemas say; a key without one as string) and `reason`. A null value is nothing wrong
        where `deletions` says so.
    """
    return records_of(spark, spec, spec.input(alias, Input), deletions=deletions)


def records_of(spark: SparkSession, spec: Spec, source: Input, *, deletions: bool) -> Judged:
    """The records of a topic from its first to its last; see `read`."""
    key, value = codec_of(spark, spec, source.key), codec_of(spark, spec, source.value, source.topic)
    options = spec.kafka.source_options(source.topic, source.group_id_prefix)
    records = spark.read.format("kafka").options(**options).option("endingOffsets", "latest").load()
    return decoded(records, key, value, deletions=deletions)


def decoded(records: DataFrame, key: Codec, value: Codec, *, deletions: bool) -> Judged:
    """Decodes and judges Kafka's records; see `read`."""
    given = records.select("partition", "offset", F.col("key").alias("key_bytes"), F.col("value").alias("value_bytes"))
    with_key, key_checks = key.decoded(given, "key_bytes", "key")
    with_value, value_checks = value.decoded(with_key, "value_bytes", "value")
    has_value = F.col("value_bytes").isNotNull()
    if deletions:
        value_checks = [(code, has_value & condition) for code, condition in value_checks]
        with_value = with_value.withColumn("value", F.when(has_value, F.col("value")))
    return judged(with_value, ["partition", "offset", "key", "value"], [*key_checks, *value_checks])


def latest(records: DataFrame) -> DataFrame:
    """The last `value` of each `key` among records with an `offset`; a last record without a value says that there is none.

    Equal keys lie in one partition, so the offset tells which record came last.
    """
    last = records.groupBy("key").agg(F.max_by("value", "offset").alias("value"))
    return last.where(F.col("value").isNotNull())


def columns(spark: SparkSession, spec: Spec, output: Output, key: str | None = None) -> list[Column]:
    """How rows become records: `key` and `value` (binary) in terms of the columns that the topic's schemas name.

    The column `key` is the key where its schema is of no record, or it has none.
    """
    of_key, of_value = codec_of(spark, spec, output.key), codec_of(spark, spec, output.value)
    return [of_key.encoded(key).alias("key"), of_value.encoded().alias("value")]


def write(spec: Spec, alias: str, rows: DataFrame, key: str | None = None) -> None:
    """Writes the rows of a batch job, with the columns that the topic's schemas name; `key` as in `columns`."""
    output = spec.output(alias, Output)
    made = rows.select(*columns(rows.sparkSession, spec, output, key))
    made.write.format("kafka").options(**spec.kafka.sink_options("gzip"), topic=output.topic).save()
