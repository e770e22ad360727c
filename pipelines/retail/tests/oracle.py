"""Reads the topics of the retail pipeline as any client would and recomputes all that was made of its purchases. Started by the end-to-end test.

Shares nothing with the product: Confluent's client, Python's own JSON, exact decimals. Prints one JSON object; its list `problems` is empty when every
record is accounted for.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from topic_records import EPOCH, Record, records

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PURCHASES, PRODUCTS, INVENTORIES = "retail.purchases", "retail.products", "retail.inventories"
ENRICHED, TOTALS, WINDOWS, TOP = "retail.purchases.enriched", "retail.totals", "retail.sales-by-window", "retail.top"
REPLAYS = "retail.purchases.replays"
WINDOW, SLIDE, TOLERANCE = timedelta(minutes=10), timedelta(minutes=5), timedelta(minutes=10)
CENT = Decimal("0.01")
BEST, RESTOCK_AT = 10, 10
GENERATED = 10**12
"""Transactions of other applications have smaller ids than the producer's."""

OF_PURCHASE = (
    *("transaction_time", "transaction_id", "line", "product_id", "price", "quantity", "is_member", "member_discount"),
    *("add_supplements", "supplement_price", "total_purchase"),
)
OF_PRODUCT = (
    *("category", "item", "size", "cogs", "contains_fruit", "contains_veggies", "contains_nuts", "contains_caffeine"),
)

Fields = dict[str, object]
Position = tuple[int, int]
Identity = tuple[int, int]
Window = tuple[str, datetime]
Key = TypeVar("Key")


@dataclass
class Total:
    """What purchases add up to."""

    purchases: int = 0
    quantity: int = 0
    sales: Decimal = Decimal("0.00")

    def add(self, purchase: Fields) -> None:
        """Adds one purchase."""
        self.purchases += 1
        self.quantity += whole(purchase["quantity"])
        self.sales += cast("Decimal", purchase["total_purchase"])

    @staticmethod
    def of(fields: Fields) -> Total:
        """What a record says."""
        return Total(whole(fields["purchases"]), whole(fields["quantity"]), cast("Decimal", fields["sales"]))


def fields_of(value: bytes | None) -> Fields:
    """The fields of a JSON object, exact."""
    return cast("Fields", json.loads(value or b"{}", parse_float=Decimal))


def whole(value: object) -> int:
    """A whole number."""
    return int(cast("int", value))


def moment(value: object) -> datetime:
    """A point in time."""
    return datetime.fromisoformat(str(value))


def dated(fields: Fields) -> Fields:
    """The fields of a purchase with its time as it is written: to the millisecond."""
    at = moment(fields["transaction_time"])
    return fields | {"transaction_time": at.replace(microsecond=at.microsecond // 1000 * 1000)}


def windows_of(at: datetime) -> list[datetime]:
    """Starts of the windows that hold a moment."""
    last = at - (at - EPOCH) % SLIDE
    return [last - SLIDE * index for index in range(WINDOW // SLIDE)]


def reason_of(record: Record) -> str | None:
    """Why a record is no purchase at all; what the test sends besides good ones."""
    if record.value is None:
        return "null-value"
    try:
        fields: object = json.loads(record.value)
    except ValueError:
        return "not-json"
    if not isinstance(fields, dict):
        return "not-an-object"
    missing = [name for name in OF_PURCHASE if name not in fields]
    if missing:
        return f"missing-{missing[0].replace('_', '-')}"
    return "bad-quantity" if whole(fields["quantity"]) < 1 else None


@dataclass
class Oracle:
    """What the purchases add up to, and where the other topics say something else."""

    bootstrap: str
    good: dict[Position, tuple[Fields, Record]] = field(default_factory=dict)
    bad: dict[Position, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    letters: dict[str, Counter[str]] = field(default_factory=dict)
    found: dict[str, str] = field(default_factory=dict)
    enriched: list[Fields] = field(default_factory=list)
    """What the enriched purchases must be, each once."""
    """Sales by each way."""

    def read(self, topic: str) -> Iterator[Record]:
        """The records of a topic."""
        return records(self.bootstrap, topic)

    def latest(self, topic: str) -> dict[bytes, Fields]:
        """What the last record of each key says."""
        return {record.key: fields_of(record.value) for record in self.read(topic)}

    def read_purchases(self) -> None:
        """Each one costs what it should, is keyed by its transaction, and there once."""
        seen: set[Identity] = set()
        for record in self.read(PURCHASES):
            reason = reason_of(record)
            if reason is not None:
                self.bad[record.position] = reason
                continue
            fields = fields_of(record.value)
            self.good[record.position] = fields, record
            identity = whole(fields["transaction_id"]), whole(fields["line"])
            price, supplement, discount = (
                cast("Decimal", fields[name]) for name in ("price", "supplement_price", "member_discount")
            )
            total = (whole(fields["quantity"]) * (price + supplement) * (1 - discount)).quantize(CENT, ROUND_HALF_UP)
            if total != fields["total_purchase"]:
                self.problems.append(f"purchase {identity} costs {fields['total_purchase']}, expected {total}")
            if record.key.decode() != str(identity[0]) or identity in seen:
                self.problems.append(f"purchase {identity} has key {record.key!r}, or is there twice")
            seen.add(identity)

    def check_inventory(self, start: dict[str, int]) -> None:
        """Each record of a product says what its purchases so far leave in stock, each restock what came. Every execution opens the shop anew."""
        bought: defaultdict[str, list[list[Fields]]] = defaultdict(list)
        mine = [fields for fields, _ in self.good.values() if whole(fields["transaction_id"]) > GENERATED]
        mine.sort(key=lambda fields: (whole(fields["transaction_id"]), whole(fields["line"])))
        runs, last = 0, -1
        for fields in mine:
            number = whole(fields["transaction_id"])
            runs += number > last + 1
            last = number
            of_product = bought[str(fields["product_id"])]
            of_product += [[] for _ in range(runs - len(of_product))]
            of_product[-1].append(fields)
        published: defaultdict[str, list[int]] = defaultdict(list)
        for record in self.read(PRODUCTS):
            published[record.key.decode()].append(whole(fields_of(record.value)["inventory_level"]))
        came: defaultdict[str, list[Fields]] = defaultdict(list)
        for record in self.read(INVENTORIES):
            came[record.key.decode()].append(fields_of(record.value))
        for product, first in start.items():
            levels: list[int] = []
            restocks: list[tuple[int, int]] = []
            for run in [*bought[product], *([[]] * (runs - len(bought[product])))]:
                level = first
                levels.append(level)
                for purchase in run:
                    level -= whole(purchase["quantity"])
                    if level <= RESTOCK_AT:
                        restocks.append((level, level + 15))
                        level += 15
                    levels.append(level)
            told = [(whole(one["existing_level"]), whole(one["new_level"])) for one in came[product]]
            exact = all(
                whole(one["existing_level"]) + whole(one["stock_quantity"]) == whole(one["new_level"])
                for one in came[product]
            )
            if published[product] != levels or told != restocks or not exact:
                self.problems.append(
                    f"levels of {product}: {published[product]}, {told}; expected {levels}, {restocks}"
                )
        self.compare("products", dict.fromkeys(start, 1), dict.fromkeys(published, 1))

    def set_aside(self, topic: str, job: str) -> dict[Position, str]:
        """The dead letters of a stream by where their source lies, each as it was."""
        letters: dict[Position, str] = {}
        self.letters[job] = Counter()
        sources = {REPLAYS: {record.position: record for record in self.read(REPLAYS)}}
        sources[PURCHASES] = {position: record for position, (_, record) in self.good.items()}
        for record in self.read(topic):
            reason = record.headers["millrace.error.reason"]
            source = sources[record.headers["millrace.error.topic"]].get(record.origin)
            if source is not None and (record.key, record.value) != (source.key, source.value):
                self.problems.append(f"{job}: dead letter {record.origin} was changed: {record.value!r}")
            if record.headers["millrace.error.topic"] == PURCHASES:
                letters[record.origin] = reason
            self.letters[job][reason] += 1
        return letters

    def check_enriched(self) -> None:
        """Each purchase is there once, with its product; or in the dead letters, where its product was not known, until it is sent again."""
        products: dict[str, Fields] = {}
        known_since: dict[str, datetime] = {}
        for record in self.read(PRODUCTS):
            products[record.key.decode()] = fields_of(record.value)
            known_since.setdefault(record.key.decode(), record.stamped)
        letters = self.set_aside("retail.purchases.dead-letters", "enrich")
        replayed = {identity_of(fields_of(record.value)) for record in self.read(REPLAYS)}
        expected: dict[Identity, Fields] = {}
        for position, (fields, record) in self.good.items():
            product = products.get(str(fields["product_id"]))
            identity = identity_of(fields)
            if position in letters:
                since = known_since.get(str(fields["product_id"]))
                if letters[position] != "unknown-product" or (since is not None and since < record.stamped):
                    self.problems.append(f"{identity} is a dead letter for {letters[position]}")
            if product is not None and (position not in letters or identity in replayed):
                of_product = {name: product[name] for name in OF_PRODUCT} | {"list_price": product["price"]}
                expected[identity] = dated({name: fields[name] for name in OF_PURCHASE} | of_product)
            elif position not in letters:
                self.problems.append(f"{identity} is of a product that nobody knows, and no dead letter")
        found: dict[Identity, Fields] = {}
        for record in self.read(ENRICHED):
            fields = fields_of(record.value)
            if (
                record.key
                != json.dumps(
                    dict(zip(("transaction_id", "line"), identity_of(fields), strict=True)), separators=(",", ":")
                ).encode()
            ):
                self.problems.append(f"enriched purchase {identity_of(fields)} has key {record.key!r}")
            if found.setdefault(identity_of(fields), dated(fields)) != dated(fields):
                self.problems.append(f"enriched purchase {identity_of(fields)} comes again as another")
        self.compare("enriched purchase", expected, found)
        self.enriched = list(expected.values())
        self.check_bad("enrich", letters)
        self.found["enriched"] = str(sum(cast("Decimal", fields["total_purchase"]) for fields in found.values()))

    def check_bad(self, job: str, letters: dict[Position, str]) -> None:
        """What is no purchase at all is a dead letter of each stream, for its reason."""
        self.compare(f"{job}: reason of", self.bad, {position: letters.get(position) for position in self.bad})

    def check_totals(self) -> None:
        """The latest record of each product is its total, whenever its purchases happened."""
        letters = self.set_aside("retail.totals.dead-letters", "keepTotals")
        totals: defaultdict[str, Total] = defaultdict(Total)
        for fields, _ in self.good.values():
            totals[str(fields["product_id"])].add(fields)
        found = {key.decode(): fields for key, fields in self.latest(TOTALS).items()}
        self.compare("total", dict(totals), {product: Total.of(fields) for product, fields in found.items()})
        if any(product != fields["product_id"] for product, fields in found.items()):
            self.problems.append("the total of a product is of another")
        self.check_bad("keepTotals", letters)
        self.compare("keepTotals: dead letter", self.bad, letters)
        self.found["totals"] = str(sum(Total.of(fields).sales for fields in found.values()))

    def check_windows(self) -> None:
        """The latest record of each key is the total of its window, and the ranks are those of its ten best."""
        letters = self.set_aside("retail.sales-by-window.dead-letters", "sumByWindow")
        windows: defaultdict[Window, Total] = defaultdict(Total)
        aside = dict(self.bad)
        counted = Decimal(0)
        for position, (fields, record) in self.good.items():
            at = moment(fields["transaction_time"])
            if abs(at - record.stamped) > TOLERANCE:
                aside[position] = "late" if at < record.stamped else "future"
                continue
            counted += cast("Decimal", fields["total_purchase"])
            for start in windows_of(at):
                windows[str(fields["product_id"]), start].add(fields)
        self.compare("sumByWindow: dead letter", aside, letters)
        found: dict[Window, Total] = {}
        for key, fields in self.latest(WINDOWS).items():
            said = json.loads(key)
            window = str(said["product_id"]), moment(said["window_start"])
            found[window] = Total.of(fields)
            length = moment(fields["window_end"]) - moment(fields["window_start"])
            if (fields["product_id"], moment(fields["window_start"]), length) != (*window, WINDOW):
                self.problems.append(f"the value of {window} is of another: {fields}")
        self.compare("window", dict(windows), found)
        self.found["windows"] = str(sum(total.sales for total in found.values()) / (WINDOW // SLIDE))
        ranks: dict[tuple[datetime, int], tuple[str, Total]] = {}
        for start in {start for _, start in windows}:
            of_window = [(product, total) for (product, at), total in windows.items() if at == start]
            of_window.sort(key=lambda one: (-one[1].sales, one[0]))
            ranks |= {(start, rank): one for rank, one in enumerate(of_window[:BEST], start=1)}
        self.compare("rank", ranks, self.ranks())
        self.letters["rankTop"] = Counter(
            one.headers["millrace.error.reason"] for one in self.read("retail.top.dead-letters")
        )

    def ranks(self) -> dict[tuple[datetime, int], tuple[str, Total]]:
        """What the latest record of each rank says."""
        found: dict[tuple[datetime, int], tuple[str, Total]] = {}
        for key, fields in self.latest(TOP).items():
            said = json.loads(key)
            if (said["rank"], moment(said["window_start"])) != (fields["rank"], moment(fields["window_start"])):
                self.problems.append(f"rank {said} is of another: {fields}")
            found[moment(said["window_start"]), whole(said["rank"])] = str(fields["product_id"]), Total.of(fields)
        return found

    def compare(self, what: str, expected: Mapping[Key, object], found: Mapping[Key, object]) -> None:
        """Notes each difference."""
        for key in expected.keys() | found.keys():
            if expected.get(key) != found.get(key):
                self.problems.append(f"{what} {key}: expected {expected.get(key)}, found {found.get(key)}")


def identity_of(fields: Fields) -> Identity:
    """Which purchase this is."""
    return whole(fields["transaction_id"]), whole(fields["line"])


def best_of(purchases: list[Fields], most: int) -> list[list[object]]:
    """The products that sold best, with sales and drinks."""
    totals: defaultdict[str, Total] = defaultdict(Total)
    for fields in purchases:
        totals[str(fields["product_id"])].add(fields)
    best = sorted(totals, key=lambda product: (-totals[product].sales, product))[:most]
    return [[product, str(totals[product].sales), totals[product].quantity] for product in best]


def main() -> None:
    """Reads what it is told to and prints what it found."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--products", type=Path, required=True, help="the file with which the shop opened")
    options = parser.parse_args()
    oracle = Oracle(options.bootstrap)
    lines = [fields_of(line) for line in options.products.read_bytes().splitlines()]
    oracle.read_purchases()
    oracle.check_inventory({str(fields["product_id"]): whole(fields["inventory_level"]) for fields in lines})
    oracle.check_enriched()
    oracle.check_totals()
    oracle.check_windows()
    purchases = [fields for fields, _ in oracle.good.values()]
    answer = {
        "purchases": len(oracle.good),
        "transactions": len({identity_of(fields)[0] for fields, _ in oracle.good.values()}),
        "sales": str(sum(cast("Decimal", fields["total_purchase"]) for fields in purchases)),
        "by": oracle.found,
        "best": best_of(purchases, 25),
        "bestEnriched": best_of(oracle.enriched, BEST),
        "deadLetters": oracle.letters,
        "problems": oracle.problems[:20],
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
