"""Sends readings to the meters pipeline as another application does, with the settings that the command line prints for it: readings of one meter out of turn and
more than once, and what is none. Prints how many there are of each.
"""

from __future__ import annotations

import argparse
import json
import sys

from confluent_kafka import Producer

TOPIC = "meters.readings"


def reading(number: int, **changes: object) -> bytes:
    """A reading of a meter that nobody else plays."""
    fields = {
        "id": "m-99999",
        "number": number,
        "site": "Bergen",
        "read_at": "2026-05-21T12:00:00.250Z",
        "kwh": number / 8,
        "status": "ok",
    }
    return json.dumps({name: value for name, value in (fields | changes).items() if value is not None}).encode()


VALUES: dict[str, list[bytes | None]] = {
    "good": [*[reading(number) for number in (3, 1, 4, 1, 5, 9, 2, 6, 5, 3)], *[reading(7, status="critical")] * 2],
    "bad-kwh": [reading(20, kwh=0.0001), reading(21, kwh=-1), reading(22, kwh="1")],
    "bad-status": [reading(23, status="broken")],
    "missing-id": [reading(24, id=None)],
    "not-json": [b"hello"],
    "null-value": [None],
}


def main() -> None:
    """Sends all of them, in their order."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=json.loads, required=True)
    producer = Producer(parser.parse_args().settings)
    for kind in VALUES.values():
        for value in kind:
            producer.produce(TOPIC, key=b"m-99999", value=value)
    if producer.flush(30):
        raise SystemExit("the broker did not take all records")
    sys.stdout.write(json.dumps({kind: len(each) for kind, each in VALUES.items()}) + "\n")


if __name__ == "__main__":
    main()
