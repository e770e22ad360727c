"""Says what the columns of a file are, from all of its lines, or what a schema says: reads one path from standard input, writes one JSON object.

`millrace new --from` starts it as a module with `jobs/pyspark` on the path. Lines are split, and values judged, as the jobs do it.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.check import rows
from local.check.schema_columns import of_schema, schema_in
from local.check.seen import WORDS, Seen, column_of, refuse_many, report, short

from millrace.errors import JobError
from millrace.formats.json_schema import MOST_DIGITS

SEPARATORS = ",;|\t"
LARGEST_SCHEMA = 1 << 20

INTEGER = re.compile(r"[+-]?(?:0|[1-9]\d*)", re.ASCII)
LEADING_ZERO = re.compile(r"[+-]?0\d[\d.]*", re.ASCII)
ALMOST_TIME = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?", re.ASCII)


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
    schema = schema_in(text) if len(start) <= LARGEST_SCHEMA else None
    if schema is None:
        return _json_lines(path)
    return of_schema(path, start.decode("utf-8-sig"), is_avro=schema["type"] == "record")


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


def _header(path: Path, lines: Iterator[tuple[int, str]]) -> tuple[str, str, list[str]]:
    """The first line, its separator, and the names in it."""
    number, header = next(lines, (0, ""))
    if number != 1:
        raise JobError("NO_COLUMNS", f"{path} does not begin with the names of its columns: its first line is empty.")
    separator = max(SEPARATORS, key=lambda one: len(rows.split(header, one)))
    names = [name.strip() for name in rows.split(header, separator)]
    if not any(character.isalpha() for character in "".join(names)):
        raise JobError(
            "NO_COLUMNS", f"The first line of {path} names no columns: {header[:100]}. Put their names there."
        )
    refuse_many(path, len(names))
    return header, separator, names


def _delimited(path: Path) -> dict[str, Any]:
    lines = _lines(path)
    header, separator, names = _header(path, lines)
    seen = [Seen(name) for name in names]
    count, others, opened = 0, list[int](), 0
    for number, line in lines:
        count += 1
        values = rows.split(line, separator)
        if not opened and rows.leaves_quote_open(line, separator):
            opened = number
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
    if opened:
        notes.append(
            f"line {opened} opens a quote that it does not close: a field ends with its line, also within quotes"
        )
    return report("csv", columns, count, notes) | {"separator": separator, "header": header}


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
        why = f"zeros in front, as in line {seen.zeros[0]}: {short(seen.zeros[1])}"
    elif kind == "string" and len(kinds) > 1:
        usual = next(one for one, _ in _merged(seen).most_common() if one != "string")
        like = {usual, "integer"} if usual == "number" else {usual}
        line, text = min(place for one, place in seen.first.items() if one not in like)
        why = f"not throughout {WORDS[usual]}, see line {line}: {short(text)}"
    elif kind == "string" and seen.values and ALMOST_TIME.fullmatch(seen.first["string"][1]):
        why = "a time would be written as 2026-01-31T13:00:00Z, with its offset"
    return column_of(seen, kind, why) if seen.values else column_of(seen, "string", "empty in all lines")


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
        refuse_many(path, len(seen))
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
            notes.append(f"{short(column.header)} is left out: it {reason}")
            continue
        kind, why = _usual(column)
        columns.append(column_of(column, kind, why))
    return report("jsonl", columns, count, notes)


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
        f"of {seen.values:,} values {sum(others.values()):,} are of another type, and would be rejected; the first in line {line}: {short(text)}",
    )


def _merged(seen: Seen) -> Counter[str]:
    """How many values are of which kind; among numbers whole ones are numbers."""
    kinds = Counter(seen.kinds)
    if "number" in kinds:
        kinds["number"] += kinds.pop("integer", 0)
    return kinds


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
