"""The events of a topic, each judged by what its record says: good ones for the transforms of a pipeline, the others for the dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.formats.checks import Check, Judged, judged
from millrace.formats.codecs import Codec, codec_of
from millrace.job.spec import Spec
from millrace.kafka.dead_letters import first_timestamp
from millrace.kinds import topic
from millrace.streaming.event_time import EventTimeRules, event_time_checks

KAFKA_COLUMNS = ("key", "value", "topic", "partition", "offset", "timestamp", "headers")


@dataclass(frozen=True)
class Source:
    """A topic that a stream follows."""

    alias: str
    judged: Judged
    """Kafka's columns, `first_timestamp` (timestamp), `event` (what its schema says) and `reason`."""
    good: DataFrame
    """The fields of the good events, with the watermark on their time."""


def read_events(
    spark: SparkSession, spec: Spec, alias: str, time: str | None = None, checks: Sequence[Check] = ()
) -> Source:
    """Follows a topic.

    Args:
        spark: the session.
        spec: the job's spec.
        alias: the topic among the job's `reads`.
        time: the field that says when an event happened (timestamp); None where nothing does.
        checks: what else can be wrong with an event, in terms of `event.FIELD`.
    """
    source = spec.input(alias, topic.Input)
    options = spec.kafka.stream_options(source.topic, source.group_id_prefix)
    records = spark.readStream.format("kafka").options(**options).load()
    rules = spec.declared(source.rules, f"rules for {alias}")
    found = judge(records, codec_of(spark, spec, source.value, source.topic), rules, time, checks)
    good = found.good().select("event.*")
    if time is not None and rules.watermark_delay_ms is not None:
        good = good.withWatermark(time, f"{rules.watermark_delay_ms} milliseconds")
    return Source(alias, found, good)


def judge(
    records: DataFrame, value: Codec, rules: EventTimeRules, time: str | None = None, checks: Sequence[Check] = ()
) -> Judged:
    """Decodes and judges Kafka's records from nothing but themselves, so that a replay decides the same way; see `read_events`."""
    dated = records.select(
        *KAFKA_COLUMNS, first_timestamp(F.col("headers"), F.col("timestamp")).alias("first_timestamp")
    )
    frame, all_checks = value.decoded(dated, "value", "event")
    all_checks += checks
    if time is not None:
        event, first, own = (F.col(name) for name in (f"event.{time}", "first_timestamp", "timestamp"))
        all_checks += event_time_checks(event, first, own, rules)
    return judged(frame, [*dated.columns, "event"], all_checks)
