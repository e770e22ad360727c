"""Sends JSON lines to the orders topic, each as it is, as an application outside would: with Confluent's client and the settings that `millrace clients`
prints. Started by the end-to-end test; prints how many it sent, and of broken ones how many for each reason that the dead letters have to name.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from confluent_kafka import Producer

TOPIC = "orders.json"


def order(**changes: object) -> dict[str, object]:
    """An order that is good but for the changes; a field that becomes `...` goes."""
    fields: dict[str, object] = {
        "order_id": 9_000_000,
        "customer_id": 1,
        "amount": 4.99,
        "order_date": datetime.now(UTC).isoformat(),
        "city": None,
        "district": None,
        "country": "Peru",
    }
    return {name: value for name, value in (fields | changes).items() if value is not ...}


def broken() -> dict[str, list[bytes | None]]:
    """Records that no order may be made of, each with one fault, by the reason for it."""

    def line(**changes: object) -> bytes:
        return json.dumps(order(**changes)).encode()

    hour = timedelta(hours=1)
    good = line()
    return {
        "null-value": [None],
        "not-json": [
            b"",
            b"garbage",
            good[:-1],
            good + b" and more",
            good + good,
            good.replace(b'"Peru"', b'"Per\xff"'),
            b'{"order_id": 1, ' + good[1:],
            good.replace(b"4.99", b"NaN"),
        ],
        "not-an-object": [b"[]", b'"text"', b"17", b"null", b"[" + good + b"]"],
        "missing-order-id": [line(order_id=...)],
        "missing-amount": [line(amount=...)],
        "missing-country": [line(country=...)],
        "bad-order-id": [line(order_id="17"), line(order_id=1.5), line(order_id=-1), line(order_id=None)],
        "bad-amount": [line(amount="4.99"), line(amount=4.999), line(amount=True), line(amount=1e30)],
        "bad-order-date": [line(order_date="yesterday"), line(order_date="2026-01-31T13:00:00"), line(order_date=17)],
        "bad-country": [line(country=None), line(country=""), line(country=["Peru"])],
        "bad-city": [line(city=7)],
        "late": [line(order_date=(datetime.now(UTC) - hour).isoformat())],
        "future": [line(order_date=(datetime.now(UTC) + hour).isoformat())],
    }


def main() -> None:
    """Sends all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", required=True, help="settings of the client, as JSON")
    parser.add_argument("--lines", required=True)
    parser.add_argument("--rate", type=float, default=0.0, help="records a second; 0: as fast as possible")
    parser.add_argument("--broken", action="store_true")
    options = parser.parse_args()
    producer = Producer(json.loads(options.settings))
    lines = Path(options.lines).read_bytes().splitlines()
    for line in lines:
        producer.produce(TOPIC, key=str(json.loads(line)["order_id"]).encode(), value=line)
        if options.rate:
            producer.poll(0)
            time.sleep(1 / options.rate)
    wrong = broken() if options.broken else {}
    for values in wrong.values():
        for value in values:
            producer.produce(TOPIC, key=b"9000000", value=value)
    if producer.flush(30):
        raise SystemExit("the broker did not take all records")
    counts = {reason: len(values) for reason, values in wrong.items()}
    sys.stdout.write(json.dumps({"sent": len(lines), "broken": counts}) + "\n")


if __name__ == "__main__":
    main()
