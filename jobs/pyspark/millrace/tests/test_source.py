"""By which rules the events of a batch are judged, and what becomes of a schema that nobody knew when the stream began."""

import json
from dataclasses import asdict

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from millrace.formats.checks import judged
from millrace.formats.framing import MOST_ASKED, AvroCodec, asked_for
from millrace.job.run import spark_message
from millrace.streaming.event_time import EventTimeRules
from millrace.streaming.source import BatchRules
from millrace.tests.frames import frame_of

LATE = EventTimeRules(lateness_minutes=10, future_minutes=10, replay_minutes=0, watermark_delay_ms=60_000)
LATER = EventTimeRules(lateness_minutes=60, future_minutes=10, replay_minutes=0, watermark_delay_ms=60_000)
SCHEMA = json.dumps({"type": "record", "name": "Reading", "fields": [{"name": "level", "type": "int"}]})


def test_a_batch_that_is_repeated_is_judged_as_before() -> None:
    recorded = BatchRules.of(json.loads(json.dumps(asdict(BatchRules(LATE, (1, 2), (9,))))))
    now = BatchRules(LATER, (1, 2, 9, 12), (11,))
    # 9 was a dead letter's; 12 ended the batch whenever it came, so that no record of it went anywhere.
    assert now.repeating(recorded) == BatchRules(LATE, (1, 2, 12), (9, 11))


def test_where_ids_were_asked_for_no_more_none_is_added() -> None:
    recorded = BatchRules(LATE, (1,), tuple(range(100, 100 + MOST_ASKED)))
    assert BatchRules(LATE, (1, 2)).repeating(recorded) == recorded


def reasons(spark: SparkSession, codec: AvroCodec, *ids: int) -> list[str | None]:
    values = [(b"\0" + number.to_bytes(4, "big") + b"\x0e",) for number in ids]
    found, checks = codec.decoded(frame_of(spark, values, "value binary"), "value", "event")
    return [row.reason for row in judged(found, ["event"], checks).frame.collect()]


def test_an_id_that_comes_up_is_asked_for_once(spark: SparkSession) -> None:
    codec = AvroCodec(7, {7: SCHEMA}, topic="shop.readings", unknown=frozenset({9}))
    assert reasons(spark, codec, 7, 9) == [None, "unknown-schema-id"]
    with pytest.raises(PySparkException) as caught:
        reasons(spark, codec, 7, 2**31 + 5)
    assert asked_for(f"The query failed: {spark_message(caught.value)}") == ("shop.readings", 2**31 + 5)
    assert asked_for("The query failed: topic is gone") is None


def test_garbage_without_end_is_not_asked_for_without_end(spark: SparkSession) -> None:
    codec = AvroCodec(7, {7: SCHEMA}, topic="shop.readings", unknown=frozenset(range(100, 100 + MOST_ASKED)))
    assert reasons(spark, codec, 9) == ["unknown-schema-id"]
    assert reasons(spark, AvroCodec(7, {7: SCHEMA}), 9) == ["unknown-schema-id"]
