"""Writes records to the sales topic that no producer of this project would write: garbage of each kind, one late and one future sale. Started by
the end-to-end tests; prints how many it wrote, by the reason that the dead letters have to name.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
import urllib.request
from decimal import Decimal

from confluent_kafka import Producer
from fastavro import parse_schema, schemaless_writer

Schema = str | list[object] | dict[str, object]

TOPIC = "pagila.sales.avro"
HOUR_MS = 3_600_000


def latest(registry: str, subject: str) -> tuple[int, Schema]:
    """Id and schema of a subject's latest version."""
    address = f"{registry}/apis/ccompat/v7/subjects/{subject}/versions/latest"
    with urllib.request.urlopen(address) as response:
        version = json.load(response)
    return version["id"], parse_schema(json.loads(version["schema"]))


def framed(schema_id: int, schema: Schema, value: object) -> bytes:
    """A record in Confluent's framing."""
    body = io.BytesIO()
    schemaless_writer(body, schema, value)
    return b"\0" + schema_id.to_bytes(4, "big") + body.getvalue()


def main() -> None:
    """Writes all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--registry", required=True)
    options = parser.parse_args()
    value_id, value_schema = latest(options.registry, f"{TOPIC}-value")
    key_id, key_schema = latest(options.registry, f"{TOPIC}-key")
    now = time.time_ns() // 1_000_000

    def sale(payment_date: int) -> bytes:
        row = {"payment_id": 9_000_000, "customer_id": 1, "amount": Decimal("4.99"), "payment_date": payment_date}
        return framed(value_id, value_schema, {**row, "city": None, "district": None, "country": "Peru"})

    bad: dict[str, list[bytes | None]] = {
        "null-value": [None],
        "not-framed": [b"", b"garbage", b"\x01" + sale(now)[1:]],
        "unknown-schema-id": [b"\0" + (999_999).to_bytes(4, "big") + sale(now)[5:]],
        "undecodable": [sale(now)[:9]],
        "late": [sale(now - HOUR_MS)],
        "future": [sale(now + HOUR_MS)],
    }
    producer = Producer({"bootstrap.servers": options.bootstrap, "partitioner": "murmur2_random"})
    for values in bad.values():
        for value in values:
            producer.produce(TOPIC, key=framed(key_id, key_schema, 9_000_000), value=value)
    if producer.flush(30):
        raise SystemExit("the broker did not take all records")
    sys.stdout.write(json.dumps({reason: len(values) for reason, values in bad.items()}) + "\n")


if __name__ == "__main__":
    main()
