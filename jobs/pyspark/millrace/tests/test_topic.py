"""Topics in batch jobs: what can be read, what is a deletion, and which value of a key counts."""

import json

from pyspark.sql import Row, SparkSession

from millrace.formats.codecs import TextCodec
from millrace.formats.framing import AvroCodec
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import schema_of
from millrace.kinds import topic


def avro(schema_id: int, *fields: tuple[str, str]) -> AvroCodec:
    declared = [{"name": name, "type": kind} for name, kind in fields]
    return AvroCodec(schema_id, {schema_id: json.dumps({"type": "record", "name": "Any", "fields": declared})})


KEY, VALUE = avro(5, ("town", "string"), ("day", "int")), avro(6, ("town", "string"), ("level", "long"))


def decoded(spark: SparkSession, *, deletions: bool) -> list[Row]:
    made = spark.createDataFrame([("Ulm", 7, 12)], "town string, day int, level bigint")
    good = made.select(KEY.encoded().alias("key"), VALUE.encoded().alias("value")).collect()[0]
    records = [
        (0, 1, good.key, good.value),
        (0, 2, good.key, None),
        (0, 3, None, good.value),
        (0, 4, good.key, b"\x00\x00\x00\x00\x06\xff"),
        (0, 5, good.key, b"{}"),
        (0, 6, good.value, good.value),
    ]
    frame = spark.createDataFrame(records, "partition int, offset bigint, key binary, value binary")
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
    frame = spark.createDataFrame(records, "partition int, offset bigint, key binary, value binary")
    found = topic.decoded(frame, TextCodec(), JsonCodec(schema_of(json.dumps(schema), "x")), deletions=True)
    rows = found.frame.orderBy("offset").collect()
    assert [(row.key, row.reason) for row in rows] == [("Ulm", None), ("Ulm", "missing-level"), (None, None)]
    assert (rows[0].value.level, rows[2].value) == (3, None)
    assert found.reasons == ("null-value", "not-json", "not-an-object", "missing-level", "bad-level")


def test_the_last_record_of_a_key_counts_and_deleted_ones_are_gone(spark: SparkSession) -> None:
    def total(offset: int, town: str, level: int | None, day: int = 1) -> tuple[object, ...]:
        return (offset, (town, day), None if level is None else (level,))

    records = [
        total(1, "Ulm", 1),
        total(7, "Ulm", 30),
        total(3, "Ulm", 2),
        total(2, "Bonn", 5, day=2),
        total(4, "Bonn", 6),
        total(5, "Hof", 1),
        total(9, "Hof", None),
    ]
    form = "offset bigint, key struct<town:string,day:int>, value struct<level:int>"
    rows = topic.latest(spark.createDataFrame(records, form)).orderBy("key").collect()
    assert [(*row.key, row.value.level) for row in rows] == [("Bonn", 1, 6), ("Bonn", 2, 5), ("Ulm", 1, 30)]


def test_a_key_without_a_schema_is_the_text_of_a_column(spark: SparkSession) -> None:
    row = (
        spark.range(1).select(TextCodec().encoded("id").alias("key"), TextCodec().encoded().alias("none")).collect()[0]
    )
    assert (bytes(row.key), row.none) == (b"0", None)
