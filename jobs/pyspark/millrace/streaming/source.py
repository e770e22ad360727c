"""The events of a topic, each judged by what its record says: good ones for the transforms of a pipeline, the others for the dead letters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.formats.checks import Check, Judged, judged
from millrace.formats.codecs import Codec, codec_of
from millrace.formats.framing import MOST_ASKED, AvroCodec
from millrace.job.spec import Spec
from millrace.kafka.dead_letters import first_timestamp
from millrace.kinds import topic
from millrace.streaming.checkpoint import RULES, Checkpoint
from millrace.streaming.event_time import EventTimeRules, event_time_checks

KAFKA_COLUMNS = ("key", "value", "topic", "partition", "offset", "timestamp", "headers")


@dataclass(frozen=True)
class BatchRules:
    """By what the events of a batch are judged. A batch that is repeated is judged by the same, so that no record goes two ways, or none."""

    event_time: EventTimeRules
    schemas: tuple[int, ...] = ()
    """Ids of the schemas of values, where they are Avro."""
    unknown: tuple[int, ...] = ()
    """Ids that were asked for and are of no schema."""

    def repeating(self, recorded: BatchRules) -> BatchRules:
        """The rules for a batch that was judged by others. A schema that was asked for neither way was of no record yet, and may be added."""
        if len(recorded.unknown) >= MOST_ASKED:
            return recorded
        unknown = {*recorded.unknown, *self.unknown} - set(recorded.schemas)
        schemas = {*recorded.schemas, *self.schemas} - unknown
        return BatchRules(recorded.event_time, tuple(sorted(schemas)), tuple(sorted(unknown)))

    @staticmethod
    def of(document: dict[str, Any]) -> BatchRules:
        """Reads what `asdict` wrote."""
        return BatchRules(
            EventTimeRules(**document["event_time"]), tuple(document["schemas"]), tuple(document["unknown"])
        )


@dataclass(frozen=True)
class Beside:
    """What a lookup says of a field of an event: beside it, so that checks and transforms see both."""

    name: str
    """The column; null where the lookup says nothing."""
    lookup: DataFrame
    """`key` (string) and `value`, each key once; see `millrace.kinds.lookup.read`."""
    field: str
    """The field of the event (string) that is the key."""


@dataclass(frozen=True)
class Source:
    """A topic that a stream follows."""

    alias: str
    judged: Judged
    """Kafka's columns, `first_timestamp` (timestamp), `event` (what its schema says) and `reason`."""
    good: DataFrame
    """The fields of the good events and what is beside them and of their records, with the watermark on their time."""
    topics: tuple[str, ...]
    """The one that is followed, and that of its replays."""
    rules: BatchRules
    """By which they are judged."""
    is_repeating: bool = False
    """Whether these are the rules of a batch that is to be repeated, and others will be in force after it."""


def read_events(
    spark: SparkSession,
    spec: Spec,
    alias: str,
    time: str | None = None,
    checks: Sequence[Check] = (),
    beside: Sequence[Beside] = (),
    appended: str | None = None,
    *,
    deletions: bool = False,
) -> Source:
    """Follows a topic.

    Args:
        spark: the session.
        spec: the job's spec.
        alias: the topic among the job's `reads`.
        time: the field that says when an event happened (timestamp); None where nothing does.
        checks: what else can be wrong with an event, in terms of `event.FIELD` and of what is beside it.
        beside: what lookups say of it.
        appended: a column of the good events for when their records first reached the topic (timestamp); None: they have none.
        deletions: whether a record without a value, by which a compacted topic forgets a key, is nothing wrong; it is no event either.
    """
    source = spec.input(alias, topic.Input)
    topics = (source.topic,) if source.replays is None else (source.topic, source.replays)
    options = spec.kafka.stream_options(",".join(topics), source.group_id_prefix)
    records = spark.readStream.format("kafka").options(**options).load()
    codec = topic.following(spec, codec_of(spark, spec, source.value, source.topic), source.topic)
    now = BatchRules(
        spec.declared(source.rules, f"rules for {alias}"),
        *((tuple(sorted(codec.schemas)), tuple(sorted(codec.unknown))) if isinstance(codec, AvroCodec) else ()),
    )
    checkpoint = Checkpoint(spark, spec.declared(spec.checkpoint, "checkpoint"))
    recorded = recorded_rules(checkpoint, alias, or_none=spec.rebuild)
    rules = now if recorded is None else now.repeating(recorded)
    if isinstance(codec, AvroCodec) and rules != now:
        registry = spec.declared(spec.registry, "registry")
        schemas = {schema_id: registry.schema(schema_id) for schema_id in {*rules.schemas, codec.id}}
        codec = replace(codec, schemas=schemas, unknown=frozenset(rules.unknown))
    found = judge(records, codec, rules.event_time, time, checks, source.replays, beside, deletions=deletions)
    of_record = [] if appended is None else [F.col("first_timestamp").alias(appended)]
    events = found.good().where(F.col("value").isNotNull()) if deletions else found.good()
    good = events.select("event.*", *[one.name for one in beside], *of_record)
    if time is not None and rules.event_time.watermark_delay_ms is not None:
        good = good.withWatermark(time, f"{rules.event_time.watermark_delay_ms} milliseconds")
    return Source(alias, found, good, topics, rules, is_repeating=rules != now)


def recorded_rules(checkpoint: Checkpoint, alias: str, *, or_none: bool = False) -> BatchRules | None:
    """The rules of the batch that the next start repeats; None where it repeats none, or where they are damaged and that will do."""
    document = (checkpoint.read(RULES, or_none=or_none) or {}).get(alias) if checkpoint.is_unfinished() else None
    return None if document is None else BatchRules.of(document)


def judge(
    records: DataFrame,
    value: Codec,
    rules: EventTimeRules,
    time: str | None = None,
    checks: Sequence[Check] = (),
    replays: str | None = None,
    beside: Sequence[Beside] = (),
    *,
    deletions: bool = False,
) -> Judged:
    """Decodes and judges Kafka's records from nothing but themselves, so that a replay decides the same way; see `read_events`.

    Whoever may write the source may write any header, so only those on the topic of replays are believed.
    """
    own = first = F.col("timestamp")
    if replays is not None:
        first = F.when(F.col("topic") == replays, first_timestamp(F.col("headers"), own)).otherwise(own)
    dated = records.select(*KAFKA_COLUMNS, first.alias("first_timestamp"))
    frame, all_checks = value.decoded(dated, "value", "event")
    all_checks += checks
    if deletions:
        all_checks = [(code, F.col("value").isNotNull() & condition) for code, condition in all_checks]
    if time is not None:
        all_checks += event_time_checks(F.col(f"event.{time}"), F.col("first_timestamp"), own, rules)
    for one in beside:
        known = one.lookup.select(F.col("key").alias(f"_{one.name}"), F.col("value").alias(one.name))
        frame = frame.join(F.broadcast(known), F.col("event")[one.field] == F.col(f"_{one.name}"), "left")
    return judged(frame, [*dated.columns, "event", *[one.name for one in beside]], all_checks)
