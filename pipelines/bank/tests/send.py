"""Sends transactions to the bank pipeline as another application does, with the settings that the command line prints for it: good ones, one whose branch
no table can hold, and what is none. Prints how many there are of each.
"""

from __future__ import annotations

import argparse
import json
import sys

from confluent_kafka import Producer

TOPIC = "bank.transactions"
GOOD = '{"branch": "Kazan", "currency": "EUR", "amount": %s}'

VALUES: dict[str, list[bytes | None]] = {
    "good": [*[(GOOD % amount).encode() for amount in ("0.10", "-0.30", "1e2", "12", "12.0000")] * 3],
    # PostgreSQL has no text with such a letter.
    "nul": [b'{"branch": "Kaz\\u0000an", "currency": "EUR", "amount": 7.25}'],
    "bad-amount": [*[(GOOD % amount).encode() for amount in ("0.001", '"1"', "10000000000")]],
    "bad-currency": [b'{"branch": "Kazan", "currency": "euro", "amount": 1}'],
    "missing-branch": [b'{"currency": "EUR", "amount": 1}'],
    "unknown-field": [b'{"branch": "Kazan", "currency": "EUR", "amount": 1, "note": ""}'],
    "not-json": [b"hello"],
    "not-an-object": [b"[1]"],
    "null-value": [None],
}


def main() -> None:
    """Sends all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=json.loads, required=True)
    producer = Producer(parser.parse_args().settings)
    for kind in VALUES.values():
        for value in kind:
            producer.produce(TOPIC, value=value)
    if producer.flush(30):
        raise SystemExit("the broker did not take all records")
    sys.stdout.write(json.dumps({kind: len(each) for kind, each in VALUES.items()}) + "\n")


if __name__ == "__main__":
    main()
