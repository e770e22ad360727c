"""What was seen of the columns of a file, and how it is told."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from millrace.errors import JobError

MOST_COLUMNS, MOST_DIFFERENT = 200, 100_000
"""Columns of a file; values of a column that are told apart."""

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
LONGEST_NAME = 40
TAKEN = {"cycle", "earliest", "highest", "latest", "line", "position", "reason", "records", "text"}
"""Names that the frames of a producer, or the summary of a key, have already."""

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


def report(form: str, columns: list[dict[str, Any]], count: int, notes: list[str]) -> dict[str, Any]:
    """What is told of a file, once each column has a name."""
    named = list[str]()
    for column, name in zip(columns, _names(column["header"] for column in columns), strict=True):
        column["name"] = name
        if name != column["header"]:
            named.append(f"{short(column['header'])} is called {name}")
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


def column_of(seen: Seen, kind: str, why: str = "") -> dict[str, Any]:
    """What is told of a column, and why it is of its kind where one might wonder."""
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


def short(text: str) -> str:
    """A text of a file as it stands in a message."""
    return json.dumps(text if len(text) <= 60 else text[:60] + "...", ensure_ascii=False)


def refuse_many(path: Path, count: int) -> None:
    """Raises JobError NO_COLUMNS for a file of more columns than a pipeline can be made of."""
    if count > MOST_COLUMNS:
        raise JobError("NO_COLUMNS", f"{path} has {count:,} columns or more; a pipeline can be made of {MOST_COLUMNS}.")
