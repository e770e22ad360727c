"""Takes records that hold one JSON object each and a schema, and gives typed columns and what is wrong; and back. Pure frame functions, used for
Kafka's values and for lines of a file alike.

Strict where a lenient reader would guess: bytes that are not UTF-8, text behind the object, and a name that comes twice are `not-json`.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.formats.exact_numbers import QUOTED_NUMBERS, exact_decimal
from millrace.formats.json_schema import MOST_DIGITS, JsonField, JsonSchema
from millrace.formats.reasons import first_reason, reason_code

DATE_TIME = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})$"
"""RFC 3339: never without an offset."""

GENERAL_PROBLEMS = ("null-value", "not-json", "not-an-object")

OUTPUT = {"ignoreNullFields": "false", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "timeZone": "UTC"}

_PARSED, _OBJECT, _VALUES, _EXACT = "_parsed", "_object", "_values", "_exact"


def problems_of(schema: JsonSchema) -> list[str]:
    """Every code that `decoded` can give, in the order in which it looks."""
    ours = [code for field in schema.fields for code in _codes(field)]
    return [*GENERAL_PROBLEMS, *ours, *(["unknown-field"] if schema.closed else [])]


def decoded(records: DataFrame, column: str, schema: JsonSchema, name: str) -> DataFrame:
    """The records with the object in `column` (text or bytes) as the struct `name`, and `problem`: the code of the first thing wrong, or null."""
    text = F.col(column).cast("string")
    # A parser stops where the value ends. So the text is parsed as the first of two: if the second one comes out as it was put in, nothing was
    # left over. It is made from the text, which therefore cannot bring it along.
    end = F.xxhash64(text)
    both = F.concat(F.lit("["), text, F.lit(","), end.cast("string"), F.lit("]"))
    parsed = _once(records, records.columns, _PARSED, F.try_parse_json(F.when(F.is_valid_utf8(text), both)))
    is_json = F.coalesce(F.try_variant_get(_PARSED, "$[1]", "bigint") == end, F.lit(False))
    found = F.when(is_json, F.try_variant_get(_PARSED, "$[0]", "map<string,variant>"))
    opened = _once(parsed, records.columns, _OBJECT, F.struct(is_json.alias("is_json"), found.alias("fields")))
    values = F.struct(*[_value(field.name).alias(field.name) for field in schema.fields])
    read = _once(opened, [*records.columns, _OBJECT], _VALUES, values)
    exact = _once(read, [*records.columns, _OBJECT, _VALUES], _EXACT, _exact_texts(text, schema))
    typed = F.struct(*[_typed(field).alias(field.name) for field in schema.fields])
    result = _once(exact, [*records.columns, _OBJECT, _VALUES], name, typed)
    general = [F.col(column).isNull(), ~F.col(f"{_OBJECT}.is_json"), F.col(f"{_OBJECT}.fields").isNull()]
    checks = list(zip(GENERAL_PROBLEMS, general, strict=True))
    for field in schema.fields:
        checks += zip(_codes(field), _tests(field, F.col(name).getField(field.name)), strict=True)
    if schema.closed:
        known = F.array(*[F.lit(field.name) for field in schema.fields])
        checks.append(("unknown-field", F.size(F.array_except(F.map_keys(f"{_OBJECT}.fields"), known)) > 0))
    return _once(result, [*records.columns, name], "problem", first_reason(checks))


def encoded(schema: JsonSchema) -> Column:
    """The columns that a schema names, as the bytes of one JSON object: fields in its order, decimals as exact numbers, times as instants in UTC."""
    return F.to_json(F.struct(*[F.col(field.name) for field in schema.fields]), OUTPUT).cast("binary")


def _once(frame: DataFrame, columns: Sequence[str], name: str, value: Column) -> DataFrame:
    """These columns of a frame and one more. The explode is a barrier: without it the optimiser repeats the expression wherever its value is used,
    which costs the work several times over and makes code that is too large to be compiled.
    """
    return frame.select(*columns, F.explode(F.array(value)).alias(name))


def _value(name: str) -> Column:
    """What the parser made of a field: its type, null for a field that is absent, and its value as text."""
    value = F.col(f"{_OBJECT}.fields").getItem(name)
    return F.struct(F.schema_of_variant(value).alias("type"), F.try_variant_get(value, "$", "string").alias("text"))


def _type(field: JsonField) -> Column:
    return F.col(_VALUES).getField(field.name).getField("type")


def _text(field: JsonField) -> Column:
    return F.col(_VALUES).getField(field.name).getField("text")


def _exact_texts(text: Column, schema: JsonSchema) -> Column:
    """The numbers as they are written, by the names of their fields, where the parser took one for a binary fraction: it does so where there is an
    exponent, or more digits than any decimal has.
    """
    inexact = [_type(field) == "DOUBLE" for field in schema.fields if field.kind in {"integer", "number"}]
    quoted = F.regexp_replace(text, *[F.lit(part) for part in QUOTED_NUMBERS])
    return F.when(_any(inexact), F.try_variant_get(F.try_parse_json(quoted), "$", "map<string,string>"))


def _any(conditions: Sequence[Column]) -> Column:
    holds = F.lit(False)
    for condition in conditions:
        holds = holds | F.coalesce(condition, F.lit(False))
    return holds


def _typed(field: JsonField) -> Column:
    """The value in its column's type; null if it is of another, or does not fit."""
    text, is_of = _text(field), _type(field)
    if field.kind == "boolean":
        return F.when(is_of == "BOOLEAN", text == "true")
    if field.kind == "string":
        return F.when(is_of == "STRING", text)
    if field.kind == "timestamp":
        return F.when((is_of == "STRING") & text.rlike(DATE_TIME), F.upper(text).try_cast("timestamp"))
    if field.kind == "integer":
        whole = F.when(is_of == "BIGINT", text.try_cast("bigint"))
        return whole.otherwise(exact_decimal(_number(field), 38, 0).try_cast("bigint"))
    return exact_decimal(_number(field), MOST_DIGITS, field.digits)


def _number(field: JsonField) -> Column:
    """The text of a number, exact; null for what is none."""
    is_exact = (_type(field) == "BIGINT") | _type(field).startswith("DECIMAL")
    return F.when(is_exact, _text(field)).when(_type(field) == "DOUBLE", F.col(_EXACT).getItem(field.name))


def _codes(field: JsonField) -> list[str]:
    return [reason_code(problem, field.name) for problem in (["missing"] if field.required else []) + ["bad"]]


def _tests(field: JsonField, typed: Column) -> list[Column]:
    """The conditions for `_codes`."""
    absent = _type(field).isNull()
    nothing = absent | (_type(field) == "VOID") if field.nullable else absent
    bad = ~nothing & _any([typed.isNull(), *_broken_rules(field, typed)])
    return [absent, bad] if field.required else [bad]


def _broken_rules(field: JsonField, typed: Column) -> list[Column]:
    text = _text(field)
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
