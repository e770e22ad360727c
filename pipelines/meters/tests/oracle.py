"""Reads the topic of the meters as any client would, and says what the items and the alerts must be. Started by the end-to-end test.

Shares nothing with the product: Confluent's client, Python's own JSON, exact decimals. Prints one JSON object: `records` of the source, `items` by meter as
[number, kWh, status, site], `alerts` that were told, `deadLetters` by reason, and a list `problems`, which is empty when each record that is no good is among the
dead letters and nothing else is, and when each critical reading was told, and nothing else was.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter
from datetime import datetime
from decimal import Decimal
from typing import Any

from topic_records import records

SOURCE, DEAD_LETTERS, ALERTS = "meters.readings", "meters.readings.dead-letters", "meters.alerts"
FIELDS = {"id", "number", "site", "read_at", "kwh", "status"}
STATES = ("ok", "warning", "critical")


def reading(value: bytes | None) -> dict[str, Any] | None:
    """The fields of a good reading; None of what is none."""
    try:
        fields = json.loads((value or b"").decode(), parse_float=Decimal)
        if set(fields) != FIELDS or not re.fullmatch(r"m-\d{5}", fields["id"]) or fields["status"] not in STATES:
            return None
        datetime.fromisoformat(fields["read_at"])
        if isinstance(fields["kwh"], str):
            return None
        kwh = Decimal(fields["kwh"])
    except (ValueError, TypeError, ArithmeticError):
        return None
    if not isinstance(fields["number"], int) or fields["number"] < 0 or not 1 <= len(fields["site"]) <= 40:
        return None
    return None if kwh < 0 or kwh != kwh.quantize(Decimal("0.001")) else fields | {"kwh": kwh}


def main() -> None:
    """Reads, keeps the latest, compares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    bootstrap = parser.parse_args().bootstrap
    count, bad = 0, set()
    latest: dict[str, dict[str, Any]] = {}
    critical = set()
    for record in records(bootstrap, SOURCE):
        count += 1
        found = reading(record.value)
        if found is None:
            bad.add(record.position)
            continue
        if found["status"] == "critical":
            critical.add((found["id"], found["number"]))
        known = latest.get(found["id"])
        if known is None or known["number"] < found["number"]:
            latest[found["id"]] = found
    letters = {one.origin: one.headers["millrace.error.reason"] for one in records(bootstrap, DEAD_LETTERS)}
    told = [json.loads(one.value or b"") for one in records(bootstrap, ALERTS)]
    alerts = {(one["id"], one["number"]) for one in told}
    problems = [f"{place} is no good, and no dead letter" for place in sorted(bad - set(letters))]
    problems += [f"{place} is good, and a dead letter: {letters[place]}" for place in sorted(set(letters) - bad)]
    problems += [f"{one} is critical, and was not told" for one in sorted(critical - alerts)]
    problems += [f"{one} was told, and is not critical" for one in sorted(alerts - critical)]
    items = {
        meter: [one["number"], str(one["kwh"].normalize() + 0), one["status"], one["site"]]
        for meter, one in sorted(latest.items())
    }
    answer = {
        "records": count,
        "items": items,
        "alerts": len(alerts),
        "deadLetters": dict(sorted(Counter(letters.values()).items())),
        "problems": problems,
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
