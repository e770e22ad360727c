"""Framed Avro: a zero byte, the schema's id in four bytes, the body. The frame is that of Confluent's clients; the id is the registry's content id.

A body that is no value of its schema is refused as a whole, also where Spark would make something of it: bytes behind the body, decimals of
more digits than declared, texts that are not UTF-8.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from operator import or_
from typing import Any, cast

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro, to_avro
from pyspark.sql.types import StructType

from millrace.formats.checks import Check, Decoded, Misfit, computed_once
from millrace.formats.decimals import always_fits, exact_decimal

HEADER_LENGTH = 5

MOST_DIGITS = 38
"""Digits of Spark's widest decimal."""

MOST_ASKED = 20
"""Ids of no schema after which no other is asked for: what sends so many sends any."""

ASKING = "A schema is to be asked for:"

INNER = ("type", "fields", "items", "values")
"""Where a schema holds others."""

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
    topic: str | None = None
    """The topic that a stream follows: an id that is none of these ends its batch, so that it can be asked for. None: it is `unknown-schema-id`."""
    unknown: frozenset[int] = frozenset()
    """Ids that were asked for and are of no schema."""

    @property
    def names(self) -> list[str]:
        """See `Codec`."""
        return [str(field["name"]) for field in _fields(self.schemas[self.id]) or ()]

    def encoded(self, column: str | None = None) -> Column:
        """The columns that the record's schema names, or this one where the schema is of no record, as framed Avro (binary)."""
        schema = self.schemas[self.id]
        fields = [
            _narrowed(F.col(field["name"]), field["type"]).alias(field["name"]) for field in _fields(schema) or ()
        ]
        return F.concat(F.lit(header(self.id)), to_avro(F.struct(*fields) if fields else F.col(str(column)), schema))

    def misfits(self, rows: DataFrame, column: str | None = None) -> list[Misfit]:
        """See `Codec`."""
        schema = self.schemas[self.id]
        fields = _fields(schema) or [{"name": str(column), "type": json.loads(schema)}]
        types = rows.select(*[field["name"] for field in fields]).schema
        found = []
        for field, of in zip(fields, types, strict=True):
            value, kind = F.col(field["name"]), field["type"]
            branch = _branch(kind)
            unfit = [_is_null(value, kind)]
            if not _is_decimal(branch):
                unfit += _faults(value, kind)
            elif not always_fits(of.dataType, branch["precision"], branch.get("scale", 0)):
                exact = exact_decimal(value.cast("string"), branch["precision"], branch.get("scale", 0))
                unfit.append(value.isNotNull() & exact.isNull())
            found.append(Misfit(field["name"], value, reduce(or_, unfit), json.dumps(kind)))
        return found

    def decoded(self, records: DataFrame, column: str, name: str) -> Decoded:
        """The records with the value as the reader's schema has it, whichever of the known schemas wrote it."""
        framed, raw = F.col(column), F.col(f"_{name}")
        frame = computed_once(records, records.columns, f"_{name}", self._body(framed))
        schema = self.schemas[self.id]
        declared = _all_nullable(records.sparkSession.range(0).select(from_avro(F.lit(b""), schema)).schema)[0].dataType
        fields = _fields(schema)
        if fields is None:
            value, faults = raw["value"].try_cast(declared), _faults(raw["value"], json.loads(schema))
        else:
            types = cast("StructType", declared)
            value = F.struct(*[raw[one.name].try_cast(one.dataType).alias(one.name) for one in types])
            faults = [fault for field in fields for fault in _faults(raw[field["name"]], field["type"])]
        checks = [*framing_checks(framed), ("unknown-schema-id", self._is_unknown(framed))]
        checks.append(("undecodable", reduce(or_, faults, raw[END_FIELD] != END)))
        return Decoded(frame.withColumn(name, value), checks)

    def _is_unknown(self, framed: Column) -> Column:
        """Whether the id is of no schema; an error that `asked_for` understands where that is not known yet."""
        of = _header_of(framed)
        known = of.isin([header(schema_id) for schema_id in sorted(self.schemas)])
        if self.topic is None or len(self.unknown) >= MOST_ASKED:
            return ~known
        refused = of.isin([header(schema_id) for schema_id in sorted(self.unknown)]) if self.unknown else F.lit(False)
        number = F.conv(F.hex(F.substring(framed, 2, 4)), 16, 10)
        asking = F.raise_error(F.concat(F.lit(f"{ASKING} {self.topic} "), number))
        return F.when(known, F.lit(False)).when(refused, F.lit(True)).otherwise(asking)

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


def framing_checks(framed: Column) -> list[Check]:
    """What can be wrong before the id is looked at."""
    return [
        ("null-value", framed.isNull()),
        ("not-framed", (F.length(framed) <= HEADER_LENGTH) | (F.substring(framed, 1, 1) != F.lit(b"\x00"))),
    ]


def asked_for(error: str) -> tuple[str, int] | None:
    """The topic and the id that a batch ended for."""
    found = re.search(rf"{ASKING} (\S+) (\d+)", error)
    return None if found is None else (found[1], int(found[2]))


def _header_of(framed: Column) -> Column:
    return F.substring(framed, 1, HEADER_LENGTH)


def _fields(schema: str) -> list[dict[str, Any]] | None:
    """The fields of a record's schema; None where it is of something else."""
    document = json.loads(schema)
    is_record = isinstance(document, dict) and document.get("type") == "record"
    return list(document["fields"]) if is_record else None


def _with_end(schema: str) -> str:
    """The schema of a record with the end behind its fields. Numbers get all digits and bits: longer ones are cut before anybody looks at them, decimals
    to 64 bits by Spark, ints to 32 by Avro.
    """
    document, fields = json.loads(schema), _fields(schema)
    if fields is None:
        # A record has no bytes of its own, so that a value is also a record of one field.
        document, fields = {"type": "record", "name": "Value"}, [{"name": "value", "type": document}]
    return json.dumps(document | {"fields": [*_widened(fields), {"name": END_FIELD, "type": "long"}]})


def _all_nullable(kind: StructType) -> StructType:
    """The type with nulls allowed at any depth: what does not fit becomes one."""
    return StructType.fromJson(json.loads(re.sub('(ullable|ontainsNull)":false', r'\1":true', kind.json())))


def _widened(part: Any) -> Any:  # noqa: ANN401  (a schema is any JSON)
    """Part of a schema with all digits for each decimal in it, and for each int all bits of a long, which is written alike."""
    if isinstance(part, list):
        # A union has each type once.
        return [one if one == "int" and "long" in part else _widened(one) for one in part]
    if not isinstance(part, dict):
        return "long" if part == "int" else part
    if part["type"] == "int" and "logicalType" in part:
        return part
    wide = {word: _widened(one) if word in INNER else one for word, one in part.items()}
    if not _is_decimal(part):
        return wide
    # Of a number of fixed length as many as it has room for: with more its schema would be none of a decimal.
    room = len(str(2 ** (8 * part["size"] - 1) - 1)) - 1 if part["type"] == "fixed" else MOST_DIGITS
    return wide | {"precision": min(room, MOST_DIGITS)}


def _is_decimal(kind: object) -> bool:
    return isinstance(kind, dict) and kind.get("logicalType") == "decimal"


def _branch(kind: Any) -> Any:  # noqa: ANN401
    """The type that a value has besides null; None where it may have several."""
    if isinstance(kind, dict) and isinstance(kind["type"], list | dict):
        return _branch(kind["type"])
    branches = [branch for branch in kind if branch != "null"] if isinstance(kind, list) else [kind]
    return branches[0] if len(branches) == 1 else None


def _is_null(value: Column, kind: Any) -> Column:  # noqa: ANN401
    """Whether the value is null and must not be."""
    return F.lit(False) if kind == "null" or (isinstance(kind, list) and "null" in kind) else value.isNull()


def _faults(value: Column, kind: Any) -> list[Column]:  # noqa: ANN401
    """What can be wrong, at any depth, with a value of a type that was decoded with all digits, or is to be written."""
    branch = _branch(kind)
    name = branch.get("type") if isinstance(branch, dict) else branch
    present = value.isNotNull()
    is_int = branch == "int" or (name == "int" and "logicalType" not in branch)
    if is_int or _is_decimal(branch):
        return [present & value.try_cast("int" if is_int else _decimal_type(branch)).isNull()]
    match name:
        case "string":
            return [present & ~F.is_valid_utf8(value)]
        case "record":
            return [
                present & fault for field in branch["fields"] for fault in _faults(value[field["name"]], field["type"])
            ]
        case "array":
            return _in_each(value, branch["items"])
        case "map":
            return [*_in_each(F.map_keys(value), "string"), *_in_each(F.map_values(value), branch["values"])]
    return []


def _in_each(values: Column, kind: Any) -> list[Column]:  # noqa: ANN401
    """Whether something is wrong with one of the values of an array."""
    if not _faults(values, kind):
        return []
    return [values.isNotNull() & F.exists(values, lambda one: F.coalesce(reduce(or_, _faults(one, kind)), F.lit(True)))]


def _decimal_type(kind: dict[str, Any]) -> str:
    return f"decimal({kind['precision']},{kind.get('scale', 0)})"


def _narrowed(value: Column, kind: Any) -> Column:  # noqa: ANN401
    """The value with the digits that its schema declares; null where they do not suffice."""
    branch = _branch(kind)
    return value.try_cast(_decimal_type(branch)) if _is_decimal(branch) else value


def _varint(number: int) -> bytes:
    """A number that is not negative as Avro writes it."""
    rest, written = number << 1, bytearray()
    while rest > 127:
        written.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*written, rest])
