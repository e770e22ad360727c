"""Framing and its opposite, on real Avro."""

import json
from decimal import Decimal
from typing import Any

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from millrace.formats import framing
from millrace.formats.reasons import first_reason

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
    frame = spark.createDataFrame([(number, value) for number, value in enumerate(values)], "number int, value binary")
    writers = {7: OLD, 8: NEW}
    order = frame.select(
        "number", "value", F.explode(F.array(framing.decoded(F.col("value"), writers, reader))).alias("order")
    )
    checks = [
        *framing.framing_checks(F.col("value"), list(writers)),
        ("undecodable", F.col("order.id").isNull() | F.col("order.total").isNull()),
    ]
    return order.select("order", first_reason(checks).alias("reason"), "number").orderBy("number").collect()


def test_the_frame_is_a_zero_the_id_and_the_body(spark: SparkSession) -> None:
    readings = spark.createDataFrame([(1, Decimal("10.10"))], "id int, total decimal(10,2)")
    rows = readings.select(
        framing.encoded(F.struct("id", "total"), 7, OLD).alias("value"),
        framing.encoded(F.col("id"), 300, '"int"').alias("key"),
    ).collect()
    assert bytes(rows[0].value) == TEN_EURO_TEN
    assert bytes(rows[0].key) == b"\x00\x00\x00\x01\x2c\x02"


def test_what_was_framed_comes_back_exactly(spark: SparkSession) -> None:
    amounts = ["0.00", "-0.01", "99999999.99", "-99999999.99", "0.10"]
    readings = spark.createDataFrame(
        [(number, Decimal(amount)) for number, amount in enumerate(amounts)], "id int, total decimal(10,2)"
    )
    values = [
        bytes(row.value)
        for row in readings.select(framing.encoded(F.struct("id", "total"), 7, OLD).alias("value")).collect()
    ]
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
        "garbage": (header + b"\xff" * 12, "undecodable"),
        "a length of two gigabytes": (two_gigabytes, "undecodable"),
        "more digits than the schema allows": (header + b"\x02\x14" + b"\x7f" * 10, "undecodable"),
        "good": (TEN_EURO_TEN, None),
    }
    reasons = [row.reason for row in decoded(spark, [value for value, _ in values.values()])]
    assert dict(zip(values, reasons, strict=True)) == {name: reason for name, (_, reason) in values.items()}
