"""Framing and its opposite, on real Avro."""

import json
from datetime import date
from decimal import Decimal
from typing import Any

from pyspark.sql import Row, SparkSession

from millrace.formats.checks import judged
from millrace.formats.framing import AvroCodec
from millrace.tests.frames import frame_of

MONEY = {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}


def schema(*fields: dict[str, Any]) -> str:
    return json.dumps({"type": "record", "name": "Order", "fields": list(fields)})


OLD = schema({"name": "id", "type": "int"}, {"name": "total", "type": MONEY})
NEW = schema(
    {"name": "id", "type": "int"},
    {"name": "total", "type": MONEY},
    {"name": "note", "type": ["null", "string"], "default": None},
)
OTHER = schema({"name": "name", "type": "string"})

TEN_EURO_TEN = b"\x00\x00\x00\x00\x07" + b"\x02" + b"\x04\x03\xf2"
"""Schema 7, id 1, and two bytes that hold 1010 cents."""


def decoded(spark: SparkSession, values: list[bytes | None], reader: int = 7) -> list[Row]:
    """What the reader's schema makes of each value, and the reason where it makes nothing."""
    frame = frame_of(spark, [(number, value) for number, value in enumerate(values)], "number int, value binary")
    found, checks = AvroCodec(reader, {7: OLD, 8: NEW}).decoded(frame, "value", "order")
    return judged(found, ["order", "number"], checks).frame.orderBy("number").collect()


def test_the_frame_is_a_zero_the_id_and_the_body(spark: SparkSession) -> None:
    readings = frame_of(spark, [(1, Decimal("10.10"))], "id int, total decimal(10,2)")
    rows = readings.select(
        AvroCodec(7, {7: OLD}).encoded().alias("value"),
        AvroCodec(300, {300: '"int"'}).encoded("id").alias("key"),
    ).collect()
    assert bytes(rows[0].value) == TEN_EURO_TEN
    assert bytes(rows[0].key) == b"\x00\x00\x00\x01\x2c\x02"


def test_what_was_framed_comes_back_exactly(spark: SparkSession) -> None:
    amounts = ["0.00", "-0.01", "99999999.99", "-99999999.99", "0.10"]
    readings = frame_of(
        spark, [(number, Decimal(amount)) for number, amount in enumerate(amounts)], "id int, total decimal(10,2)"
    )
    values = [bytes(row.value) for row in readings.select(AvroCodec(7, {7: OLD}).encoded().alias("value")).collect()]
    assert [str(row.order.total) for row in decoded(spark, list(values))] == amounts


def test_an_older_and_a_newer_writer_are_read_by_the_readers_schema(spark: SparkSession) -> None:
    newer = b"\x00\x00\x00\x00\x08" + TEN_EURO_TEN[5:] + b"\x02\x04hi"
    by_new = decoded(spark, [TEN_EURO_TEN, newer], reader=8)
    assert [(row.order.id, row.order.note, row.reason) for row in by_new] == [(1, None, None), (1, "hi", None)]
    by_old = decoded(spark, [TEN_EURO_TEN, newer], reader=7)
    assert [(row.order.asDict(), row.reason) for row in by_old] == [({"id": 1, "total": Decimal("10.10")}, None)] * 2


def test_each_kind_of_bad_bytes_has_its_reason(spark: SparkSession) -> None:
    header = TEN_EURO_TEN[:5]
    two_gigabytes = header + b"\x02" + b"\xfe\xff\xff\xff\x0f"
    values: dict[str, tuple[bytes | None, str | None]] = {
        "no value": (None, "null-value"),
        "empty": (b"", "not-framed"),
        "a header without a body": (header, "not-framed"),
        "text": (b'{"id": 1}', "not-framed"),
        "bare Avro": (TEN_EURO_TEN[5:] + b"\x00\x00", "not-framed"),
        "an id that nobody registered": (b"\x00\x00\x00\x00\x63" + TEN_EURO_TEN[5:], "unknown-schema-id"),
        "cut off": (TEN_EURO_TEN[:-1], "undecodable"),
        "a byte behind": (TEN_EURO_TEN + b"\x00", "undecodable"),
        "more than 64 bits": (header + b"\x02\x12" + (2**64 + 1000).to_bytes(9, "big"), "undecodable"),
        "zeros before the digits": (header + b"\x02\x16" + (1010).to_bytes(11, "big"), None),
        "one digit more than the schema allows": (header + b"\x02\x0a" + (10**10).to_bytes(5, "big"), "undecodable"),
        "an int of 33 bits": (header + b"\x82\x80\x80\x80\x20" + TEN_EURO_TEN[6:], "undecodable"),
        "the largest int": (header + b"\xfe\xff\xff\xff\x0f" + TEN_EURO_TEN[6:], None),
        "garbage": (header + b"\xff" * 12, "undecodable"),
        "a length of two gigabytes": (two_gigabytes, "undecodable"),
        "a decimal of 900 kB": (header + b"\x02" + b"\xc0\xee\x6d" + b"\x7f" * 900_000, "undecodable"),
        "more digits than the schema allows": (header + b"\x02\x14" + b"\x7f" * 10, "undecodable"),
        "good": (TEN_EURO_TEN, None),
    }
    reasons = [row.reason for row in decoded(spark, [value for value, _ in values.values()])]
    assert dict(zip(values, reasons, strict=True)) == {name: reason for name, (_, reason) in values.items()}


def test_a_text_must_be_utf_8_and_may_be_missing(spark: SparkSession) -> None:
    newer = b"\x00\x00\x00\x00\x08" + TEN_EURO_TEN[5:]
    notes = {"utf-8": b"\x02\x0aK\xc3\xb6ln", "latin-1": b"\x02\x08K\xf6ln", "none": b"\x00"}
    rows = decoded(spark, [newer + note for note in notes.values()], reader=8)
    assert [(row.order.note, row.reason) for row in (rows[0], rows[2])] == [("Köln", None), (None, None)]
    assert rows[1].reason == "undecodable"


def test_what_lies_deeper_is_held_to_the_same(spark: SparkSession) -> None:
    """Each body is one list of parts, a map of one entry and a number of fixed length; in each something else is wrong."""
    part = schema({"name": "name", "type": ["null", "string"]}, {"name": "price", "type": MONEY})
    deep = schema(
        {"name": "parts", "type": {"type": "array", "items": json.loads(part) | {"name": "Part"}}},
        {"name": "notes", "type": {"type": "map", "values": "string"}},
        {"name": "due", "type": {"type": "fixed", "name": "Due", "size": 9, "logicalType": "decimal", "precision": 4}},
    )

    def body(name: bytes = b"ab", cents: bytes = b"\x04\x03\xf2", note: bytes = b"cd", due: int = 7) -> bytes:
        return b"\0\0\0\0\x09\x02\x02\x04" + name + cents + b"\0\x02\x02k\x04" + note + b"\0" + due.to_bytes(9, "big")

    wide = b"\x12" + (2**64 + 1000).to_bytes(9, "big")
    values = [body(), body(name=b"\xff\xff"), body(cents=wide), body(note=b"\xff\xff"), body(due=2**64 + 7)]
    frame = frame_of(spark, list(enumerate(values)), "n int, value binary")
    found, checks = AvroCodec(9, {9: deep}).decoded(frame, "value", "order")
    rows = judged(found, ["n", "order"], checks).frame.orderBy("n").collect()
    assert [row.reason for row in rows] == [None, *["undecodable"] * 4]
    assert (rows[0].order.parts[0].price, rows[0].order.notes, rows[0].order.due) == (Decimal("10.10"), {"k": "cd"}, 7)


def test_an_int_that_is_a_date_or_one_of_two_stays_one(spark: SparkSession) -> None:
    dated = schema(
        {"name": "day", "type": {"type": "int", "logicalType": "date"}},
        {"name": "count", "type": ["int", "long"]},
        {"name": "counts", "type": {"type": "array", "items": {"type": "int"}}},
    )
    values = [b"\0\0\0\0\x09\x02\x02\x04\x02" + counted + b"\0" for counted in (b"\x06", b"\x82\x80\x80\x80\x20")]
    frame = frame_of(spark, list(enumerate(values)), "n int, value binary")
    found, checks = AvroCodec(9, {9: dated}).decoded(frame, "value", "order")
    rows = judged(found, ["n", "order"], checks).frame.orderBy("n").collect()
    assert [row.reason for row in rows] == [None, "undecodable"]
    assert rows[0].order == Row(day=date(1970, 1, 2), count=2, counts=[3])


def test_a_value_that_is_no_record_comes_back_too(spark: SparkSession) -> None:
    frame = frame_of(
        spark, [(1, b"\x00\x00\x00\x00\x09\x04"), (2, b"\x00\x00\x00\x00\x09\x04\x04")], "n int, key binary"
    )
    found, checks = AvroCodec(9, {9: '"int"'}).decoded(frame, "key", "id")
    rows = judged(found, ["n", "id"], checks).frame.orderBy("n").collect()
    assert [(row.id, row.reason) for row in rows[:1]] == [(2, None)]
    assert rows[1].reason == "undecodable"
