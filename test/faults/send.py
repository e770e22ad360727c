"""Sends the records of a file as an application outside does, with Confluent's client; prints how many the broker took.

Each line of the file is a JSON object: `topic`, `partition` (absent: by the key), `key` and `value` in base64, or null.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
import time
from pathlib import Path

from confluent_kafka import Producer

LONGEST_SECONDS = 180.0


class Sender:
    """A client, and what the broker said to it."""

    def __init__(self, bootstrap: str, transaction: str | None) -> None:
        # What the client sends again itself, when an answer is lost, is not there twice.
        settings = {
            "bootstrap.servers": bootstrap,
            "enable.idempotence": True,
            "linger.ms": 5,
            "message.max.bytes": 2**23,
        }
        self.producer = Producer(settings | ({"transactional.id": transaction} if transaction else {}))
        self.taken = 0

    def send(self, line: str) -> None:
        """Sends the record of a line."""
        record = json.loads(line)
        key, value = (None if record[part] is None else base64.b64decode(record[part]) for part in ("key", "value"))
        place = {"partition": record["partition"]} if "partition" in record else {}
        self.producer.produce(record["topic"], key=key, value=value, on_delivery=self._told, **place)
        self.producer.poll(0)

    def _told(self, error: object, _message: object) -> None:
        if error is not None:
            raise SystemExit(f"the broker did not take a record: {error}")
        self.taken += 1


def main() -> None:
    """Sends all of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--records", required=True)
    parser.add_argument("--rate", type=float, default=0.0, help="records a second; 0: as fast as possible")
    parser.add_argument("--transaction", choices=["commit", "abort"], help="how the one transaction of all ends")
    options = parser.parse_args()
    sender = Sender(options.bootstrap, f"faults-{time.time_ns()}" if options.transaction else None)
    if options.transaction:
        sender.producer.init_transactions(LONGEST_SECONDS)
        sender.producer.begin_transaction()
    began = time.monotonic()
    for index, line in enumerate(Path(options.records).read_text().splitlines()):
        if options.rate:
            time.sleep(max(0.0, began + index / options.rate - time.monotonic()))
        sender.send(line)
    # They lie in the topic before a transaction of them is aborted.
    if sender.producer.flush(LONGEST_SECONDS):
        raise SystemExit("the broker did not take all records")
    if options.transaction == "commit":
        sender.producer.commit_transaction(LONGEST_SECONDS)
    if options.transaction == "abort":
        sender.producer.abort_transaction(LONGEST_SECONDS)
    sys.stdout.write(json.dumps({"taken": sender.taken}) + "\n")


if __name__ == "__main__":
    main()
