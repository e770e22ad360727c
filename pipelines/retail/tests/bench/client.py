"""Sends purchases at a rate and says after how long each was in the running total of its product: a client of its own, with Confluent's library.

Each product's purchases go to one partition, so that the `purchases` of a total tell which of them are in it. Prints one JSON object; times are in
milliseconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import threading
import time
from collections import defaultdict
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Consumer, Producer, TopicPartition

PURCHASES, TOTALS = "retail.purchases", "retail.totals"
PARTITIONS = 4
LONGEST_SECONDS = 150.0


def purchase(number: int, product: str) -> bytes:
    """One drink of 4.99 without anything else."""
    fields: dict[str, object] = {
        "transaction_time": datetime.now(UTC).isoformat(),
        "transaction_id": number,
        "line": 1,
        "product_id": product,
        "price": 4.99,
        "quantity": 1,
        "is_member": False,
        "member_discount": 0,
        "add_supplements": False,
        "supplement_price": 0,
        "total_purchase": 4.99,
    }
    return json.dumps(fields).encode()


class Client:
    """Sends and listens."""

    def __init__(self, options: argparse.Namespace) -> None:
        lines = Path(options.products).read_text(encoding="utf-8").splitlines()
        self.products = [str(json.loads(line)["product_id"]) for line in lines]
        self.options = options
        self.sent: dict[str, list[float]] = defaultdict(list)
        self.before: dict[str, int] = {}
        self.seen: dict[str, int] = {}
        self.found: list[tuple[float, float]] = []
        """When a purchase was sent, and how long it took to be in a total."""
        self.lock = threading.Lock()
        self.producer = Producer({"bootstrap.servers": options.bootstrap, "linger.ms": 0, "enable.idempotence": True})
        self.consumer = Consumer(
            {
                "bootstrap.servers": options.bootstrap,
                "group.id": "bench-client",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 50,
            }
        )

    def listen(self) -> None:
        """Goes to the end of the totals, and learns on the way what they count already."""
        partitions = self.consumer.list_topics(TOTALS, 10).topics[TOTALS].partitions
        self.consumer.assign([TopicPartition(TOTALS, one, 0) for one in partitions])
        ends = {one: self.consumer.get_watermark_offsets(TopicPartition(TOTALS, one), 10)[1] for one in partitions}
        while any(ends[at.partition] > max(at.offset, 0) for at in self._positions(ends)):
            for product, count in self._totals(1):
                self.before[product] = max(count, self.before.get(product, 0))

    def _positions(self, ends: dict[int, int]) -> list[TopicPartition]:
        return self.consumer.position([TopicPartition(TOTALS, one) for one in ends])

    def _totals(self, seconds: float) -> list[tuple[str, int]]:
        """What the next record says."""
        message = self.consumer.poll(seconds)
        if message is None or message.error() is not None:
            return []
        fields = json.loads(message.value() or b"{}")
        return [(str(fields["product_id"]), int(fields["purchases"]))]

    def send(self) -> None:
        """Sends at the rate, each purchase at its moment."""
        rate, count = self.options.rate, int(self.options.rate * self.options.seconds)
        first, began = int(time.time()) * 100, time.monotonic()
        for number in range(count):
            pause = began + number / rate - time.monotonic()
            if pause > 0:
                time.sleep(pause)
            place = number % len(self.products)
            product = self.products[place]
            value = purchase(first + number, product)
            with self.lock:
                self.sent[product].append(time.monotonic())
            self.producer.produce(PURCHASES, key=str(first + number), value=value, partition=place % PARTITIONS)
            self.producer.poll(0)
        self.producer.flush(LONGEST_SECONDS)

    def take(self, product: str, count: int, now: float) -> None:
        """A total has come in."""
        sent = self.sent[product]
        first, last = self.seen.get(product, 0), min(count - self.before.get(product, 0), len(sent))
        self.found += [(moment, now - moment) for moment in sent[first:last]]
        self.seen[product] = max(first, last)

    def measure(self) -> dict[str, float]:
        """Sends, listens, and says what was found."""
        self.listen()
        sender = threading.Thread(target=self.send)
        began = time.monotonic()
        sender.start()
        count = int(self.options.rate * self.options.seconds)
        while len(self.found) < count and time.monotonic() < began + self.options.seconds + LONGEST_SECONDS:
            for product, purchases in self._totals(0.2):
                with self.lock:
                    self.take(product, purchases, time.monotonic())
        sender.join()
        self.consumer.close()
        found = sorted(1000 * took for moment, took in self.found if moment >= began + self.options.warm_up)
        if len(self.found) < count or not found:
            sys.exit(f"{len(self.found)} of {count} purchases were seen in {TOTALS}")
        return {f"p{share}": round(found[min(len(found) - 1, share * len(found) // 100)], 1) for share in (50, 95, 99)}


def main() -> None:
    """Measures once."""
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "products"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("rate", "seconds", "warm-up"):
        parser.add_argument(f"--{name}", type=float, required=True)
    sys.stdout.write(json.dumps(Client(parser.parse_args()).measure()) + "\n")


if __name__ == "__main__":
    main()
