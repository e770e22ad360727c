"""Says what the columns of a file are, from all of its lines, or what a schema says: reads one path from standard input, writes one JSON object.

`millrace new --from` starts it as a module with `jobs/pyspark` on the path. Lines are split, and values judged, as the jobs do it.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from local.check import rows

from millrace.errors import JobError
from millrace.formats import avro_schema, json_schema
from millrace.formats.json_schema import MOST_DIGITS

SEPARATORS = ",;|\t"
MOST_COLUMNS, MOST_DIFFERENT = 200, 100_000
"""Columns of a file; values of a column that are told apart."""
LARGEST_SCHEMA = 1 << 20
INVENTED_ROWS = 10

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
LONGEST_NAME = 40
TAKEN = {"cycle", "earliest", "highest", "latest", "line", "position", "reason", "records", "text"}
"""Names that the frames of a producer, or the summary of a key, have already."""

INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d*)", re.ASCII)
LEADING_ZERO = re.compile(r"[+-]?0\d[\d.]*", re.ASCII)
ALMOST_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?", re.ASCII)
WORDS = {
    "integer": "a whole number",
    "number": "a number",
    "timestamp": "a date and time with an offset",
    "boolean": "true or false",
    "string": "a text",
    "nested": "an object or a list",
}


@dataclass
class Seen:
    """What was seen of a column so far."""

    header: str
    values: int = 0
    empty: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    first: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Where each kind came first, and how it is written."""
    zeros: tuple[int, str] | None = None
    """The first number that is none, since it begins with zeros."""
    before: int = 0
    behind: int = 0
    """Most digits before and behind the point."""
    longest: int = 0
    range: tuple[Decimal, Decimal] | None = None
    different: set[str] | None = field(default_factory=set)
    """None once there are too many."""

    def add(self, line: int, kind: str, text: str) -> None:
        """One more value."""
        self.values += 1
        self.kinds[kind] += 1
        self.first.setdefault(kind, (line, text))
        self.longest = max(self.longest, len(text))
        if self.different is not None:
            self.different.add(text)
            if len(self.different) > MOST_DIFFERENT:
                self.different = None
        if kind in {"integer", "number"}:
            self._add_number(Decimal(text))

    def _add_number(self, number: Decimal) -> None:
        _, digits, exponent = number.as_tuple()
        self.behind = max(self.behind, -int(exponent))
        self.before = max(self.before, len(digits) + int(exponent))
        low, high = self.range or (number, number)
        self.range = (min(low, number), max(high, number))


def described(path: Path) -> dict[str, Any]:
    """The form of a file, and its columns.

    Raises:
        JobError: FILE_UNREADABLE, or NO_COLUMNS when no columns can be told from it.
    """
    try:
        with path.open("rb") as file:
            start = file.read(LARGEST_SCHEMA + 1)
    except OSError as error:
        raise JobError("FILE_UNREADABLE", f"{path} cannot be read: {error.strerror}.") from error
    text = start.removeprefix(rows.BYTE_ORDER_MARK).lstrip()
    if text.startswith(b"["):
        message = f"{path} holds one list. Needed is an object a line, as `jq -c '.[]' {path.name}` writes them."
        raise JobError("NO_COLUMNS", message)
    if not text.startswith(b"{"):
        return _delimited(path)
    schema = _schema_in(text) if len(start) <= LARGEST_SCHEMA else None
    if schema is None:
        return _json_lines(path)
    return _of_schema(path, start.decode("utf-8-sig"), is_avro=schema["type"] == "record")


def _schema_in(text: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    is_avro, is_json = found.get("type") == "record" and "fields" in found, found.get("type") == "object"
    return found if is_avro or (is_json and isinstance(found.get("properties"), dict)) else None


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are more than blanks, with their numbers."""
    with path.open("rb") as file:
        for number, line in rows.numbered_lines(file):
            try:
                text = line.decode("utf-8")
            except UnicodeDecodeError as error:
                problem = f"Line {number} of {path} is not UTF-8: {error.reason} at its byte {error.start + 1}"
                raise JobError("FILE_UNREADABLE", f"{problem}. Needed is a text file in UTF-8.") from error
            if "\0" in text:
                raise JobError("FILE_UNREADABLE", f"Line {number} of {path} holds a zero byte: it is no text file.")
            if rows.is_data(line):
                yield number, text


# --- delimited files


def _delimited(path: Path) -> dict[str, Any]:
    lines = _lines(path)
    number, header = next(lines, (0, ""))
    if number != 1:
        raise JobError("NO_COLUMNS", f"{path} does not begin with the names of its columns: its first line is empty.")
    separator = max(SEPARATORS, key=lambda one: len(rows.split(header, one)))
    names = [name.strip() for name in rows.split(header, separator)]
    if not any(character.isalpha() for character in "".join(names)):
        raise JobError(
            "NO_COLUMNS", f"The first line of {path} names no columns: {header[:100]}. Put their names there."
        )
    _refuse_many(path, len(names))
    seen = [Seen(name) for name in names]
    count, others = 0, list[int]()
    for number, line in lines:
        count += 1
        values = rows.split(line, separator)
        if len(values) != len(names):
            others.append(number)
            continue
        for column, value in zip(seen, values, strict=True):
            text = value.strip(" ")
            if text == "":
                column.empty += 1
            else:
                column.add(number, _kind_of(column, number, text), text)
    if count == len(others):
        raise JobError("NO_COLUMNS", f"{path} has no line of data with the {len(names)} columns of its first line.")
    columns = [_of_texts(column) for column in seen]
    notes = []
    if others:
        notes.append(
            f"{len(others):,} of {count:,} lines have other than {len(names)} fields, and would be rejected; the first is line {others[0]}"
        )
    return _told("csv", columns, count, notes) | {"separator": separator, "header": header}


def _kind_of(column: Seen, line: int, text: str) -> str:
    if INTEGER.fullmatch(text):
        return "integer" if -(2**63) <= int(text) < 2**63 else "string"
    if LEADING_ZERO.fullmatch(text):
        column.zeros = column.zeros or (line, text)
        return "string"
    if rows.DECIMAL.fullmatch(text):
        return "number"
    if text.lower() in {"true", "false"}:
        return "boolean"
    return "timestamp" if rows.is_moment(text) else "string"


def _of_texts(seen: Seen) -> dict[str, Any]:
    """A column of a delimited file. What is not of one kind throughout is text, which loses nothing."""
    kinds = list(_merged(seen))
    kind, why = (kinds[0] if len(kinds) == 1 else "string"), ""
    if kind == "number" and seen.before + seen.behind > MOST_DIGITS:
        kind, why = "string", f"a number has {MOST_DIGITS} digits, and these need {seen.before + seen.behind}"
    elif kind == "string" and seen.zeros is not None:
        why = f"zeros in front, as in line {seen.zeros[0]}: {_short(seen.zeros[1])}"
    elif kind == "string" and len(kinds) > 1:
        usual = next(one for one, _ in _merged(seen).most_common() if one != "string")
        like = {usual, "integer"} if usual == "number" else {usual}
        line, text = min(place for one, place in seen.first.items() if one not in like)
        why = f"not throughout {WORDS[usual]}, see line {line}: {_short(text)}"
    elif kind == "string" and seen.values and ALMOST_TIME.fullmatch(seen.first["string"][1]):
        why = "a time would be written as 2026-01-31T13:00:00Z, with its offset"
    return _column(seen, kind, why) if seen.values else _column(seen, "string", "empty in all lines")


# --- lines of JSON


def _json_lines(path: Path) -> dict[str, Any]:
    seen: dict[str, Seen] = {}
    count, others = 0, list[int]()
    for number, line in _lines(path):
        count += 1
        try:
            found = rows.read_json(line)
        except (ValueError, RecursionError):
            found = None
        if not isinstance(found, dict):
            others.append(number)
            continue
        for name, value in found.items():
            column = seen.setdefault(name, Seen(name))
            if value is None:
                column.empty += 1
            else:
                column.add(number, *_kind_of_json(value))
        _refuse_many(path, len(seen))
    if not seen:
        raise JobError("NO_COLUMNS", f"{path} has no line with a JSON object that has a name in it.")
    notes, columns, known = [], [], set[str]()
    if others:
        notes.append(
            f"{len(others):,} of {count:,} lines hold no JSON object, and would be rejected; the first is line {others[0]}"
        )
    for column in seen.values():
        column.empty = count - len(others) - column.values
        reason = "differs from another in upper and lower case only" if column.header.lower() in known else None
        reason = reason or _left_out(column)
        known.add(column.header.lower())
        if reason is not None:
            notes.append(f"{_short(column.header)} is left out: it {reason}")
            continue
        kind, why = _usual(column)
        columns.append(_column(column, kind, why))
    return _told("jsonl", columns, count, notes)


def _kind_of_json(value: object) -> tuple[str, str]:
    if isinstance(value, bool):
        return "boolean", str(value)
    if isinstance(value, rows.Number):
        whole = INTEGER.fullmatch(value) and -(2**63) <= int(value) < 2**63
        return "integer" if whole else "number", str(value)
    if isinstance(value, str):
        return "timestamp" if rows.is_moment(value) else "string", value
    return "nested", ""


def _left_out(seen: Seen) -> str | None:
    if not seen.values:
        return "is null in all lines"
    if seen.kinds.most_common(1)[0][0] == "nested":
        return "holds objects or lists"
    if _usual(seen)[0] == "number" and seen.before + seen.behind > MOST_DIGITS:
        return f"needs {seen.before + seen.behind} digits, and a number has {MOST_DIGITS}"
    return None


def _usual(seen: Seen) -> tuple[str, str]:
    """The kind of most values, and what becomes of the others."""
    kinds = _merged(seen)
    if "string" in kinds:
        kinds["string"] += kinds.pop("timestamp", 0)
    kind = kinds.most_common(1)[0][0]
    others = {other: count for other, count in kinds.items() if other != kind}
    if not others:
        return kind, ""
    like = {"number": {"number", "integer"}, "string": {"string", "timestamp"}}.get(kind, {kind})
    line, text = min(place for other, place in seen.first.items() if other not in like)
    return (
        kind,
        f"of {seen.values:,} values {sum(others.values()):,} are of another type, and would be rejected; the first in line {line}: {_short(text)}",
    )


def _merged(seen: Seen) -> Counter[str]:
    """How many values are of which kind; among numbers whole ones are numbers."""
    kinds = Counter(seen.kinds)
    if "number" in kinds:
        kinds["number"] += kinds.pop("integer", 0)
    return kinds


# --- schemas


def _of_schema(path: Path, text: str, *, is_avro: bool) -> dict[str, Any]:
    """The columns that a schema names, and rows that it allows."""
    columns = _avro_columns(path, text) if is_avro else _json_columns(path, text)
    _refuse_many(path, len(columns))
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
    told = _told("csv" if is_avro else "jsonl", columns, len(invented), ["the sample is invented"])
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
        columns.append(_column(seen, kinds.get(one.kind, one.kind), f"as {path.name} says") | {"rules": {}})
    return columns


def _json_columns(path: Path, text: str) -> list[dict[str, Any]]:
    properties = json.loads(text, parse_float=Decimal, parse_int=Decimal)["properties"]
    columns = []
    for one in json_schema.schema_of(text, str(path)).fields:
        seen = Seen(one.name, empty=0 if one.required and not one.nullable else 1, behind=one.digits)
        rules = {word: properties[one.name][word] for word in properties[one.name] if word not in {"type", "format"}}
        columns.append(_column(seen, one.kind, f"as {path.name} says") | {"rules": rules})
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


# --- what is told


def _told(form: str, columns: list[dict[str, Any]], count: int, notes: list[str]) -> dict[str, Any]:
    named = list[str]()
    for column, name in zip(columns, _names(column["header"] for column in columns), strict=True):
        column["name"] = name
        if name != column["header"]:
            named.append(f"{_short(column['header'])} is called {name}")
    return {"form": form, "rows": count, "columns": columns, "notes": [*notes, *named]}


def _names(headers: Iterable[str]) -> Iterator[str]:
    """A name for each column, in letters, digits and "_", that no other has."""
    taken = set(TAKEN)
    for place, header in enumerate(headers, 1):
        name = header
        if not NAME.fullmatch(header) or len(header) > LONGEST_NAME:
            plain = unicodedata.normalize("NFKD", header.casefold()).encode("ascii", "ignore").decode()
            name = re.sub(r"\W+", "_", plain).strip("_")[:LONGEST_NAME] or f"column_{place}"
            name = name if name[0].isalpha() else f"column_{name}"
        number, first = 1, name
        while name.lower() in taken:
            number += 1
            name = f"{first}_{number}"
        taken.add(name.lower())
        yield name


def _column(seen: Seen, kind: str, why: str = "") -> dict[str, Any]:
    digits = seen.behind if kind == "number" else 0
    words = [
        WORDS[kind] + (f" with {digits} {'digit' if digits == 1 else 'digits'} behind the point" if digits else "")
    ]
    if kind in {"integer", "number"} and seen.range is not None:
        low, high = seen.range
        words.append(f"from {low:f} to {high:f}")
    if seen.values:
        many = f"more than {MOST_DIFFERENT:,}" if seen.different is None else f"{len(seen.different):,}"
        words.append(f"{many} different")
    if seen.empty and seen.values:
        words.append(f"{seen.empty:,} empty")
    different = None if seen.different is None or not seen.values else len(seen.different)
    return {
        "header": seen.header,
        "kind": kind,
        "digits": digits,
        "nullable": seen.empty > 0,
        "longest": seen.longest,
        "different": different,
        "repeats": seen.values > 0 and (different is not None and different < seen.values),
        "words": ", ".join(words) + (f" ({why})" if why else ""),
    }


def _short(text: str) -> str:
    return json.dumps(text if len(text) <= 60 else text[:60] + "...", ensure_ascii=False)


def _refuse_many(path: Path, count: int) -> None:
    if count > MOST_COLUMNS:
        raise JobError("NO_COLUMNS", f"{path} has {count:,} columns or more; a pipeline can be made of {MOST_COLUMNS}.")


def main() -> None:
    """Answers for the path on standard input."""
    path = Path(json.load(sys.stdin)["path"])
    try:
        told = described(path)
    except JobError as error:
        told = {"refused": {"code": error.code, "message": str(error)}}
    sys.stdout.write(json.dumps(told, default=str) + "\n")


if __name__ == "__main__":
    main()
