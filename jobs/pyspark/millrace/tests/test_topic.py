"""Topics in batch jobs: what can be read, what is a deletion, and which value of a key counts."""

import json
from datetime import UTC, datetime

import pytest
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, Row, SparkSession

from millrace.errors import JobError
from millrace.formats.checks import fitting
from millrace.formats.codecs import Codec, TextCodec
from millrace.formats.framing import AvroCodec
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import schema_of
from millrace.job.run import spark_message
from millrace.kafka.dead_letters import HEADERS
from millrace.kinds import topic
from millrace.tests.frames import frame_of


def avro(schema_id: int, *fields: tuple[str, str]) -> AvroCodec:
    declared = [{"name": name, "type": kind} for name, kind in fields]
    return AvroCodec(schema_id, {schema_id: json.dumps({"type": "record", "name": "Any", "fields": declared})})


KEY, VALUE = avro(5, ("town", "string"), ("day", "int")), avro(6, ("town", "string"), ("level", "long"))


def decoded(spark: SparkSession, *, deletions: bool) -> list[Row]:
    made = frame_of(spark, [("Ulm", 7, 12)], "town string, day int, level bigint")
    good = made.select(KEY.encoded().alias("key"), VALUE.encoded().alias("value")).collect()[0]
    records = [
        (0, 1, good.key, good.value),
        (0, 2, good.key, None),
        (0, 3, None, good.value),
        (0, 4, good.key, b"\x00\x00\x00\x00\x06\xff"),
        (0, 5, good.key, b"{}"),
        (0, 6, good.value, good.value),
    ]
    frame = frame_of(
        spark,
        [(*one, None, None) for one in records],
        f"partition int, offset bigint, key binary, value binary, timestamp timestamp, headers {HEADERS}",
    )
    return topic.decoded(frame, KEY, VALUE, deletions=deletions).frame.orderBy("offset").collect()


def test_what_cannot_be_read_is_told_and_a_deletion_is_no_fault(spark: SparkSession) -> None:
    rows = decoded(spark, deletions=True)
    assert [row.reason for row in rows] == [None, None, "null-value", "undecodable", "not-framed", "unknown-schema-id"]
    assert (rows[0].key.town, rows[0].value.level, rows[1].value) == ("Ulm", 12, None)


def test_where_nothing_is_deleted_a_null_value_is_wrong(spark: SparkSession) -> None:
    assert [row.reason for row in decoded(spark, deletions=False)][:2] == [None, "null-value"]


def test_keys_may_be_text_and_values_json(spark: SparkSession) -> None:
    schema = {"type": "object", "properties": {"level": {"type": "integer"}}, "required": ["level"]}
    records = [(0, 1, b"Ulm", b'{"level":3}'), (0, 2, b"Ulm", b"{}"), (0, 3, None, None)]
    frame = frame_of(
        spark,
        [(*one, None, None) for one in records],
        f"partition int, offset bigint, key binary, value binary, timestamp timestamp, headers {HEADERS}",
    )
    found = topic.decoded(frame, TextCodec(), JsonCodec(schema_of(json.dumps(schema), "x")), deletions=True)
    rows = found.frame.orderBy("offset").collect()
    assert [(row.key, row.reason) for row in rows] == [("Ulm", None), ("Ulm", "missing-level"), (None, None)]
    assert (rows[0].value.level, rows[2].value) == (3, None)
    assert found.reasons == ("null-value", "not-json", "not-an-object", "missing-level", "bad-level")


def test_keys_and_values_may_both_be_json(spark: SparkSession) -> None:
    """As keys of windows are: of no number, beside values with some."""
    text, at = {"type": "string"}, {"type": "string", "format": "date-time"}
    key = schema_of(json.dumps({"type": "object", "properties": {"town": text, "at": at}}), "key")
    value = schema_of(
        json.dumps({"type": "object", "properties": {"town": text, "level": {"type": "integer"}, "at": at}}), "value"
    )
    at_noon = b'"at":"2026-05-21T12:00:00Z"}'
    record = (0, 1, b'{"town":"Ulm",' + at_noon, b'{"town":"Ulm","level":3,' + at_noon, None, None)
    frame = frame_of(
        spark,
        [record],
        f"partition int, offset bigint, key binary, value binary, timestamp timestamp, headers {HEADERS}",
    )
    found = topic.decoded(frame, JsonCodec(key), JsonCodec(value), deletions=True).frame.collect()
    assert [(row.key.town, row.value.level, row.reason) for row in found] == [("Ulm", 3, None)]


def test_the_last_record_of_a_key_counts_and_deleted_ones_are_gone(spark: SparkSession) -> None:
    def total(offset: int, town: str, level: int | None, day: int = 1, batch: int = 5) -> tuple[object, ...]:
        return (batch, offset, (town, day), None if level is None else (level,))

    records = [
        total(1, "Ulm", 1),
        total(7, "Ulm", 30),
        total(3, "Ulm", 2),
        total(2, "Bonn", 5, day=2),
        total(4, "Bonn", 6),
        total(5, "Hof", 1),
        total(9, "Hof", None),
        # Written by a process that outlived its driver.
        total(10, "Ulm", 29, batch=4),
    ]
    form = "batch bigint, offset bigint, key struct<town:string,day:int>, value struct<level:int>"
    rows = topic.latest(frame_of(spark, records, form)).orderBy("key").collect()
    assert [(*row.key, row.value.level) for row in rows] == [("Bonn", 1, 6), ("Bonn", 2, 5), ("Ulm", 1, 30)]


def test_the_batch_of_a_record_is_in_its_header_or_else_its_own_time(spark: SparkSession) -> None:
    at = datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC)
    headers = [[("trace", b"1"), ("millrace.batch", b"6500")], [("trace", b"1")], None, [("millrace.batch", b"x")]]
    records = [(0, offset, b"k", b"{}", at, one) for offset, one in enumerate(headers)]
    form = f"partition int, offset bigint, key binary, value binary, timestamp timestamp, headers {HEADERS}"
    found = topic.decoded(frame_of(spark, records, form), TextCodec(), LEVELS, deletions=False)
    assert [row.batch for row in found.frame.orderBy("offset").collect()] == [6_500, 7_000, 7_000, 7_000]


def test_a_key_without_a_schema_is_the_text_of_a_column(spark: SparkSession) -> None:
    row = (
        spark.range(1).select(TextCodec().encoded("id").alias("key"), TextCodec().encoded().alias("none")).collect()[0]
    )
    assert (bytes(row.key), row.none) == (b"0", None)


LEVEL = {
    "town": {"type": "string", "minLength": 2},
    "level": {"type": ["number", "null"], "multipleOf": 0.1, "maximum": 50},
}
LEVELS = JsonCodec(schema_of(json.dumps({"type": "object", "properties": LEVEL}), "levels"))
MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 4, "scale": 2}
SALE = {
    "type": "record",
    "name": "Sale",
    "fields": [{"name": "shop", "type": "string"}, {"name": "sum", "type": MONEY}],
}
SOLD = AvroCodec(3, {3: json.dumps(SALE)})


def written(rows: DataFrame, codec: Codec) -> list[bytes]:
    made = rows.select(fitting(codec.encoded(), codec.misfits(rows), "values of shop.levels").alias("value"))
    return [bytes(row.value) for row in made.collect()]


@pytest.mark.parametrize(
    ("level", "json_text"), [("12.50D", "12.5"), ("12.50BD", "12.50"), ("7", "7"), ("CAST(NULL AS DOUBLE)", "null")]
)
def test_what_fits_its_schema_is_written_as_it_is(spark: SparkSession, level: str, json_text: str) -> None:
    assert written(spark.sql(f"SELECT 'Ulm' AS town, {level} AS level"), LEVELS) == [
        f'{{"town":"Ulm","level":{json_text}}}'.encode()
    ]


@pytest.mark.parametrize(
    ("codec", "columns", "told"),
    [
        (LEVELS, "'Ulm' AS town, avg(l) AS level FROM VALUES (1.1), (1.2) AS t(l)", "level is 1.15"),
        (
            LEVELS,
            "'Ulm' AS town, 0.1D + 0.2D AS level",
            "level is 0.30000000000000004; allowed: number, multipleOf 0.1",
        ),
        (LEVELS, "'Ulm' AS town, double('NaN') AS level", "level is NaN"),
        (LEVELS, "'Ulm' AS town, 50.1 AS level", "level is 50.1; allowed: number, multipleOf 0.1, maximum 50 or null."),
        (LEVELS, "'U' AS town, 1 AS level", "town is U; allowed: string, minLength 2."),
        (LEVELS, "CAST(NULL AS STRING) AS town, 1 AS level", "town is null"),
        (LEVELS, "CAST(X'4BF66C6E' AS STRING) AS town, 1 AS level", "town is K"),
        (SOLD, "'Ulm' AS shop, 100.00 AS sum", "sum is 100.00; allowed: {"),
        (SOLD, "'Ulm' AS shop, 1.005 AS sum", "sum is 1.005"),
        (SOLD, "CAST(NULL AS STRING) AS shop, 1.00 AS sum", "shop is null"),
        (SOLD, "CAST(X'4BF66C6E' AS STRING) AS shop, 1.00 AS sum", "shop is K"),
    ],
)
def test_what_a_reader_would_refuse_is_not_written(spark: SparkSession, codec: Codec, columns: str, told: str) -> None:
    with pytest.raises(PySparkException) as caught:
        written(spark.sql(f"SELECT {columns}"), codec)
    message = spark_message(caught.value)
    assert message.startswith(f"What is written does not fit the schema of values of shop.levels: {told}")
    assert message.endswith("Correct the transform or the schema.")


def test_a_column_that_can_never_fit_is_refused_before_anything_is_written(spark: SparkSession) -> None:
    with pytest.raises(JobError, match="level is written from a column of type string; allowed: decimal"):
        written(spark.sql("SELECT 'Ulm' AS town, '1' AS level"), LEVELS)
