"""Reads the topics of the orders pipeline as any client would, or files of JSON lines, and recomputes every total. Started by the end-to-end test.

Shares nothing with the product: Confluent's client, Python's own JSON, exact decimals. Prints one JSON object; its list `problems` is empty when every
record is accounted for.
"""

from __future__ import annotations

import argparse
import csv
import json
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TypeVar, cast

from topic_records import EPOCH, Record, records

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SOURCE, TOTALS, WINDOWS, DEAD_LETTERS = (
    "orders.json",
    "orders.by-country.json",
    "orders.by-country.windows.json",
    "orders.dead-letters",
)
WINDOW, SLIDE, TOLERANCE = timedelta(minutes=10), timedelta(minutes=5), timedelta(minutes=10)

RFC_3339 = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)

LONGEST_NUMBER = 1_000
"""Characters of a number that a job takes for one, as docs/adding-a-pipeline.md says."""

Fields = dict[str, object]
Window = tuple[str, datetime]
Position = tuple[int, int]
Key = TypeVar("Key", str, Window)


class BrokenError(Exception):
    """A record is no order; the message is the reason."""


@dataclass
class Total:
    """What a country, or a country in a window, adds up to."""

    sales: Decimal = Decimal(0)
    orders: int = 0

    def add(self, amount: Decimal) -> None:
        """Adds one order."""
        self.sales += amount
        self.orders += 1


def fields_of(value: bytes | None) -> Fields:
    """The fields of a JSON object, exact."""
    if value is None:
        raise BrokenError("null-value")

    def unique(pairs: list[tuple[str, object]]) -> Fields:
        if len({name for name, _ in pairs}) < len(pairs):
            raise BrokenError("not-json")
        return dict(pairs)

    def no_number(text: str) -> NoReturn:
        raise BrokenError("not-json")

    def number(text: str) -> Decimal:
        return no_number(text) if len(text) > LONGEST_NUMBER else Decimal(text)

    try:
        found = json.loads(
            value.decode(), parse_float=number, parse_int=number, parse_constant=no_number, object_pairs_hook=unique
        )
        # Half a surrogate pair is no character, so that UTF-8 has no bytes for it.
        json.dumps(found, ensure_ascii=False, default=str).encode()
    except (ValueError, RecursionError) as error:
        raise BrokenError("not-json") from error
    if not isinstance(found, dict):
        raise BrokenError("not-an-object")
    return found


def decimals(value: object) -> int | None:
    """How many digits behind the point a number has that are not 0 at its end; None for what is none. Exact, however long it is."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        return None
    _, digits, exponent = Decimal(value).as_tuple()
    significant = "".join(map(str, digits)).rstrip("0")
    return max(0, -cast("int", exponent) - len(digits) + len(significant)) if significant else 0


def whole(value: object) -> bool:
    """A whole number from 0 on, of 64 bits."""
    return decimals(value) == 0 and 0 <= cast("Decimal", value) < 2**63


def cents(value: object) -> bool:
    """An amount exact to the cent, of a thousand million at most."""
    digits = decimals(value)
    return digits is not None and digits <= 2 and -(10**9) <= cast("Decimal", value) <= 10**9


def instant(value: object) -> bool:
    """A point in time as RFC 3339 has it, with its offset."""
    try:
        return isinstance(value, str) and RFC_3339.fullmatch(value) is not None and moment_of(value) is not None
    except ValueError:
        return False


def moment_of(text: str) -> datetime:
    """The point in time."""
    return datetime.fromisoformat(text.upper())


def place(value: object) -> bool:
    """The name of a place, where it is known."""
    return value is None or isinstance(value, str)


RULES: dict[str, tuple[bool, Callable[[object], bool]]] = {
    "order_id": (True, whole),
    "customer_id": (True, whole),
    "amount": (True, cents),
    "order_date": (True, instant),
    "city": (False, place),
    "district": (False, place),
    "country": (True, lambda value: isinstance(value, str) and 1 <= len(value) <= 200),
}
"""Whether a field has to be there, and what it may be."""


def order_of(value: bytes | None) -> tuple[str, Decimal, datetime]:
    """Country, amount and time of an order; an error for everything else."""
    fields = fields_of(value)
    for name, (required, holds) in RULES.items():
        if name not in fields and required:
            raise BrokenError(f"missing-{name.replace('_', '-')}")
        if name in fields and not holds(fields[name]):
            raise BrokenError(f"bad-{name.replace('_', '-')}")
    moment = moment_of(str(fields["order_date"]))
    return str(fields["country"]), Decimal(cast("Decimal", fields["amount"])), moment


def windows_of(moment: datetime) -> list[datetime]:
    """Starts of the windows that hold a moment."""
    last = moment - (moment - EPOCH) % SLIDE
    return [last - SLIDE * index for index in range(WINDOW // SLIDE)]


@dataclass
class Oracle:
    """What the orders add up to, and where the other topics say something else."""

    totals: dict[str, Total] = field(default_factory=lambda: defaultdict(Total))
    windows: dict[Window, Total] = field(default_factory=lambda: defaultdict(Total))
    set_aside: dict[Position, tuple[str, Record]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    records: int = 0
    begins: dict[int, Record] = field(default_factory=dict)
    """By partition of the source, its first record."""
    has_lost: bool = False
    """Whether records were deleted from the source."""

    def read_lines(self, lines: Iterable[bytes]) -> None:
        """Adds up the orders of a file."""
        for line in lines:
            self.records += 1
            country, amount, _ = order_of(line)
            self.totals[country].add(amount)

    def read_source(self, source: Iterable[Record]) -> None:
        """Adds up the orders of the topic, and notes what belongs into the dead letters."""
        for record in source:
            self.records += 1
            self.begins.setdefault(record.partition, record)
            try:
                country, amount, moment = order_of(record.value)
            except BrokenError as error:
                self.set_aside[record.partition, record.offset] = str(error), record
                continue
            self.totals[country].add(amount)
            if abs(moment - record.stamped) > TOLERANCE:
                reason = "late" if moment < record.stamped else "future"
                self.set_aside[record.partition, record.offset] = reason, record
                continue
            for start in windows_of(moment):
                self.windows[country, start].add(amount)

    def keep(self, kept: dict[Window, Total], *, again: bool) -> None:
        """Windows of which records are gone have to stay as they were: those that begin before all events are there.

        Args:
            kept: the windows before records were deleted.
            again: whether the topic was made again, so that all of its partitions lost their first records.
        """
        self.has_lost = True
        cut = [first.stamped for first in self.begins.values() if again or first.offset > 0]
        whole_from = max(cut, default=EPOCH) + TOLERANCE
        whole = {window: total for window, total in self.windows.items() if window[1] >= whole_from}
        self.windows = {window: total for window, total in kept.items() if window[1] < whole_from} | whole

    def is_gone(self, position: Position, headers: dict[str, str]) -> bool:
        """Whether the record of a dead letter was deleted from the source since."""
        first = self.begins.get(position[0])
        reached = EPOCH + timedelta(milliseconds=int(headers["millrace.first-timestamp"]))
        return first is None or position[1] < first.offset or reached < first.stamped

    def check_windows(self, seen: dict[Window, Total]) -> None:
        """The latest record of each key has to be the total of its window."""
        self.compare("window", self.windows, seen)

    def read_windows(self, found: Iterable[Record]) -> dict[Window, Total]:
        """What the latest record of each key says."""
        latest = {record.key: record for record in found}
        seen: dict[Window, Total] = {}
        for record in latest.values():
            key, value = fields_of(record.key), fields_of(record.value)
            window = str(key["country"]), datetime.fromisoformat(str(key["window_start"]))
            if window in seen:
                self.problems.append(f"{window} has two keys")
            seen[window] = total_of(value)
            start, end = (datetime.fromisoformat(str(value[name])) for name in ("window_start", "window_end"))
            if (value["country"], start, end - start) != (*window, WINDOW):
                self.problems.append(f"the value of {window} is of another: {value}")
        return seen

    def check_totals(self, found: Iterable[Record]) -> None:
        """The latest record of each country has to be its total."""
        latest = {record.key.decode(): fields_of(record.value) for record in found}
        for country, value in latest.items():
            if value["country"] != country:
                self.problems.append(f"the total of {country} is of another: {value}")
        self.compare("total", self.totals, {country: total_of(value) for country, value in latest.items()})

    def check_csv(self, folder: str) -> None:
        """The files of a folder have to hold each total once."""
        found: dict[str, Total] = {}
        for path in sorted(Path(folder).glob("**/*.csv")):
            with path.open(encoding="utf-8", newline="") as file:
                for row in csv.DictReader(file, delimiter="|"):
                    if row["country"] in found:
                        self.problems.append(f"{row['country']} is there twice")
                    found[row["country"]] = Total(Decimal(row["sales"]), int(row["orders"]))
        self.compare("CSV total", self.totals, found)

    def compare(self, what: str, expected: dict[Key, Total], found: dict[Key, Total]) -> None:
        """Notes each difference."""
        for key in expected.keys() | found.keys():
            if expected.get(key) != found.get(key):
                self.problems.append(f"{what} {key}: expected {expected.get(key)}, found {found.get(key)}")

    def check_dead_letters(self, found: Iterable[Record]) -> None:
        """Each record that was set aside has to be there, untouched, with its reason; nothing else may be."""
        seen: set[Position] = set()
        for record in found:
            position = (
                int(record.headers["millrace.error.partition"]),
                int(record.headers["millrace.error.offset"]),
            )
            if self.has_lost and self.is_gone(position, record.headers):
                continue
            reason, source = self.set_aside.get(position, ("none", record))
            if record.headers["millrace.error.reason"] != reason:
                self.problems.append(f"{position} is a dead letter for {record.headers}, expected {reason}")
            if (record.key, record.value) != (source.key, source.value):
                self.problems.append(f"{position} was changed: {record.value!r}")
            seen.add(position)
        for position in self.set_aside.keys() - seen:
            self.problems.append(f"{position} is no dead letter: {self.set_aside[position]}")


def total_of(fields: Fields) -> Total:
    """The figures of a record."""
    return Total(Decimal(cast("Decimal", fields["sales"])), int(cast("Decimal", fields["orders"])))


def text_of(windows: dict[Window, Total]) -> str:
    """Windows as lines of JSON."""
    return "".join(
        json.dumps([country, start.isoformat(), str(total.sales), total.orders]) + "\n"
        for (country, start), total in windows.items()
    )


def kept_in(text: str) -> dict[Window, Total]:
    """Windows from their lines."""
    rows = [json.loads(line) for line in text.splitlines()]
    return {
        (country, datetime.fromisoformat(start)): Total(Decimal(sales), orders)
        for country, start, sales, orders in rows
    }


def main() -> None:
    """Reads what it is told to and prints what it found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--files", nargs="+", help="JSON lines instead of topics")
    parser.add_argument("--bootstrap")
    parser.add_argument("--totals-topic", action="store_true", help="compare the topic of totals too")
    parser.add_argument("--keep", type=Path, help="a file for the windows as they are")
    parser.add_argument("--kept", type=Path, help="that file, where records were deleted from the source since")
    parser.add_argument("--again", action="store_true", help="it was made again")
    parser.add_argument("--csv", nargs="+", default=[], help="folders to compare")
    options = parser.parse_args()
    oracle = Oracle()
    if options.files:
        for file in options.files:
            oracle.read_lines(Path(file).read_bytes().splitlines())
    else:
        oracle.read_source(records(options.bootstrap, SOURCE))
        seen = oracle.read_windows(records(options.bootstrap, WINDOWS))
        if options.keep:
            options.keep.write_text(text_of(seen))
        if options.kept:
            oracle.keep(kept_in(options.kept.read_text()), again=options.again)
        oracle.check_windows(seen)
        oracle.check_dead_letters(records(options.bootstrap, DEAD_LETTERS))
        if options.totals_topic:
            oracle.check_totals(records(options.bootstrap, TOTALS))
    for folder in options.csv:
        oracle.check_csv(folder)
    answer = {
        "records": oracle.records,
        "totals": {
            country: {"sales": f"{total.sales:.2f}", "orders": str(total.orders)}
            for country, total in sorted(oracle.totals.items())
        },
        "deadLetters": Counter(reason for reason, _ in oracle.set_aside.values()),
        "windows": len(oracle.windows),
        "problems": oracle.problems[:20],
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
