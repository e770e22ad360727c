"""Kafka topics that jobs read and write. A stream reads one by `millrace.streaming.source`, a batch job from its first record to its last."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.formats.checks import Judged, fitting, judged
from millrace.formats.codecs import Codec, Reference, codec_of
from millrace.formats.framing import AvroCodec
from millrace.job.document import Name, at_least
from millrace.job.spec import Spec
from millrace.kafka.cluster import Offsets
from millrace.streaming.event_time import EventTimeRules

BATCH = "millrace.batch"
"""Header of what a stream writes: when its batch was planned, in milliseconds since 1970, as text."""


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
    replays: Name | None = None
    """The topic by which dead letters of this one come back; only for a stream."""


@dataclass(frozen=True)
class Output:
    """A topic that is written."""

    topic: Name
    max_message_bytes: Annotated[int, at_least(0)]
    """The largest record that the topic takes."""
    key: Reference | None = None
    value: Reference | None = None


def read(spark: SparkSession, spec: Spec, alias: str, *, deletions: bool = False) -> Judged:
    """Reads a topic in a batch job, from its first record to the last that is there now.

    Returns:
        `partition`, `offset`, `timestamp`, `batch` (bigint), `key`, `value` (as their schemas say; a key without one as string) and `reason`. A null value is
        nothing wrong where `deletions` says so. The batch is the number of that of the stream which wrote the record; null where others did.
    """
    return records_of(spark, spec, spec.input(alias, Input), deletions=deletions)


def records_of(
    spark: SparkSession, spec: Spec, source: Input, *, deletions: bool, span: Mapping[str, str] | None = None
) -> Judged:
    """The records of a topic from its first to its last, or of a span of it; see `read`."""
    key, value = codec_of(spark, spec, source.key), codec_of(spark, spec, source.value, source.topic)
    if spec.mode != "batch":
        value = following(spec, value, source.topic)
    options = spec.kafka.source_options(source.topic, source.group_id_prefix)
    options |= {"endingOffsets": "latest", "includeHeaders": "true", **(span or {})}
    records = spark.read.format("kafka").options(**options).load()
    return decoded(records, key, value, deletions=deletions)


def between(
    spark: SparkSession, spec: Spec, source: Input, start: Offsets, end: Offsets, *, deletions: bool = False
) -> Judged:
    """The records of a topic from offsets to those before others; every partition has one of each. See `read`."""
    edges = {"startingOffsets": start, "endingOffsets": end}
    span = {name: json.dumps({source.topic: offsets}) for name, offsets in edges.items()}
    return records_of(spark, spec, source, deletions=deletions, span=span)


def decoded(records: DataFrame, key: Codec, value: Codec, *, deletions: bool) -> Judged:
    """Decodes and judges Kafka's records; see `read`."""
    of_batch = F.filter(F.col("headers"), lambda header: header["key"] == BATCH)
    batch = F.try_element_at(of_batch, F.lit(1))["value"].cast("string").try_cast("bigint")
    given = records.select(
        "partition",
        "offset",
        "timestamp",
        batch.alias("batch"),
        F.col("key").alias("key_bytes"),
        F.col("value").alias("value_bytes"),
    )
    with_key, key_checks = key.decoded(given, "key_bytes", "key")
    with_value, value_checks = value.decoded(with_key, "value_bytes", "value")
    has_value = F.col("value_bytes").isNotNull()
    if deletions:
        value_checks = [(code, has_value & condition) for code, condition in value_checks]
        with_value = with_value.withColumn("value", F.when(has_value, F.col("value")))
    return judged(
        with_value, ["partition", "offset", "timestamp", "batch", "key", "value"], [*key_checks, *value_checks]
    )


def following(spec: Spec, codec: Codec, topic: str) -> Codec:
    """The codec with which a stream reads a topic: schemas that come up while it runs are asked for."""
    if not isinstance(codec, AvroCodec):
        return codec
    return replace(codec, topic=topic, unknown=spec.declared(spec.registry, "registry").unknown(topic))


def latest(records: DataFrame) -> DataFrame:
    """The last `value` of each `key` among records with a `batch` and an `offset`; a last record without a value says that there is none.

    Equal keys lie in one partition, so the offset tells which record came last. What a stream wrote in a later batch counts even if the end of
    an earlier one comes behind it, from a process that outlived its driver. What others wrote behind that counts as they wrote it.
    """
    said, batch = F.struct("offset", "value"), F.col("batch")
    of_streams = F.max_by(said, F.when(batch.isNotNull(), F.struct("batch", "offset")))
    of_others = F.max_by(said, F.when(batch.isNull(), F.col("offset")))
    both = records.groupBy("key").agg(of_streams.alias("of_streams"), of_others.alias("of_others"))
    is_of_others = F.col("of_streams").isNull() | (F.col("of_others.offset") > F.col("of_streams.offset"))
    value = F.when(is_of_others, F.col("of_others.value")).otherwise(F.col("of_streams.value"))
    return both.select("key", value.alias("value")).where(F.col("value").isNotNull())


def columns(
    spark: SparkSession, spec: Spec, output: Output, key: str | None = None
) -> Callable[[DataFrame], list[Column]]:
    """How rows become records: `key` and `value` (binary) in terms of the columns that the topic's schemas name.

    The column `key` is the key where its schema is of no record, or it has none. What a reader of the topic would refuse fails the job that
    writes it, with field and value.
    """
    of_key, of_value = codec_of(spark, spec, output.key), codec_of(spark, spec, output.value)

    def of_rows(rows: DataFrame) -> list[Column]:
        return [
            fitting(codec.encoded(column), codec.misfits(rows, column), f"{part}s of {output.topic}").alias(part)
            for part, codec, column in (("key", of_key, key), ("value", of_value, None))
        ]

    return of_rows


def key_columns(spark: SparkSession, spec: Spec, output: Output, key: str | None = None) -> list[str]:
    """The columns that make the key of a record; `key` as in `columns`."""
    return codec_of(spark, spec, output.key).names or ([] if key is None else [key])


def write(spec: Spec, alias: str, rows: DataFrame, key: str | None = None) -> None:
    """Writes the rows of a batch job, with the columns that the topic's schemas name; `key` as in `columns`."""
    output = spec.output(alias, Output)
    _save(spec, output, rows.select(*columns(rows.sparkSession, spec, output, key)(rows)))


def delete(spec: Spec, alias: str, rows: DataFrame, key: str | None = None) -> None:
    """Deletes keys of a compacted topic, each by a record without a value; `key` as in `columns`."""
    output = spec.output(alias, Output)
    encoded = codec_of(rows.sparkSession, spec, output.key).encoded(key).alias("key")
    _save(spec, output, rows.select(encoded, F.lit(None).cast("binary").alias("value")))


def _save(spec: Spec, output: Output, records: DataFrame) -> None:
    records.write.format("kafka").options(**spec.kafka.sink_options("gzip"), topic=output.topic).save()
