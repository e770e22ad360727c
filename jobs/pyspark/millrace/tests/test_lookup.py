"""Lookups: what each key says now, also where it was deleted, cannot be read, or changes while a stream runs."""

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.formats.codecs import TextCodec
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import schema_of
from millrace.kafka.dead_letters import HEADERS
from millrace.kinds import lookup, topic
from millrace.streaming.progress import progress_fields
from millrace.tests.frames import frame_of
from millrace.tests.specs import DOCUMENT, spec_of

PLACE = json.dumps({"type": "object", "properties": {"place": {"type": "string"}}, "required": ["place"]})
RECORDS = f"partition int, offset bigint, key binary, value binary, timestamp timestamp, headers {HEADERS}"


def place(name: str) -> bytes:
    return json.dumps({"place": name}).encode()


def test_a_key_says_what_its_last_readable_record_says(spark: SparkSession) -> None:
    records = [
        (0, 1, b"attic", place("Ulm")),
        (0, 2, b"attic", place("Bonn")),
        (0, 3, b"cellar", place("Hof")),
        (0, 4, b"cellar", None),
        (0, 5, b"attic", b"{}"),
        (0, 6, b"roof", b"{}"),
    ]
    frame = frame_of(spark, [(*one, None, None) for one in records], RECORDS)
    judged = topic.decoded(frame, TextCodec(), JsonCodec(schema_of(PLACE, "place")), deletions=True)
    rows = lookup.current(judged, "stations").collect()
    assert [(row.key, row.value.place) for row in rows] == [("attic", "Bonn")]


def test_a_stream_meets_what_a_key_says_now_and_counts_what_it_cannot_read(spark: SparkSession, tmp_path: Path) -> None:
    """Files stand for the topics: both are read anew in each batch."""
    stations, readings = ((tmp_path / name).as_uri() for name in ("stations", "readings"))

    def write(path: str, rows: list[tuple[object, ...]], form: str) -> None:
        frame_of(spark, rows, form).write.mode("append").parquet(path)

    write(stations, [(0, 1, b"attic", place("Ulm"), None, None), (0, 2, b"roof", b"{}", None, None)], RECORDS)
    write(readings, [("attic",)], "sensor string")
    judged = topic.decoded(
        spark.read.parquet(stations), TextCodec(), JsonCodec(schema_of(PLACE, "place")), deletions=True
    )
    known = lookup.current(judged, "stations").select("key", "value.place")
    events = spark.readStream.schema("sensor string").parquet(readings)
    located = events.join(known, events.sensor == known.key, "left").select("sensor", "place")
    writer = located.writeStream.queryName("located").format("memory").trigger(availableNow=True)
    run = writer.option("checkpointLocation", (tmp_path / "checkpoint").as_uri()).start()
    run.awaitTermination(60)
    assert [tuple(row) for row in spark.table("located").collect()] == [("attic", "Ulm")]
    told = json.loads(run.recentProgress[0].json)
    assert told["observedMetrics"] == {"unreadable_stations": {"rows": 1}}
    fields = progress_fields(told | {"observedMetrics": {**told["observedMetrics"], "rows_in_readings": {"rows": 1}}})
    assert fields is not None
    assert fields["unreadable"] == 1


def test_a_job_without_the_lookup_is_told_so(spark: SparkSession) -> None:
    with pytest.raises(JobError, match="reads no lookup 'stations'"):
        lookup.read(spark, spec_of(reads=DOCUMENT["reads"]), "stations")


def test_a_topic_that_is_followed_may_be_read_as_a_lookup_too(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[topic.Input] = []

    def records_of(_spark: SparkSession, _spec: object, source: topic.Input, *, deletions: bool) -> None:
        assert deletions
        asked.append(source)

    monkeypatch.setattr(topic, "records_of", records_of)
    monkeypatch.setattr(lookup, "current", lambda records, _alias: records)
    spec = spec_of()
    followed = next(alias for alias, part in spec.reads.items() if isinstance(part, topic.Input))
    lookup.read(spark, spec, followed)
    part = spec.input(followed, topic.Input)
    assert asked == [topic.Input(part.topic, part.group_id_prefix, part.key, part.value)]
