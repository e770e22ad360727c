"""When an event reached its topic first, and how far the watermark stays behind: from the record and the declaration alone."""

import json
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from millrace.formats.checks import Judged
from millrace.formats.framing import AvroCodec
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import read_schema, schema_of
from millrace.formats.registry import Registry
from millrace.kafka.dead_letters import FIRST_TIMESTAMP, HEADERS
from millrace.streaming import source
from millrace.streaming.event_time import EventTimeRules
from millrace.streaming.source import BatchRules, Beside, judge, read_events
from millrace.tests.frames import frame_of
from millrace.tests.specs import DOCUMENT, spec_of

NOW = datetime(2026, 5, 21, 10, 3, tzinfo=UTC)
YESTERDAY = NOW - timedelta(days=1)
RULES = EventTimeRules(lateness_minutes=10, future_minutes=10, replay_minutes=7 * 1440, watermark_delay_ms=60_000)
KAFKA = f"key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, headers {HEADERS}"


def schema_in(folder: Path) -> str:
    path = folder / "reading.json"
    at = {"type": "string", "format": "date-time"}
    path.write_text(json.dumps({"type": "object", "properties": {"at": at}, "required": ["at"]}))
    return path.as_uri()


@pytest.mark.parametrize(
    ("topic", "event", "reason"),
    [
        ("shop.replays", YESTERDAY, None),
        ("shop.replays", YESTERDAY - timedelta(minutes=11), "late"),
        ("shop.replays", YESTERDAY + timedelta(minutes=11), "future"),
        ("shop.readings", YESTERDAY, "late"),
        ("shop.readings", NOW, None),
    ],
)
def test_a_header_says_when_an_event_came_first_on_the_topic_of_replays_only(
    spark: SparkSession, tmp_path: Path, topic: str, event: datetime, reason: str | None
) -> None:
    headers = [(FIRST_TIMESTAMP, str(int(YESTERDAY.timestamp() * 1000)).encode())]
    row = (None, json.dumps({"at": event.isoformat()}).encode(), topic, 0, 0, NOW, headers)
    codec = JsonCodec(read_schema(spark, schema_in(tmp_path)))
    found = judge(spark.createDataFrame([row], KAFKA), codec, RULES, "at", replays="shop.replays")
    first = YESTERDAY if topic == "shop.replays" else NOW
    judged = found.frame.select("reason", "first_timestamp").collect()
    assert [(one.reason, one.first_timestamp.astimezone(UTC)) for one in judged] == [(reason, first)]


def test_the_watermark_stays_so_many_milliseconds_behind(spark: SparkSession, tmp_path: Path) -> None:
    rules = DOCUMENT["reads"]["readings"]["rules"] | {"watermarkDelayMs": 90_000}
    value = {"format": "json", "url": schema_in(tmp_path)}
    reads = {"readings": DOCUMENT["reads"]["readings"] | {"value": value, "rules": rules}}
    followed = read_events(spark, spec_of(reads=reads, checkpoint=tmp_path.as_uri()), "readings", "at")
    plan = followed.good._jdf.queryExecution().analyzed().toString()
    assert "1 minutes 30 seconds" in plan


def test_the_next_start_judges_a_batch_that_was_not_finished_as_it_was_begun(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What has come into force meanwhile, a lateness and a schema, is for the batch behind it."""
    schema = json.dumps({"type": "record", "name": "Reading", "fields": [{"name": "level", "type": "int"}]})
    monkeypatch.setattr(Registry, "schemas_of_values", lambda *_: {2: schema, 9: schema})
    monkeypatch.setattr(Registry, "schema", lambda *_: schema)
    used: list[AvroCodec] = []

    def judged_by(records: object, codec: AvroCodec, *rest: object, **words: object) -> Judged:
        used.append(codec)
        return judge(records, codec, *rest, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(source, "judge", judged_by)
    began = BatchRules(replace(RULES, lateness_minutes=60), schemas=(2,), unknown=(9,))
    for log in ("offsets", "commits"):
        (tmp_path / "query" / log).mkdir(parents=True)
    (tmp_path / "rules.json").write_text(json.dumps({"readings": asdict(began)}))
    (tmp_path / "query" / "offsets" / "0").write_text("v1")
    spec = spec_of(checkpoint=tmp_path.as_uri())

    repeating = read_events(spark, spec, "readings")
    assert (repeating.is_repeating, repeating.rules) == (True, began)
    assert (set(used[-1].schemas), set(used[-1].unknown)) == ({2}, {9})
    (tmp_path / "query" / "commits" / "0").write_text("v1")
    going_on = read_events(spark, spec, "readings")
    assert (going_on.is_repeating, going_on.rules.event_time.lateness_minutes) == (False, 10)
    assert (set(used[-1].schemas), set(used[-1].unknown)) == ({2, 9}, set())


def test_a_stream_follows_the_topic_of_replays_beside_its_source(spark: SparkSession, tmp_path: Path) -> None:
    value = {"format": "json", "url": schema_in(tmp_path)}
    readings = DOCUMENT["reads"]["readings"] | {"value": value, "replays": "shop.replays"}
    followed = read_events(spark, spec_of(reads={"readings": readings}, checkpoint=tmp_path.as_uri()), "readings", "at")
    assert followed.topics == ("shop.readings", "shop.replays")
    assert "shop.readings,shop.replays" in followed.good._jdf.queryExecution().analyzed().toString()


def test_a_check_may_need_what_a_lookup_says_of_an_event_and_no_record_is_lost_by_it(spark: SparkSession) -> None:
    sensor = {"type": "object", "properties": {"sensor": {"type": "string"}}, "required": ["sensor"]}
    values = [b'{"sensor":"attic"}', b'{"sensor":"roof"}', b"{}"]
    records = frame_of(spark, [(None, value, "r", 0, at, NOW, None) for at, value in enumerate(values)], KAFKA)
    places = frame_of(spark, [("attic", "Ulm"), ("cellar", "Bonn")], "key string, value string")
    codec = JsonCodec(schema_of(json.dumps(sensor), "sensor"))
    checks = [("unknown-sensor", F.col("place").isNull())]
    found = judge(records, codec, RULES, checks=checks, beside=[Beside("place", places, "sensor")])
    rows = found.frame.select("offset", "reason", "place").orderBy("offset").collect()
    assert [tuple(row) for row in rows] == [(0, None, "Ulm"), (1, "unknown-sensor", None), (2, "missing-sensor", None)]
