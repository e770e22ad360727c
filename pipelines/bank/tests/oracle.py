"""Reads the topics of the bank pipeline as any client would, and says what the table must hold. Started by the end-to-end test and by cases of faults.

Shares nothing with the product: Confluent's client, Python's own JSON, exact decimals. Prints one JSON object: `records` of the source, `rows` of the table,
`sum` of all good amounts, `deadLetters` by reason, and a list `problems`, which is empty when each record that is no good is among the dead letters, and
nothing else is.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import uuid
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple, cast

from confluent_kafka import Consumer, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE, DEAD_LETTERS = "bank.transactions", "bank.transactions.dead-letters"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CENT, MOST = Decimal("0.01"), Decimal(1_000_000_000)
FIELDS = {"branch", "currency", "amount"}


class Record(NamedTuple):
    """A record as the broker gives it."""

    place: tuple[int, int]
    value: bytes | None
    milliseconds: int
    headers: dict[str, str]


def records(bootstrap: str, topic: str) -> Iterator[Record]:
    """Every record that the topic holds now, partition by partition."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": f"external.bank-oracle-{uuid.uuid4()}"})
    try:
        for partition in consumer.list_topics(topic, 20).topics[topic].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), 20)
            consumer.assign([TopicPartition(topic, partition, low)])
            position = low
            while position < high:
                message = consumer.poll(20)
                if message is None or message.error():
                    raise SystemExit(f"{topic}/{partition} ends at {position}, not at {high}")
                position = cast("int", message.offset()) + 1
                headers = cast("list[tuple[str, bytes]]", message.headers() or [])
                told = {name: (value or b"").decode() for name, value in headers}
                yield Record((partition, position - 1), message.value(), message.timestamp()[1], told)
    finally:
        consumer.close()


def transaction(value: bytes | None) -> tuple[str, str, Decimal] | None:
    """Branch, currency and amount of a good transaction; None of what is none."""
    try:
        fields = json.loads((value or b"").decode(), parse_float=Decimal, parse_int=Decimal)
    except ValueError:
        return None
    if not isinstance(fields, dict) or set(fields) != FIELDS:
        return None
    branch, currency, amount = (fields[name] for name in ("branch", "currency", "amount"))
    if not isinstance(branch, str) or not 1 <= len(branch) <= 40:
        return None
    if not isinstance(currency, str) or not re.fullmatch("[A-Z]{3}", currency):
        return None
    if not isinstance(amount, Decimal) or abs(amount) > MOST or amount != amount.quantize(CENT):
        return None
    return branch, currency, amount


def main() -> None:
    """Reads, sums, compares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    bootstrap = parser.parse_args().bootstrap
    sums: dict[tuple[str, str, str], Decimal] = defaultdict(Decimal)
    count, bad = 0, set()
    for record in records(bootstrap, SOURCE):
        count += 1
        # What the table cannot hold is no row of it, and a dead letter of its own.
        found = transaction(record.value)
        if found is None:
            bad.add(record.place)
            continue
        branch, currency, amount = found
        start = EPOCH + timedelta(milliseconds=record.milliseconds - record.milliseconds % 2_000)
        sums[start.isoformat(), branch, currency] += amount
    letters = list(records(bootstrap, DEAD_LETTERS))
    of_source = [one.headers for one in letters if one.headers["millrace.error.topic"] == SOURCE]
    told = {
        (int(one["millrace.error.partition"]), int(one["millrace.error.offset"])): one["millrace.error.reason"]
        for one in of_source
    }
    problems = [f"{place} is no good, and no dead letter" for place in sorted(bad - set(told))]
    problems += [f"{place} is good, and a dead letter: {told[place]}" for place in sorted(set(told) - bad)]
    # Nothing that the table cannot hold, such as a NUL, adds to a sum.
    rows = {key: value for key, value in sums.items() if "\0" not in key[1]}
    answer = {
        "records": count,
        "rows": [[*key, str(value.quantize(CENT))] for key, value in sorted(rows.items())],
        "sum": str(sum(rows.values(), Decimal(0)).quantize(CENT)),
        "deadLetters": dict(sorted(Counter(told.values()).items())),
        "rowsSetAside": len(
            {one.headers["millrace.row"] for one in letters if one.headers["millrace.error.topic"] != SOURCE}
        ),
        "problems": problems,
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
