"""Reads the topic of the meters as any client would, and says what the items and the alerts must be. Started by the end-to-end test.

Shares nothing with the product: Confluent's client, Python's own JSON, exact decimals, botocore. Prints one JSON object: `records` of the source, `items` by meter as
[number, kWh, status, site], `changes` of items, `alerts` that were told, how many of them are `repeated`, `deadLetters` by reason, and a list `problems`, which is empty when each record that is no good
is among the dead letters and nothing else is, and when each change by which a meter became critical was told, and nothing else was.
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

import botocore.session
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


def changes(url: str) -> list[dict[str, Any]]:
    """Each change that DynamoDB has on record of the one table of the pipeline."""
    settings = {"region_name": "us-east-1", "aws_access_key_id": "none", "aws_secret_access_key": "none"}
    session = botocore.session.get_session()
    tables = session.create_client("dynamodb", endpoint_url=url, **settings)
    streams = session.create_client("dynamodbstreams", endpoint_url=url, **settings)
    [table] = [one for one in tables.list_tables()["TableNames"] if "meters" in one]
    stream = tables.describe_table(TableName=table)["Table"]["LatestStreamArn"]
    found = []
    for shard in streams.describe_stream(StreamArn=stream)["StreamDescription"]["Shards"]:
        of = {"StreamArn": stream, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON"}
        iterator = streams.get_shard_iterator(**of)["ShardIterator"]
        while iterator:
            page = streams.get_records(ShardIterator=iterator)
            found += [one["dynamodb"] for one in page["Records"]]
            iterator = page.get("NextShardIterator") if page["Records"] else None
    return found


def became_critical(change: dict[str, Any]) -> bool:
    """Whether the item is critical, and was not."""
    before, after = (change.get(image, {}).get("status", {}).get("S") for image in ("OldImage", "NewImage"))
    return bool(after == "critical" and before != "critical")


def main() -> None:
    """Reads, keeps the latest, compares."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--bootstrap", required=True)
    parser.add_argument("--dynamodb", required=True)
    arguments = parser.parse_args()
    bootstrap = arguments.bootstrap
    count, bad = 0, set()
    latest: dict[str, dict[str, Any]] = {}
    readings: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for record in records(bootstrap, SOURCE):
        count += 1
        found = reading(record.value)
        if found is None:
            bad.add(record.position)
            continue
        readings.setdefault((found["id"], found["number"]), []).append(found)
        known = latest.get(found["id"])
        if known is None or known["number"] < found["number"]:
            latest[found["id"]] = found
    letters = {one.origin: one.headers["millrace.error.reason"] for one in records(bootstrap, DEAD_LETTERS)}
    changed = changes(arguments.dynamodb)
    images = [change["NewImage"] for change in changed if became_critical(change)]
    critical = {(image["id"]["S"], int(image["number"]["N"])) for image in images}
    told = [(one.key, json.loads(one.value or b"", parse_float=Decimal)) for one in records(bootstrap, ALERTS)]
    alerts = {(one["id"], one["number"]) for _, one in told}
    problems = [f"{place} is no good, and no dead letter" for place in sorted(bad - set(letters))]
    problems += [f"{place} is good, and a dead letter: {letters[place]}" for place in sorted(set(letters) - bad)]
    problems += [f"{one} became critical, and was not told" for one in sorted(critical - alerts)]
    problems += [f"{one} was told, and did not become critical" for one in sorted(alerts - critical)]
    for key, one in told:
        if key != f"{one['id']} {one['number']}".encode():
            problems.append(f"{one} has the key {key!r}")
        sent = [(each["site"], each["kwh"], each["status"]) for each in readings.get((one["id"], one["number"]), [])]
        if (one["site"], Decimal(one["kwh"]), one["status"]) not in sent:
            problems.append(f"{one} is told, and is no reading")
    items = {
        meter: [one["number"], str(one["kwh"].normalize() + 0), one["status"], one["site"]]
        for meter, one in sorted(latest.items())
    }
    answer = {
        "records": count,
        "items": items,
        "changes": len(changed),
        "alerts": len(alerts),
        "repeated": len(told) - len(alerts),
        "deadLetters": dict(sorted(Counter(letters.values()).items())),
        "problems": problems,
    }
    sys.stdout.write(json.dumps(answer) + "\n")


if __name__ == "__main__":
    main()
