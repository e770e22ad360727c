"""Sends sales at a rate and says after how long each was in a summary: a client of its own, with Confluent's library, that knows nothing of the stream.

Each region gets its sales by one partition, so that the `orders` of its summary tell which of them are in it. With `--echo` the stream under test sends each
record on as it is. Prints one JSON object; times are in milliseconds.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import cast

from confluent_kafka import OFFSET_END, Consumer, Message, Producer, TopicPartition
from fastavro import parse_schema, schemaless_reader

SLOT_MS = 300_000
"""From the start of one window to the next."""

REGIONS = ("Asia", "Europe", "Africa", "North America")
COUNTRIES = ("China", "Germany", "Egypt", "Canada")
"""One of each region, as the regions file of the pipeline has them."""

LONGEST_SECONDS = 150.0

Slot = tuple[str, int]


class Sales:
    """The sales that were sent, by region and by the newest window that they lie in."""

    def __init__(self) -> None:
        self.sent: dict[Slot, list[float]] = defaultdict(list)
        self.seen: dict[Slot, int] = {}
        self.before: dict[Slot, int] = {}
        self.found: list[tuple[float, float]] = []
        """When a sale was sent, and how long it took to be in a summary."""

    def summary(self, slot: Slot, orders: int, now: float) -> None:
        """A summary has come in."""
        sent = self.sent[slot]
        first, last = self.seen.get(slot, 0), min(orders - self.before.get(slot, 0), len(sent))
        self.found += [(moment, now - moment) for moment in sent[first:last]]
        self.seen[slot] = max(first, last)


def long(number: int) -> bytes:
    """A number as Avro writes it."""
    rest, written = (number << 1) ^ (number >> 63), bytearray()
    while rest > 127:
        written.append(rest & 127 | 128)
        rest >>= 7
    return bytes([*written, rest])


def sale(schema: int, number: int, at_ms: int, country: str) -> bytes:
    """A framed sale of 5.99."""
    text = country.encode()
    body = long(number) + long(7) + long(2) + (599).to_bytes(2, "big") + long(at_ms) + b"\0\0" + long(len(text)) + text
    return b"\0" + schema.to_bytes(4, "big") + body


def percentile(values: list[float], share: float) -> float:
    """The value that this share of them does not exceed."""
    return values[min(len(values) - 1, int(share * len(values)))]


class Client:
    """Sends and listens."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.sales = Sales()
        self.lock = threading.Lock()
        schema = json.loads((Path(options.schemas) / "summary-value.avsc").read_text())
        self.schema = parse_schema(schema)
        self.producer = Producer({"bootstrap.servers": options.bootstrap, "linger.ms": 0, "enable.idempotence": True})
        self.consumer = Consumer(
            {"bootstrap.servers": options.bootstrap, "group.id": "bench-client", "enable.auto.commit": False,
             "fetch.wait.max.ms": 50, "enable.partition.eof": False}
        )  # fmt: skip

    def listen(self) -> None:
        """Goes to the end of the results, and learns on the way what they count already."""
        topic = self.options.target
        partitions = self.consumer.list_topics(topic, 10).topics[topic].partitions
        if self.options.echo:
            self.consumer.assign([TopicPartition(topic, one, OFFSET_END) for one in partitions])
            self.consumer.poll(2)
            return
        ends = {one: self.consumer.get_watermark_offsets(TopicPartition(topic, one), 10)[1] for one in partitions}
        self.consumer.assign([TopicPartition(topic, one, 0) for one in partitions])
        while any(end > max(position.offset, 0) for end, position in self._positions(ends)):
            message = self.consumer.poll(1)
            if message is not None and message.error() is None:
                slot, orders = self._summary(message)
                self.sales.before[slot] = max(orders, self.sales.before.get(slot, 0))

    def _positions(self, ends: dict[int, int]) -> list[tuple[int, TopicPartition]]:
        places = self.consumer.position([TopicPartition(self.options.target, one) for one in ends])
        return [(ends[place.partition], place) for place in places]

    def _summary(self, message: Message) -> tuple[Slot, int]:
        fields = cast(
            "dict[str, object]", schemaless_reader(io.BytesIO((message.value() or b"")[5:]), self.schema, None)
        )
        start = fields["window_start"]
        milliseconds = int(start.timestamp() * 1000)  # type: ignore[attr-defined]
        return (str(fields["region"]), milliseconds), int(cast("int", fields["orders"]))

    def send(self) -> None:
        """Sends at the rate, each sale at its moment."""
        rate, count = self.options.rate, int(self.options.rate * self.options.seconds)
        began = time.monotonic()
        for number in range(count):
            pause = began + number / rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            place = number % len(REGIONS)
            now_ms = int(time.time() * 1000)
            value = sale(self.options.sale_id, number, now_ms, COUNTRIES[place])
            slot = ("echo", number) if self.options.echo else (REGIONS[place], now_ms - now_ms % SLOT_MS)
            key = b"\0" + self.options.key_id.to_bytes(4, "big") + long(number)
            with self.lock:
                self.sales.sent[slot].append(time.monotonic())
            self.producer.produce(self.options.source, key=key, value=value, partition=place)
            self.producer.poll(0)
        self.producer.flush(LONGEST_SECONDS)

    def measure(self) -> dict[str, object]:
        """Sends, listens, and says what was found."""
        self.listen()
        sender = threading.Thread(target=self.send)
        began = time.monotonic()
        sender.start()
        count = int(self.options.rate * self.options.seconds)
        while len(self.sales.found) < count and time.monotonic() < began + self.options.seconds + LONGEST_SECONDS:
            message = self.consumer.poll(0.2)
            if message is None or message.error() is not None:
                continue
            now = time.monotonic()
            with self.lock:
                if self.options.echo:
                    number = _number((message.key() or b"")[5:])
                    self.sales.summary(("echo", number), 1, now)
                else:
                    self.sales.summary(*self._summary(message), now)
        sender.join()
        self.consumer.close()
        after = began + self.options.warm_up
        found = sorted(1000 * took for moment, took in self.sales.found if moment >= after)
        if len(self.sales.found) < count or not found:
            sys.exit(f"{len(self.sales.found)} of {count} sales were seen in summaries of {self.options.target}")
        values = {f"p{share}": round(percentile(found, share / 100), 1) for share in (50, 95, 99)}
        return {**values, "events": len(found)}


def _number(text: bytes) -> int:
    """The number that Avro wrote."""
    number = shift = 0
    for byte in text:
        number |= (byte & 127) << shift
        shift += 7
    return number >> 1


def main() -> None:
    """Measures once."""
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "source", "target", "schemas"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("sale-id", "key-id"):
        parser.add_argument(f"--{name}", type=int, required=True)
    for name in ("rate", "seconds", "warm-up"):
        parser.add_argument(f"--{name}", type=float, required=True)
    parser.add_argument("--echo", action="store_true")
    print(json.dumps(Client(parser.parse_args()).measure()))


if __name__ == "__main__":
    main()
