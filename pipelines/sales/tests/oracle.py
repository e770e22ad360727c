"""Reads both topics of the sales pipeline as any Confluent client would and recomputes every summary. Started by the end-to-end tests.

Shares nothing with the product: Confluent's client and its view of the registry, fastavro, exact decimals. Prints one JSON object; its list
`problems` is empty when every record is accounted for.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
import urllib.request
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, cast

from fastavro import parse_schema, schemaless_reader
from topic_records import EPOCH, Record, records

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE, SUMMARIES = "pagila.sales.avro", "pagila.sales.summary.avro"
DEAD_LETTERS, REPLAYS = "pagila.sales.dead-letters", "pagila.sales.replays"
WINDOW, SLIDE, TOLERANCE = timedelta(minutes=10), timedelta(minutes=5), timedelta(minutes=10)

Fields = dict[str, object]
Window = tuple[str, datetime]
Position = tuple[str, int, int]


class UnreadableError(Exception):
    """A record is not what its topic promises."""


def refuse_bytes(body: bytes, schema: object) -> None:
    """Refuses what fastavro is lenient about: the body has to be one value of the schema, and nothing else."""
    stream = io.BytesIO(body)
    refuse_value(stream, schema)
    if stream.read(1):
        raise UnreadableError("bytes behind the value")


def refuse_value(stream: io.BytesIO, schema: object) -> None:
    """Reads over one value; refuses what its type cannot be."""
    kind = schema.get("type") if isinstance(schema, dict) else schema
    if isinstance(schema, list):
        branch = number_in(stream, 32)
        if not 0 <= branch < len(schema):
            raise UnreadableError(f"branch {branch}")
        refuse_value(stream, schema[branch])
    elif isinstance(schema, dict) and kind == "record":
        for one in schema["fields"]:
            refuse_value(stream, one["type"])
    elif kind in {"int", "long"}:
        number_in(stream, 32 if kind == "int" else 64)
    elif kind in {"string", "bytes"}:
        refuse_content(content_in(stream), schema)
    elif kind != "null":
        raise SystemExit(f"the oracle does not know {kind}")


def refuse_content(content: bytes, schema: object) -> None:
    """Refuses a text that is no UTF-8, and a decimal of more digits than its schema allows."""
    if schema == "string":
        try:
            content.decode()
        except UnicodeDecodeError as error:
            raise UnreadableError("no UTF-8") from error
    if isinstance(schema, dict) and schema.get("logicalType") == "decimal":
        unscaled = int.from_bytes(content, "big", signed=True)
        if not content or abs(unscaled) >= 10 ** schema["precision"]:
            raise UnreadableError("no decimal of so many digits")


def number_in(stream: io.BytesIO, bits: int) -> int:
    """A number of so many bits."""
    value, shift = 0, 0
    while True:
        byte = stream.read(1)
        if not byte or shift >= bits:
            raise UnreadableError("no number")
        value |= (byte[0] & 127) << shift
        shift += 7
        if byte[0] < 128:
            break
    if value >= 2**bits:
        raise UnreadableError("a number of too many bits")
    return (value >> 1) ^ -(value & 1)


def content_in(stream: io.BytesIO) -> bytes:
    """Bytes behind their length."""
    length = number_in(stream, 64)
    content = stream.read(length) if length >= 0 else b""
    if len(content) != length:
        raise UnreadableError(f"{length} bytes")
    return content


@dataclass
class Schemas:
    """Schemas by id, from the Confluent-compatible side of the registry."""

    url: str
    known: dict[int, object] = field(default_factory=dict)

    def decode(self, frame: bytes | None) -> object:
        """The value in a framed record."""
        if frame is None or len(frame) <= 5 or frame[0] != 0:
            raise UnreadableError("not framed")
        schema = self.schema(int.from_bytes(frame[1:5], "big"))
        refuse_bytes(frame[5:], schema)
        try:
            return cast("object", schemaless_reader(io.BytesIO(frame[5:]), schema, None))  # type: ignore[arg-type]
        except (EOFError, ValueError, IndexError, OverflowError) as error:
            raise UnreadableError(str(error)) from error

    def record(self, frame: bytes | None) -> Fields:
        """The fields of a framed record."""
        value = self.decode(frame)
        if not isinstance(value, dict):
            raise UnreadableError("no record")
        return value

    def schema(self, schema_id: int) -> object:
        """One schema, fetched once; None for an id that the registry does not know."""
        if schema_id not in self.known:
            address = f"{self.url}/apis/ccompat/v7/schemas/ids/{schema_id}"
            try:
                with urllib.request.urlopen(address) as response:
                    self.known[schema_id] = parse_schema(json.loads(json.load(response)["schema"]))
            except OSError:
                self.known[schema_id] = None
        if self.known[schema_id] is None:
            raise UnreadableError(f"no schema of id {schema_id}")
        return self.known[schema_id]


def position_of(headers: dict[str, str]) -> Position:
    """Where the record came from that a dead letter is made of."""
    topic, partition, offset = (headers[f"millrace.error.{name}"] for name in ("topic", "partition", "offset"))
    return topic, int(partition), int(offset)


def windows_of(moment: datetime) -> list[datetime]:
    """Starts of the windows that hold a moment."""
    last = moment - (moment - EPOCH) % SLIDE
    return [last - SLIDE * index for index in range(WINDOW // SLIDE)]


def regions_by_country(path: str) -> dict[str, str]:
    """The regions file, as its quoting says."""
    with Path(path).open(encoding="utf-8", newline="") as file:
        return {row["country"].strip(): row["region"] for row in csv.DictReader(file, skipinitialspace=True)}


@dataclass
class Oracle:
    """What the source topic adds up to, and where the other two topics say something else."""

    schemas: Schemas
    regions: dict[str, str]
    sales: dict[Window, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    orders: Counter[Window] = field(default_factory=Counter)
    set_aside: dict[Position, str] = field(default_factory=dict)
    replayed: set[Position] = field(default_factory=set)
    reasons: Counter[str] = field(default_factory=Counter)
    partition_of: dict[tuple[str, bytes], int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    sources: int = 0
    summaries: int = 0

    def read_sources(self, source: Iterator[Record]) -> None:
        """Adds up the good records and notes the others."""
        for record in source:
            self.sources += 1
            position = SOURCE, record.partition, record.offset
            try:
                self.add(self.schemas.record(record.value), record)
            except UnreadableError:
                self.set_aside[position] = "unreadable"

    def add(self, sale: Fields, record: Record) -> None:
        """Adds one sale to its windows, or notes why it is set aside."""
        if min(cast("int", sale["payment_id"]), cast("int", sale["customer_id"])) < 0:
            raise UnreadableError("an id below 0")
        moment = cast("datetime", sale["payment_date"])
        if abs(moment - record.stamped) > TOLERANCE:
            self.set_aside[SOURCE, record.partition, record.offset] = "late" if moment < record.stamped else "future"
            return
        self.one_partition(SOURCE, record)
        if self.schemas.decode(record.key) != sale["payment_id"]:
            self.problems.append(f"the key of {record} is not its payment_id")
        for start in windows_of(moment):
            window = self.regions.get(cast("str", sale["country"]), "Unassigned"), start
            self.sales[window] += cast("Decimal", sale["amount"])
            self.orders[window] += 1

    def read_replays(self, replays: Iterator[Record]) -> None:
        """Notes which source records came back as dead letters and are good by now, and which of them are not."""
        for record in replays:
            headers = record.headers
            position = position_of(headers)
            if position in self.replayed:
                self.problems.append(f"{position} was sent again twice")
            self.replayed.add(position)
            try:
                sale = self.schemas.record(record.value)
                first = EPOCH + timedelta(milliseconds=int(headers["millrace.first-timestamp"]))
                if abs(cast("datetime", sale["payment_date"]) - first) <= TOLERANCE:
                    continue
            except UnreadableError:
                pass
            self.set_aside[REPLAYS, record.partition, record.offset] = "unreadable"

    def compare_summaries(self, summaries: Iterator[Record]) -> None:
        """The latest summary of each key is what the sales add up to."""
        latest: dict[Window, Fields] = {}
        for record in summaries:
            self.one_partition(SUMMARIES, record)
            key = self.schemas.record(record.key)
            latest[cast("str", key["region"]), cast("datetime", key["window_start"])] = self.schemas.record(
                record.value
            )
        self.summaries = len(latest)
        for window in self.sales.keys() | latest.keys():
            right = {
                "region": window[0],
                "sales": self.sales.get(window),
                "orders": self.orders.get(window),
                "window_start": window[1],
                "window_end": window[1] + WINDOW,
            }
            if latest.get(window) != right:
                self.problems.append(f"summary {latest.get(window)}, expected {right}")

    def compare_dead_letters(self, dead_letters: Iterator[Record]) -> None:
        """The dead letters are the records that were set aside, each with its reason."""
        letters: dict[Position, str] = {}
        for record in dead_letters:
            letters[position_of(record.headers)] = record.headers["millrace.error.reason"]
        self.reasons = Counter(letters.values())
        for position in self.set_aside.keys() | letters.keys():
            mine, theirs = self.set_aside.get(position), letters.get(position)
            if mine is None and theirs is not None and position in self.replayed:
                continue  # It was no good when it came first.
            if mine is None or theirs is None or mine not in {"unreadable", theirs}:
                self.problems.append(f"source record {position} is {mine or 'good'}, its dead letter says {theirs}")

    def table(self) -> list[list[str | int]]:
        """What a person is to be shown: the newest window first, then by region."""
        rows = [(start, region) for region, start in self.sales]
        rows.sort(key=lambda row: (-row[0].timestamp(), row[1]))
        return [
            [region, f"{start:%Y-%m-%dT%H:%M:%SZ}", str(self.sales[region, start]), self.orders[region, start]]
            for start, region in rows
        ]

    def one_partition(self, topic: str, record: Record) -> None:
        """A key never appears in two partitions."""
        if self.partition_of.setdefault((topic, record.key), record.partition) != record.partition:
            self.problems.append(f"key {record.key.hex()} of {topic} is in two partitions")


def main() -> None:
    """Reads, recomputes, compares, prints."""
    parser = argparse.ArgumentParser()
    for name in ("--bootstrap", "--registry", "--regions"):
        parser.add_argument(name, required=True)
    options = parser.parse_args()
    oracle = Oracle(Schemas(options.registry), regions_by_country(options.regions))
    oracle.read_sources(records(options.bootstrap, SOURCE))
    oracle.read_replays(records(options.bootstrap, REPLAYS))
    oracle.compare_summaries(records(options.bootstrap, SUMMARIES))
    oracle.compare_dead_letters(records(options.bootstrap, DEAD_LETTERS))
    facts = {
        "sources": oracle.sources,
        "good": oracle.sources - len(oracle.set_aside),
        "summaries": oracle.summaries,
        "deadLetters": oracle.reasons,
        "table": oracle.table(),
        "problems": [problem[:1_000] for problem in oracle.problems[:20]],
    }
    sys.stdout.write(json.dumps(facts) + "\n")


if __name__ == "__main__":
    main()
