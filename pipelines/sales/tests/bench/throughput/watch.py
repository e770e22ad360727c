"""Follows the summaries of a stream until they count so many sales, and prints when that was, and what they say in the end.

Prints a JSON object: `reached` has a time in seconds since 1970 for each number asked for, `table` the last orders and cents of each region and window.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
import time
from pathlib import Path

from confluent_kafka import Consumer, TopicPartition
from fastavro import parse_schema, schemaless_reader

WINDOWS_OF_A_SALE = 2


def main() -> None:
    """Follows them."""
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "target", "schemas"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--at", type=int, nargs="+", required=True, help="numbers of sales, rising")
    parser.add_argument("--longest", type=float, default=300, help="seconds")
    options = parser.parse_args()
    schema = parse_schema(json.loads((Path(options.schemas) / "summary-value.avsc").read_text()))
    consumer = Consumer({"bootstrap.servers": options.bootstrap, "group.id": "bench-watch", "fetch.wait.max.ms": 50})
    partitions = consumer.list_topics(options.target, 10).topics[options.target].partitions
    consumer.assign([TopicPartition(options.target, one, 0) for one in partitions])
    table: dict[str, list[int]] = {}
    reached: list[float] = []
    counted = 0
    deadline = time.time() + options.longest
    while len(reached) < len(options.at):
        message = consumer.poll(0.2)
        if time.time() > deadline:
            sys.exit(
                f"{counted / WINDOWS_OF_A_SALE:.0f} of {options.at[-1]} sales are in the summaries of {options.target}"
            )
        if message is None or message.error() is not None:
            continue
        fields = schemaless_reader(io.BytesIO((message.value() or b"")[5:]), schema, None)
        assert isinstance(fields, dict)
        name = f"{fields['region']} {fields['window_start']}"
        orders, cents = int(fields["orders"]), int(fields["sales"] * 100)
        counted += orders - table.get(name, [0])[0]
        table[name] = [orders, cents]
        while len(reached) < len(options.at) and counted >= WINDOWS_OF_A_SALE * options.at[len(reached)]:
            reached.append(time.time())
    consumer.close()
    print(json.dumps({"reached": reached, "table": dict(sorted(table.items()))}))


if __name__ == "__main__":
    main()
