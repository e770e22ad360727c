"""Sends purchases to the retail pipeline as another application does, with the settings that the command line prints for it: good ones, late ones,
of products that nobody knows, and what is none. Prints how many there are of each.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import UTC, datetime, timedelta

from confluent_kafka import Producer

TOPIC = "retail.purchases"


def purchase(number: int, product: str, sent_at: datetime, quantity: int = 2) -> bytes:
    """A purchase of a member."""
    return json.dumps(
        {
            "transaction_time": sent_at.isoformat(),
            "transaction_id": number,
            "line": 1,
            "product_id": product,
            "price": 4.99,
            "quantity": quantity,
            "is_member": True,
            "member_discount": 0.1,
            "add_supplements": False,
            "supplement_price": 0,
            # Half a cent is rounded up: 8.982 is paid as 8.98, 4.491 as 4.49.
            "total_purchase": {1: 4.49, 2: 8.98}.get(quantity, 0),
        }
    ).encode()


def main() -> None:
    """Sends all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=json.loads, required=True)
    options = parser.parse_args()
    now = datetime.now(UTC)
    values: dict[str, list[bytes | None]] = {
        "known": [purchase(1, "CS01", now), purchase(2, "SF08", now, 1)],
        "unknown": [purchase(3, "XX99", now)],
        "late": [purchase(4, "CS01", now - timedelta(hours=1))],
        "not-json": [b"hello"],
        "not-an-object": [b"[1]"],
        "missing-total-purchase": [purchase(6, "CS01", now).replace(b"total_purchase", b"total")],
        "bad-quantity": [purchase(7, "CS01", now, 0)],
        "null-value": [None],
    }

    producer = Producer(options.settings)
    for kind in values.values():
        for value in kind:
            number = "0" if value is None or not value.startswith(b"{") else str(json.loads(value)["transaction_id"])
            producer.produce(TOPIC, key=number, value=value)
    if producer.flush(30):
        raise SystemExit("the broker did not take all records")
    sys.stdout.write(json.dumps({kind: len(each) for kind, each in values.items()}) + "\n")


if __name__ == "__main__":
    main()
