"""The columns that a schema names, and a sample of rows that it allows."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.check import rows
from local.check.seen import Seen, column_of, refuse_many, report

from millrace.errors import JobError
from millrace.formats import avro_schema, json_schema
from millrace.formats.json_schema import MOST_DIGITS

INVENTED_ROWS = 10


def schema_in(text: bytes) -> dict[str, Any] | None:
    """The schema of Avro or JSON that a file holds, if it holds one."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    is_avro, is_json = found.get("type") == "record" and "fields" in found, found.get("type") == "object"
    return found if is_avro or (is_json and isinstance(found.get("properties"), dict)) else None


def of_schema(path: Path, text: str, *, is_avro: bool) -> dict[str, Any]:
    """The columns that a schema names, and rows that it allows."""
    columns = _avro_columns(path, text) if is_avro else _json_columns(path, text)
    refuse_many(path, len(columns))
    invented = [[_invented(column, row) for column in columns] for row in range(1, INVENTED_ROWS + 1)]
    if is_avro:
        lines = ["|".join(column["header"] for column in columns), *("|".join(map(_plain, row)) for row in invented)]
        judge = rows.delimited(avro_schema.fields_of(text, str(path)), "|")
        reasons = [judge(number, line.encode()) for number, line in enumerate(lines[1:], 2)]
    else:
        names = [json.dumps(column["header"], ensure_ascii=False) for column in columns]
        lines = [
            "{" + ", ".join(f"{name}: {value}" for name, value in zip(names, row, strict=True)) + "}"
            for row in invented
        ]
        judge = rows.json_lines(json_schema.schema_of(text, str(path)))
        reasons = [judge(number, line.encode()) for number, line in enumerate(lines, 1)]
    wrong = next((reason for reason in reasons if reason is not None), None)
    if wrong is not None:
        message = f"No sample can be invented for {path}: {wrong}, by its rules. Give a file of data instead."
        raise JobError("NO_COLUMNS", message)
    for column in columns:
        del column["rules"]
    told = report("csv" if is_avro else "jsonl", columns, len(invented), ["the sample is invented"])
    wrong_names = ", ".join(column["header"] for column in columns if column["name"] != column["header"])
    if is_avro and wrong_names:
        raise JobError("NO_COLUMNS", f"{path}: {wrong_names} cannot be the name of a column. Call it otherwise.")
    return told | {"separator": "|", "header": lines[0], "schema": text, "sample": "\n".join([*lines, ""])}


def _avro_columns(path: Path, text: str) -> list[dict[str, Any]]:
    columns = []
    for one in avro_schema.fields_of(text, str(path)):
        if one.precision > MOST_DIGITS:
            message = f"{path}: {one.name} has {one.precision} digits; a number of a JSON record has {MOST_DIGITS}."
            raise JobError("NO_COLUMNS", message)
        seen = Seen(one.name, empty=0 if one.required else 1, behind=one.scale)
        kinds = {"int": "integer", "long": "integer", "decimal": "number"}
        columns.append(column_of(seen, kinds.get(one.kind, one.kind), f"as {path.name} says") | {"rules": {}})
    return columns


def _json_columns(path: Path, text: str) -> list[dict[str, Any]]:
    properties = json.loads(text, parse_float=Decimal, parse_int=Decimal)["properties"]
    columns = []
    for one in json_schema.schema_of(text, str(path)).fields:
        seen = Seen(one.name, empty=0 if one.required and not one.nullable else 1, behind=one.digits)
        rules = {word: properties[one.name][word] for word in properties[one.name] if word not in {"type", "format"}}
        columns.append(column_of(seen, one.kind, f"as {path.name} says") | {"rules": rules})
    return columns


def _invented(column: dict[str, Any], row: int) -> str:
    """A value of a column, as JSON, that its rules allow where they are simple."""
    rules, kind = column["rules"], column["kind"]
    if kind == "boolean":
        return json.dumps(row % 2 == 0)
    if kind == "timestamp":
        return f'"2026-01-31T13:{row:02}:00Z"'
    if kind == "string":
        allowed = rules.get("enum")
        text = allowed[row % len(allowed)] if allowed else "abc"[row % 3].ljust(int(rules.get("minLength", 0)), "a")
        return json.dumps(text, ensure_ascii=False)
    step = Decimal(1).scaleb(-column["digits"])
    low = Decimal(rules.get("minimum", max(Decimal(0), rules.get("maximum", Decimal(0)) - 100)))
    return str(min(-(-low // step) * step + row * step, rules.get("maximum", Decimal("Infinity"))))


def _plain(value: str) -> str:
    return str(json.loads(value)) if value.startswith('"') else value
