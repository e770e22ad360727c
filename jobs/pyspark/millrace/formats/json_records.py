"""JSON records: values that hold one object each. The same rules hold for Kafka's records and for lines of a file.

Strict where a lenient reader would guess: bytes that are not UTF-8, text behind the object, a name that comes twice, and half a surrogate
pair are `not-json`. So is what the reader has no room for: a number of more than 1,000 characters, values more than 1,000 deep in each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType, DataType, IntegralType, NumericType, StringType, TimestampType

from millrace.errors import JobError
from millrace.formats.checks import Check, Decoded, Misfit, computed_once, reason_code
from millrace.formats.decimals import always_fits, exact_decimal
from millrace.formats.json_schema import MOST_DIGITS, JsonField, JsonSchema
from millrace.formats.moments import moment

SURROGATE = r"\\u[dD][89a-fA-F]"
"""Begins the escape of half a character, which Java would write as a question mark."""

SURROGATE_PAIRS = r"\\\\|\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"
"""Two halves behind each other, and escaped backslashes, which could be taken for the beginning of one."""

QUOTED_NUMBERS = (r'\G((?:[^"0-9-]|"(?:[^"\\]|\\.)*+")*+)(-?[0-9][0-9.eE+-]*+)', r'$1"$2"')
"""Puts every number of a text that is known to be JSON in quotes: walks over strings and what is between the numbers, from one to the next."""

OUTPUT = {"ignoreNullFields": "false", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "timeZone": "UTC"}


@dataclass(frozen=True)
class JsonCodec:
    """Reads and writes objects of one schema; see `millrace.formats.codecs.Codec`."""

    schema: JsonSchema

    @property
    def names(self) -> list[str]:
        """See `Codec`."""
        return [field.name for field in self.schema.fields]

    def encoded(self, _column: str | None = None) -> Column:
        """The bytes of one object (binary): the schema's fields in its order, decimals as exact numbers, times as instants in UTC."""
        return F.to_json(F.struct(*[F.col(field.name) for field in self.schema.fields]), OUTPUT).cast("binary")

    def misfits(self, rows: DataFrame, _column: str | None = None) -> list[Misfit]:
        """See `Codec`."""
        columns = rows.select(*self.names).schema
        return [
            misfit
            for field, column in zip(self.schema.fields, columns, strict=True)
            for misfit in _misfits(field, column.dataType)
        ]

    def decoded(self, records: DataFrame, column: str, name: str) -> Decoded:
        """The records with the object as a struct, each field null unless it is right."""
        fields, columns = self.schema.fields, records.columns
        steps = ("parsed", "object", "values", "exact", "numbers")
        parsed, found, read, exact, numbers = (f"_{name}_{step}" for step in steps)
        text = F.col(column).cast("string")
        frame = computed_once(records, columns, parsed, _parsed_with_end(text))
        is_json = F.coalesce(F.try_variant_get(parsed, "$[1]", "bigint") == _end_of(text), F.lit(False))
        opened = F.when(is_json, F.try_variant_get(parsed, "$[0]", "map<string,variant>"))
        frame = computed_once(frame, columns, found, F.struct(is_json.alias("is_json"), opened.alias("fields")))
        values = F.struct(*[_value(F.col(found)["fields"], field.name).alias(field.name) for field in fields])
        frame = computed_once(frame, [*columns, found], read, values)
        raw = {field.name: _Raw(field, F.col(read)[field.name], F.col(numbers)) for field in fields}
        frame = computed_once(frame, [*columns, found, read], exact, _exact_texts(text, list(raw.values())))
        texts = F.struct(*[_number(one, F.col(exact)).alias(key) for key, one in raw.items() if one.is_number])
        frame = computed_once(frame, [*columns, found, read], numbers, texts)
        typed = F.struct(*[one.typed().alias(key) for key, one in raw.items()])
        frame = computed_once(frame, [*columns, found, read], name, typed)
        return Decoded(frame, self._checks(F.col(column), F.col(found), F.col(name), raw))

    def _checks(self, given: Column, found: Column, typed: Column, raw: dict[str, _Raw]) -> list[Check]:
        checks = [
            ("null-value", given.isNull()),
            ("not-json", ~found["is_json"]),
            ("not-an-object", found["fields"].isNull()),
        ]
        for name, one in raw.items():
            checks += one.checks(typed[name])
        if self.schema.closed:
            known = F.array(*[F.lit(name) for name in raw])
            checks.append(("unknown-field", F.size(F.array_except(F.map_keys(found["fields"]), known)) > 0))
        return checks


@dataclass(frozen=True)
class _Raw:
    """What the parser made of a field."""

    field: JsonField
    value: Column
    """Its type, null for a field that is absent, and its value as text."""
    numbers: Column
    """Texts of numbers, exact, by field; null for what is none."""

    @property
    def is_number(self) -> bool:
        """Whether the field is one, whole or not."""
        return self.field.kind in {"integer", "number"}

    def is_of(self, name: str) -> Column:
        """Whether the parser took the value for this type."""
        return self.value["type"] == name

    def typed(self) -> Column:
        """The value in its column's type; null if it is of another, or does not fit."""
        field, text = self.field, self.value["text"]
        match field.kind:
            case "boolean":
                return F.when(self.is_of("BOOLEAN"), text == "true")
            case "string":
                return F.when(self.is_of("STRING"), text)
            case "timestamp":
                return F.when(self.is_of("STRING"), moment(text))
            case "integer":
                whole = F.when(self.is_of("BIGINT"), text.try_cast("bigint"))
                return whole.otherwise(exact_decimal(self.numbers[field.name], 38, 0).try_cast("bigint"))
        return exact_decimal(self.numbers[field.name], MOST_DIGITS, field.digits)

    def checks(self, typed: Column) -> list[Check]:
        """What can be wrong with the value, given what it is in its column's type."""
        name, absent = self.field.name, self.value["type"].isNull()
        nothing = absent | self.is_of("VOID") if self.field.nullable else absent
        bad = ~nothing & _any([typed.isNull(), *_broken_rules(self.field, typed, self.value["text"])])
        missing = [(reason_code("missing", name), absent)] if self.field.required else []
        return [*missing, (reason_code("bad", name), bad)]


def _broken_rules(field: JsonField, typed: Column, text: Column) -> list[Column]:
    """What can be wrong with a value of the right type."""
    rules = []
    if field.minimum is not None:
        rules.append(typed < F.lit(field.minimum))
    if field.maximum is not None:
        rules.append(typed > F.lit(field.maximum))
    if field.shortest is not None:
        rules.append(F.char_length(text) < field.shortest)
    if field.longest is not None:
        rules.append(F.char_length(text) > field.longest)
    if field.pattern is not None:
        rules.append(~text.rlike(field.pattern))
    if field.allowed:
        rules.append(~text.isin(*field.allowed))
    return rules


COLUMNS: dict[str, tuple[type[DataType], ...]] = {
    "string": (StringType,),
    "timestamp": (TimestampType,),
    "boolean": (BooleanType,),
    "integer": (NumericType,),
    "number": (NumericType,),
}
"""The types of columns that can be written as a kind of field."""


def _misfits(field: JsonField, kind: DataType) -> list[Misfit]:
    """What a column of this type may hold that a reader of the field would refuse."""
    if not isinstance(kind, COLUMNS[field.kind]):
        message = f"{field.name} is written from a column of type {kind.simpleString()}; allowed: {field.column_type}."
        raise JobError("WRONG_SCHEMA", message)
    value = F.col(field.name)
    typed, text, wrong = value, value, []
    match field.kind:
        case "string":
            wrong = [~F.is_valid_utf8(value)]
        case "timestamp":
            # Other years have more digits, or a sign.
            text, wrong = F.date_format(value, OUTPUT["timestampFormat"]), [~F.year(value).between(0, 9999)]
        case "integer" | "number":
            whole = field.kind == "integer"
            typed = exact_decimal(value.cast("string"), 38 if whole else MOST_DIGITS, field.digits)
            typed = typed.try_cast("bigint") if whole else typed
            fits = isinstance(kind, IntegralType) if whole else always_fits(kind, MOST_DIGITS, field.digits)
            wrong = [] if fits else [typed.isNull()]
    broken = _any([*wrong, *_broken_rules(field, typed, text)])
    unfit = F.when(value.isNull(), F.lit(not field.nullable)).otherwise(broken)
    return [Misfit(field.name, value, unfit, field.rule)]


def _end_of(text: Column) -> Column:
    """A number made of the text, which therefore cannot bring it along."""
    return F.xxhash64(text)


def _parsed_with_end(text: Column) -> Column:
    """The text as the first of two values, null where that is no JSON.

    A parser stops where a value ends. If the second one, the text's end, comes out as it was put in, nothing was left over.
    """
    both = F.concat(F.lit("["), text, F.lit(","), _end_of(text).cast("string"), F.lit("]"))
    is_whole = ~text.rlike(SURROGATE) | ~F.regexp_replace(text, SURROGATE_PAIRS, " ").rlike(SURROGATE)
    return F.try_parse_json(F.when(F.is_valid_utf8(text) & is_whole, both))


def _value(fields: Column, name: str) -> Column:
    """What the parser made of a field: its type, null for a field that is absent, and its value as text."""
    value = fields.getItem(name)
    return F.struct(F.schema_of_variant(value).alias("type"), F.try_variant_get(value, "$", "string").alias("text"))


def _exact_texts(text: Column, raw: Sequence[_Raw]) -> Column:
    """The numbers as they are written, by the names of their fields, where the parser took one for a binary fraction: it does so where there is an
    exponent, or more digits than any decimal has.
    """
    inexact = [one.is_of("DOUBLE") for one in raw if one.is_number]
    quoted = F.regexp_replace(text, *[F.lit(part) for part in QUOTED_NUMBERS])
    return F.when(_any(inexact), F.try_variant_get(F.try_parse_json(quoted), "$", "map<string,string>"))


def _number(raw: _Raw, exact: Column) -> Column:
    """The text of a number, exact; null for what is none."""
    is_exact = raw.is_of("BIGINT") | raw.value["type"].startswith("DECIMAL")
    return F.when(is_exact, raw.value["text"]).when(raw.is_of("DOUBLE"), exact.getItem(raw.field.name))


def _any(conditions: Sequence[Column]) -> Column:
    holds = F.lit(False)
    for condition in conditions:
        holds = holds | F.coalesce(condition, F.lit(False))
    return holds
