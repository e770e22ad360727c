"""Framed Avro: a zero byte, the schema's id in four bytes, the body. The frame is that of Confluent's clients; the id is the registry's content id.

A body that is no value of its schema is refused as a whole, also where Spark would make something of it: bytes behind the body, decimals of
more digits than declared, texts that are not UTF-8. The latter two are looked for in the fields of the record itself, not further down.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro, to_avro

from millrace.formats.checks import Check, Decoded, computed_once

HEADER_LENGTH = 5

MOST_DIGITS = 38
"""Digits of Spark's widest decimal."""

END_FIELD = "millrace_end"
END = 0x6D696C6C72616365
"""Each body is decoded with this number behind it: when it does not come out as it was put in, the body has another length than its content."""


@dataclass(frozen=True)
class AvroCodec:
    """Reads and writes values of one schema; see `millrace.formats.codecs.Codec`."""

    id: int
    """Of the schema that is written, and as which everything is read."""
    schemas: Mapping[int, str]
    """Every schema that a value may have been written with, by id; this one among them."""

    def encoded(self, column: str | None = None) -> Column:
        """The columns that the record's schema names, or this one where the schema is of no record, as framed Avro (binary)."""
        schema = self.schemas[self.id]
        names = [field["name"] for field in _fields(schema) or ()]
        return F.concat(F.lit(header(self.id)), to_avro(F.struct(*names) if names else F.col(str(column)), schema))

    def decoded(self, records: DataFrame, column: str, name: str) -> Decoded:
        """The records with the value as the reader's schema has it, whichever of the known schemas wrote it."""
        framed, raw = F.col(column), F.col(f"_{name}")
        frame = computed_once(records, records.columns, f"_{name}", self._body(framed))
        fields = _fields(self.schemas[self.id])
        value = F.struct(*[_narrowed(raw, field).alias(field["name"]) for field in fields]) if fields else raw["value"]
        broken = [raw[END_FIELD] != END, *[test for field in fields or () for test in _tests(raw, field)]]
        checks = [*framing_checks(framed, list(self.schemas)), ("undecodable", reduce(or_, broken))]
        return Decoded(frame.withColumn(name, value), checks)

    def _body(self, framed: Column) -> Column:
        """The decoded body, with its end. Null when the id is unknown; of a body that cannot be decoded all fields are null (PERMISSIVE)."""
        body = F.concat(F.substring(framed, F.lit(HEADER_LENGTH + 1), F.length(framed)), F.lit(_varint(END)))
        reader = _with_end(self.schemas[self.id])
        result = F.when(F.lit(False), None)
        for schema_id in sorted(self.schemas):
            options = {"mode": "PERMISSIVE"} if schema_id == self.id else {"mode": "PERMISSIVE", "avroSchema": reader}
            read = from_avro(body, _with_end(self.schemas[schema_id]), options)
            result = result.when(_header_of(framed) == F.lit(header(schema_id)), read)
        return result


def header(schema_id: int) -> bytes:
    """The five bytes in front of the body."""
    return b"\x00" + schema_id.to_bytes(4, "big")


def framing_checks(framed: Column, known_ids: list[int]) -> list[Check]:
    """What can be wrong before the body is looked at."""
    return [
        ("null-value", framed.isNull()),
        ("not-framed", (F.length(framed) <= HEADER_LENGTH) | (F.substring(framed, 1, 1) != F.lit(b"\x00"))),
        ("unknown-schema-id", ~_header_of(framed).isin([header(schema_id) for schema_id in sorted(known_ids)])),
    ]


def _header_of(framed: Column) -> Column:
    return F.substring(framed, 1, HEADER_LENGTH)


def _fields(schema: str) -> list[dict[str, Any]] | None:
    """The fields of a record's schema; None where it is of something else."""
    document = json.loads(schema)
    is_record = isinstance(document, dict) and document.get("type") == "record"
    return list(document["fields"]) if is_record else None


def _with_end(schema: str) -> str:
    """The schema of a record with the end behind its fields. Decimals get all digits: Spark cuts longer ones to 64 bits before it looks at them."""
    document, fields = json.loads(schema), _fields(schema)
    if fields is None:
        # A record has no bytes of its own, so that a value is also a record of one field.
        document, fields = {"type": "record", "name": "Value"}, [{"name": "value", "type": document}]
    wide = [field | {"type": _widened(field["type"])} for field in fields]
    return json.dumps(document | {"fields": [*wide, {"name": END_FIELD, "type": "long"}]})


def _widened(kind: Any) -> Any:  # noqa: ANN401  (a schema is any JSON)
    if isinstance(kind, list):
        return [_widened(branch) for branch in kind]
    return kind | {"precision": MOST_DIGITS} if _is_decimal(kind) else kind


def _is_decimal(kind: object) -> bool:
    return isinstance(kind, dict) and kind.get("logicalType") == "decimal" and kind["type"] == "bytes"


def _kind(field: dict[str, Any]) -> Any:  # noqa: ANN401
    """The type that a value of the field has besides null; None where it may have several."""
    declared = field["type"] if isinstance(field["type"], list) else [field["type"]]
    kinds = [kind for kind in declared if kind != "null"]
    return kinds[0] if len(kinds) == 1 else None


def _narrowed(raw: Column, field: dict[str, Any]) -> Column:
    """The field's value with the digits that its schema declares; null where they do not suffice."""
    value, kind = raw[field["name"]], _kind(field)
    return value.try_cast(f"decimal({kind['precision']},{kind.get('scale', 0)})") if _is_decimal(kind) else value


def _tests(raw: Column, field: dict[str, Any]) -> list[Column]:
    """What can be wrong with the value of a field that was decoded."""
    value, kind = raw[field["name"]], _kind(field)
    if kind == "string":
        return [value.isNotNull() & ~F.is_valid_utf8(value)]
    return [value.isNotNull() & _narrowed(raw, field).isNull()] if _is_decimal(kind) else []


def _varint(number: int) -> bytes:
    """A number that is not negative as Avro writes it."""
    rest, written = number << 1, bytearray()
    while rest > 127:
        written.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*written, rest])
