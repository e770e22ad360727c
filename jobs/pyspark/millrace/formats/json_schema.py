"""JSON Schemas of records: their fields as columns, with rules that Spark can keep.

Only the part of JSON Schema that docs/adding-a-pipeline.md names is understood: a word that was passed over in silence would be a rule that
is not kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.formats.files import read_file

MOST_DIGITS = 18
"""Digits of a decimal column, those behind the point among them."""

ANNOTATIONS = {"$schema", "$id", "title", "description", "examples"}
WORDS = {
    "string": {"format", "minLength", "maxLength", "pattern", "enum"},
    "integer": {"minimum", "maximum"},
    "number": {"multipleOf", "minimum", "maximum"},
    "boolean": set[str](),
}
"""What a property of each type may say besides its type."""


@dataclass(frozen=True)
class JsonField:
    """One field of an object, and the rules for its value."""

    name: str
    kind: str
    """One of string, timestamp, integer, number, boolean."""
    required: bool
    nullable: bool
    digits: int = 0
    """Of a number: how many digits it may have behind the point."""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    shortest: int | None = None
    longest: int | None = None
    pattern: str | None = None
    allowed: tuple[str, ...] = ()

    @property
    def column_type(self) -> str:
        """The type of its column."""
        types = {"integer": "bigint", "number": f"decimal({MOST_DIGITS},{self.digits})"}
        return types.get(self.kind, self.kind)

    @property
    def rule(self) -> str:
        """What is allowed, in the words of its schema."""
        kind = {
            "timestamp": "string, format date-time",
            "number": f"number, multipleOf {Decimal(1).scaleb(-self.digits)}",
        }
        said = {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "minLength": self.shortest,
            "maxLength": self.longest,
            "pattern": self.pattern,
            "enum": ", ".join(self.allowed) or None,
        }
        words = [f"{word} {value}" for word, value in said.items() if value is not None]
        return ", ".join([kind.get(self.kind, self.kind), *words]) + (" or null" if self.nullable else "")


@dataclass(frozen=True)
class JsonSchema:
    """The fields of an object in the order in which they are declared, and whether it may have others."""

    fields: tuple[JsonField, ...]
    closed: bool


def read_schema(spark: SparkSession, url: str) -> JsonSchema:
    """Reads a schema from a file.

    Raises:
        JobError: FILE_UNREADABLE, or WRONG_SCHEMA when something in it cannot be kept.
    """
    return schema_of(read_file(spark, url).decode("utf-8", "replace"), url)


def schema_of(text: str, name: str) -> JsonSchema:
    """Reads the JSON Schema of an object; errors call it `name`.

    Raises:
        JobError: WRONG_SCHEMA when something in it cannot be kept.
    """
    try:
        # Limits of exact numbers are exact too: never through a float.
        document = json.loads(text, parse_float=Decimal, parse_int=Decimal)
    except ValueError as error:
        raise JobError("WRONG_SCHEMA", f"{name} is not JSON: {error}.") from error
    if not isinstance(document, dict) or document.get("type") != "object" or not document.get("properties"):
        raise JobError("WRONG_SCHEMA", f"{name} describes no object with properties: {text[:80]}")
    _refuse_other_words(document, {"type", "properties", "required", "additionalProperties"}, name)
    required = set(document.get("required", []))
    fields = [
        _field(field, declared, f"{name}, property {field}", required=field in required)
        for field, declared in document["properties"].items()
    ]
    return JsonSchema(tuple(fields), closed=document.get("additionalProperties") is False)


def _field(name: str, declared: dict[str, Any], where: str, *, required: bool) -> JsonField:
    types = declared.get("type")
    given = types if isinstance(types, list) else [types]
    kinds = [one for one in given if one != "null"]
    if len(kinds) != 1 or kinds[0] not in WORDS:
        allowed = f"{', '.join(WORDS)}, or one of them and null"
        raise JobError("WRONG_SCHEMA", f"{where}: the type is {types!r}; allowed are {allowed}.")
    _refuse_other_words(declared, {"type", *WORDS[kinds[0]]}, where)
    if declared.get("format", "date-time") != "date-time":
        raise JobError("WRONG_SCHEMA", f"{where}: the format is {declared['format']!r}; allowed is date-time.")
    return JsonField(
        name,
        "timestamp" if "format" in declared else kinds[0],
        required,
        nullable="null" in given,
        digits=_digits(declared.get("multipleOf"), where) if kinds[0] == "number" else 0,
        minimum=declared.get("minimum"),
        maximum=declared.get("maximum"),
        shortest=_count(declared.get("minLength")),
        longest=_count(declared.get("maxLength")),
        pattern=_for_java(declared["pattern"]) if "pattern" in declared else None,
        allowed=tuple(declared.get("enum", ())),
    )


def _for_java(pattern: str) -> str:
    """The pattern with each `$` as the end of the text; to Java it is also the place before a line break at the end."""
    return re.sub(r"(\\.|\[(?:\\.|[^\]\\])*\])|\$", lambda found: found[1] or r"\z", pattern)


def _count(value: Decimal | None) -> int | None:
    return None if value is None else int(value)


def _digits(step: object, where: str) -> int:
    """How many digits behind the point a step of 1, 0.1, 0.01 and so on stands for."""
    if isinstance(step, Decimal):
        sign, digits, exponent = step.normalize().as_tuple()
        if sign == 0 and digits == (1,) and isinstance(exponent, int) and -MOST_DIGITS <= exponent <= 0:
            return -exponent
    message = f"multipleOf is {step}; a number needs 1, 0.1, 0.01 or a smaller power of ten, so that it can be exact"
    raise JobError("WRONG_SCHEMA", f"{where}: {message}.")


def _refuse_other_words(declared: dict[str, Any], known: set[str], where: str) -> None:
    others = sorted(declared.keys() - known - ANNOTATIONS)
    if others:
        message = f"{', '.join(others)} is not understood; allowed are {', '.join(sorted(known))}"
        raise JobError("WRONG_SCHEMA", f"{where}: {message}.")
