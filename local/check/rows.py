"""Judges the lines of files as the jobs do, without Spark: by the schemas of the files, with the reasons that the rejects have.

What Spark decides is decided again here, in a few lines for each rule; a test holds the two together over lines of every kind.
"""

from __future__ import annotations

import json
import re
import sys
from calendar import isleap
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, BinaryIO, Protocol

from millrace.formats.avro_schema import Field
from millrace.formats.json_schema import MOST_DIGITS, JsonField, JsonSchema

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MOST_LONG, MOST_INT = 2**63 - 1, 2**31 - 1
LONGEST_NUMBER, DEEPEST = 1000, 999
"""Of JSON: digits of a number, and values in each other."""

DATE_TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:Z|[+-](\d\d):(\d\d))", re.ASCII)
NUMBER = re.compile(r"(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?0*\d{1,3}))?", re.ASCII)
WHOLE = re.compile(r"[+-]?\d+", re.ASCII)
DECIMAL = re.compile(r"[+-]?\d+(\.\d{1,18})?", re.ASCII)


sys.setrecursionlimit(10 * DEEPEST)


class Judge(Protocol):
    """Says of a line of data why it is no row; None of one that is."""

    def __call__(self, number: int, line: bytes, /) -> str | None:
        """Judges the line of this number."""


def numbered_lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """The lines of a file with their numbers, which end with LF, CRLF or CR."""
    number, rest = 0, file.read(3).removeprefix(BYTE_ORDER_MARK)
    while block := file.read(1 << 20):
        # What may be the first half of a CRLF waits for the second.
        held = b"\r" if block.endswith(b"\r") else b""
        lines = (rest + block.removesuffix(b"\r")).replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        rest = lines.pop() + held
        for line in lines:
            number += 1
            yield number, line
    for line in rest.removesuffix(b"\r").split(b"\r") if rest else []:
        number += 1
        yield number, line


def is_data(line: bytes) -> bool:
    """Whether a line is more than blanks."""
    return line.strip(b" ") != b""


# --- delimited lines


def delimited(fields: Sequence[Field], separator: str) -> Judge:
    """Judges by the fields of an Avro record."""

    def judge(_number: int, line: bytes, /) -> str | None:
        values = split(line.decode("utf-8", "replace"), separator)
        if len(values) != len(fields):
            return "wrong-number-of-fields"
        for field, value in zip(fields, values, strict=True):
            text = value.strip(" ")
            if text == "" and field.required:
                return reason("missing", field.name)
            if text != "" and not _is_of(field, text):
                return reason("bad", field.name)
        return None

    return judge


def split(line: str, separator: str) -> list[str]:
    """The fields of a line. A quoted one may hold the separator, and quotes that are written twice; one that nothing closes takes the rest."""
    fields: list[str] = []
    position = 0
    while True:
        while position < len(line) and line[position] <= " " and line[position] != separator:
            position += 1
        field, position = _field_at(line, position, separator)
        fields.append(field)
        if position >= len(line):
            return fields
        position += 1


def leaves_quote_open(line: str, separator: str) -> bool:
    """Whether a field begins with a quote that nothing closes: what was meant to go on in the next line, most of the time."""
    if '"' not in line:
        return False
    position = 0
    while position < len(line):
        while position < len(line) and line[position] <= " " and line[position] != separator:
            position += 1
        if line.startswith('"', position) and _closing_quote(line, position + 1) >= len(line):
            return True
        _, position = _field_at(line, position, separator)
        position += 1
    return False


def _field_at(line: str, start: int, separator: str) -> tuple[str, int]:
    """The field that begins at a place, and where it ends: at a separator, or at the end of the line."""
    position = start
    if line.startswith('"', start):
        position = _closing_quote(line, start + 1)
        if position >= len(line):
            # A quote at the very end is the text.
            return line[start + 1 :].replace('""', '"') or '"', position
        end = position + 1
        while end < len(line) and line[end] <= " " and line[end] != separator:
            end += 1
        if end >= len(line) or line[end] == separator:
            return line[start + 1 : position].replace('""', '"'), end
    # A quote that nothing may follow is one of the text, which ends at the next separator.
    end = line.find(separator, position)
    end = len(line) if end < 0 else end
    return line[start:end], end


def _closing_quote(line: str, position: int) -> int:
    """Where the next quote is that is not written twice, or the end of the line."""
    while (found := line.find('"', position)) >= 0:
        if not line.startswith('""', found):
            return found
        position = found + 2
    return len(line)


def _is_of(field: Field, text: str) -> bool:
    if field.kind == "string":
        return True
    if field.kind == "boolean":
        return text.lower() in {"true", "false"}
    if field.kind == "timestamp":
        return is_moment(text)
    if field.kind != "decimal":
        most = MOST_INT if field.kind == "int" else MOST_LONG
        return WHOLE.fullmatch(text) is not None and -most - 1 <= int(text) <= most
    return DECIMAL.fullmatch(text) is not None and _fits(Decimal(text), field.precision, field.scale)


def _fits(number: Decimal, precision: int, digits: int) -> bool:
    """Whether a column of so many digits, so many of them behind the point, holds the number as it is."""
    _, figures, exponent = number.as_tuple()
    text = "".join(map(str, figures)).lstrip("0")
    without_zeros = text.rstrip("0")
    if without_zeros == "":
        # Spark casts no zero with more digits than a decimal may have.
        return int(exponent) < 38
    lowest = int(exponent) + len(text) - len(without_zeros)
    return -lowest <= digits and len(without_zeros) + lowest <= precision - digits


# --- lines of JSON


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class _NotJsonError(ValueError):
    """What Python reads, and the jobs do not."""


def json_lines(schema: JsonSchema) -> Judge:
    """Judges by a JSON Schema."""
    patterns = {field.name: python_pattern(field.pattern) for field in schema.fields if field.pattern is not None}

    def judge(number: int, line: bytes, /) -> str | None:
        try:
            # The reader of the first line, which may begin with a mark, forgives what is no UTF-8.
            text = line.decode("utf-8", "replace").removeprefix("\ufeff") if number == 1 else line.decode("utf-8")
            found = read_json(text)
        except (ValueError, RecursionError):
            return "not-json"
        if not isinstance(found, dict):
            return "not-an-object"
        for field in schema.fields:
            if field.required and field.name not in found:
                return reason("missing", field.name)
            if field.name in found and not _is_right(field, found[field.name], patterns.get(field.name)):
                return reason("bad", field.name)
        if schema.closed and found.keys() - {field.name for field in schema.fields}:
            return "unknown-field"
        return None

    return judge


def python_pattern(pattern: str) -> re.Pattern[str] | None:
    """Java's pattern as one of Python; None where it has something that the two may take for different things."""
    known = r"\\[dDwWsSz.\\/()\[\]{}*+?|^$-]|\[\^?(?:\\[dDwWsS\\\]\[^.$/-]|[^\\\[\]&])+\]|\(\?:|[^\\\[\]]"
    parts = re.findall(known, pattern)
    if "".join(parts) != pattern or re.search(r"[*+?}]\+|\((?=\?)(?!\?:)", pattern):
        return None
    translated = {".": r"[^\n\r\u0085\u2028\u2029]", r"\z": r"\Z"}
    try:
        return re.compile("".join(translated.get(part, part) for part in parts), re.ASCII)
    except re.error:
        return None


def read_json(text: str) -> object:
    """What a line of JSON holds, its numbers as they are written; raises ValueError or RecursionError where the jobs would read none."""
    if _depth(text) > DEEPEST:
        raise _NotJsonError
    found = json.loads(
        text, parse_int=_number, parse_float=_number, parse_constant=_refuse, object_pairs_hook=_without_repetition
    )
    # Half a character, which Python keeps.
    json.dumps(found, ensure_ascii=False).encode()
    return found


def _depth(text: str) -> int:
    """How deep values are in each other: brackets outside of strings."""
    depth = deepest = 0
    for bracket in re.sub(r'"(?:[^"\\]|\\.)*"|[^\[\]{}]', "", text):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _number(text: str) -> Number:
    digits = sum(character.isdigit() for character in text)
    # A zero before the point does not count where there is no exponent.
    if digits - (re.fullmatch(r"-?0\.\d+", text) is not None) > LONGEST_NUMBER:
        raise _NotJsonError
    return Number(text)


def _refuse(_constant: str) -> None:
    raise _NotJsonError


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _NotJsonError
    return found


def _is_right(field: JsonField, value: object, pattern: re.Pattern[str] | None) -> bool:
    if value is None:
        return field.nullable
    match field.kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer" | "number":
            return isinstance(value, Number) and _is_number(field, value)
    if not isinstance(value, str) or isinstance(value, Number):
        return False
    if field.kind == "timestamp" and not is_moment(value):
        return False
    return (
        (field.shortest is None or len(value) >= field.shortest)
        and (field.longest is None or len(value) <= field.longest)
        and (pattern is None or pattern.search(value) is not None)
        and (not field.allowed or value in field.allowed)
    )


def _is_number(field: JsonField, text: str) -> bool:
    if NUMBER.fullmatch(text) is None:
        return False
    number, whole = Decimal(text), field.kind == "integer"
    if not _fits(number, 38 if whole else MOST_DIGITS, field.digits):
        return False
    if whole and not -MOST_LONG - 1 <= int(number) <= MOST_LONG:
        return False
    return (field.minimum is None or number >= field.minimum) and (field.maximum is None or number <= field.maximum)


def is_moment(text: str) -> bool:
    """Whether a text is a date and time with an offset, that exists."""
    found = DATE_TIME.fullmatch(text.upper())
    if not found:
        return False
    year, month, day, hour, minute, second, *offset = (int(part or 0) for part in found.groups())
    february = 29 if isleap(year) else 28
    days = (31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    exists = 1 <= month <= 12 and 1 <= day <= days[month - 1] and hour < 24 and minute < 60 and second < 60
    hours, minutes = offset
    return exists and minutes < 60 and hours * 60 + minutes <= 18 * 60


def reason(what: str, field: str) -> str:
    """The name of what is wrong with a field, as the rejects spell it."""
    return f"{what}-{field.replace('_', '-')}"
