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
from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal

from topic_records import EPOCH, records

SOURCE, DEAD_LETTERS = "bank.transactions", "bank.transactions.dead-letters"
INTERVAL = timedelta(seconds=2)
CENT, MOST = Decimal("0.01"), Decimal(1_000_000_000)
FIELDS = {"branch", "currency", "amount"}


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
            bad.add(record.position)
            continue
        branch, currency, amount = found
        start = record.stamped - (record.stamped - EPOCH) % INTERVAL
        sums[start.isoformat(), branch, currency] += amount
    letters = list(records(bootstrap, DEAD_LETTERS))
    of_source = [one for one in letters if one.headers["millrace.error.topic"] == SOURCE]
    told = {one.origin: one.headers["millrace.error.reason"] for one in of_source}
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
