"""Reads the topics of the customers pipeline as any client would, and says what its tables must hold. Started by the end-to-end test and by cases of faults.

Shares nothing with the product: Confluent's client, Python's own JSON and dates, exact decimals. Prints one JSON object: `customers`, the rows that the source
must have, `byGender` by them, `topic`, the same as the topic of sums says it, `deleted`, `deadLetters` by reason, and a list `problems`, which is empty when all
changes have their form.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal

from topic_records import records

CHANGES, SUMS, DEAD_LETTERS = "customers.changes", "customers.by-gender", "customers.changes.dead-letters"
COLUMNS = ("id", "name", "gender", "address", "phone", "email", "photo", "birthdate", "profession", "dt_update")


def age_of(customer: dict[str, object]) -> int | None:
    """Whole years between birth and the day of the change, to the nearest."""
    if customer["birthdate"] is None:
        return None
    changed = datetime.fromisoformat(str(customer["dt_update"])).astimezone(UTC).date()
    days = Decimal((changed - date.fromisoformat(str(customer["birthdate"])[:10])).days)
    return int((days / Decimal("365.25")).quantize(Decimal(1), ROUND_HALF_UP))


def row_of(customer: dict[str, object]) -> list[str | None]:
    """A customer as texts, as the database is asked for it."""
    moment = datetime.fromisoformat(str(customer["dt_update"])).astimezone(UTC)
    born = customer["birthdate"]
    texts = {
        **customer,
        "id": str(customer["id"]),
        "birthdate": None if born is None else str(born)[:10],
        "dt_update": moment.strftime("%Y-%m-%dT%H:%M:%S.%f"),
    }
    return [None if texts[name] is None else str(texts[name]) for name in COLUMNS]


def exact(average: object) -> str | None:
    """A number with two digits behind the point."""
    return None if average is None else f"{Decimal(str(average)):.2f}"


def main() -> None:
    """Reads, replays, sums."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    bootstrap = parser.parse_args().bootstrap
    now: dict[int, dict[str, object]] = {}
    deleted: dict[int, str] = {}
    problems: list[str] = []
    seen: dict[int, dict[int, bytes]] = {}
    last: dict[int, int] = {}
    for record in records(bootstrap, CHANGES):
        customer_id = json.loads(record.key)["id"]
        if record.value is None:
            if customer_id not in deleted:
                problems.append(f"{record.position} forgets customer {customer_id}, who was not deleted")
            continue
        change = json.loads(record.value)
        # A connector that was killed sends again what it had not yet noted as sent: the same changes in the same order, up to the last one.
        known = seen.setdefault(customer_id, {})
        if change["__lsn"] < max(known, default=0) and known.get(change["__lsn"]) != record.value:
            problems.append(f"{record.position} comes behind a later change")
        known[change["__lsn"]] = record.value
        last[customer_id] = change["__lsn"]
        if change["__deleted"] == "true":
            deleted[customer_id] = change["gender"]
            now.pop(customer_id, None)
        else:
            deleted.pop(customer_id, None)
            now[customer_id] = change
    problems += [
        f"customer {customer_id} ends with an earlier change than {max(seen[customer_id])}"
        for customer_id, lsn in last.items()
        if lsn != max(seen[customer_id])
    ]
    sums = []
    for gender in ("F", "M"):
        ages = [age_of(one) for one in now.values() if one["gender"] == gender]
        told_ages = [age for age in ages if age is not None]
        mean = Decimal(sum(told_ages)) / len(told_ages) if told_ages else None
        average = None if mean is None else str(mean.quantize(Decimal("0.01"), ROUND_HALF_UP))
        sums.append([gender, len(ages), average, sum(one == gender for one in deleted.values())])
    told: dict[str, dict[str, object]] = {}
    for record in records(bootstrap, SUMS):
        told[record.key.decode()] = json.loads(record.value or b"", parse_float=str)
    answer = {
        "customers": [row_of(one) for _, one in sorted(now.items())],
        "byGender": sums,
        "topic": [
            [key, one["customers"], exact(one["average_age"]), one["deleted"]] for key, one in sorted(told.items())
        ],
        "deleted": len(deleted),
        "deadLetters": dict(
            sorted(Counter(one.headers["millrace.error.reason"] for one in records(bootstrap, DEAD_LETTERS)).items())
        ),
        "problems": problems,
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
