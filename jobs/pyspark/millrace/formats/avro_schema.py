"""Fields of a delimited line from the Avro record schema that describes it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from millrace.errors import JobError

KINDS = ("int", "long", "string", "boolean", "decimal", "timestamp-millis")


@dataclass(frozen=True)
class Field:
    """One field of a line."""

    name: str
    kind: str
    """One of int, long, string, boolean, decimal, timestamp."""
    required: bool
    precision: int = 0
    scale: int = 0


def fields_of(schema: str, name: str) -> list[Field]:
    """The fields of a record whose types a delimited file can hold; errors call the schema `name`.

    Raises:
        JobError: WRONG_SCHEMA when it is no record, or a field is of another type.
    """
    document = json.loads(schema)
    if not isinstance(document, dict) or document.get("type") != "record":
        raise JobError(
            "WRONG_SCHEMA", f"{name} is no record: {schema[:80]}. The schema of a file is a record of its fields."
        )
    return [_field(field, name) for field in document["fields"]]


def _field(field: dict[str, Any], name: str) -> Field:
    declared = field["type"]
    branches = declared if isinstance(declared, list) else [declared]
    types = [branch for branch in branches if branch != "null"]
    required = len(types) == len(branches)
    kind = types[0] if len(types) == 1 else declared
    if isinstance(kind, dict) and kind.get("logicalType") == "decimal":
        return Field(field["name"], "decimal", required, int(kind["precision"]), int(kind.get("scale", 0)))
    if isinstance(kind, dict) and kind.get("logicalType") == "timestamp-millis":
        return Field(field["name"], "timestamp", required)
    if kind not in KINDS[:4]:
        raise JobError(
            "WRONG_SCHEMA",
            f"{name}: field {field['name']} is {declared!r}; allowed are {', '.join(KINDS)}, each with or without null.",
        )
    return Field(field["name"], kind, required)


def header_of(schema: str) -> str | None:
    """The first line of files whose columns are called otherwise than the fields of their schema; None where they are called alike."""
    header: str | None = json.loads(schema).get("header")
    return header
