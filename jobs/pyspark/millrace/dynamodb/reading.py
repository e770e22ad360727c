"""Reads all items of a table, several parts of it at once, as lines of JSON."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from millrace.dynamodb.client import AWAY, Answer, Client
from millrace.dynamodb.rows import Shape
from millrace.dynamodb.writing import NOT_NOW, failed, waits
from millrace.errors import JobError

PARTS = 4
"""Of a table, each read by a thread."""


def lines(shape: Shape, client: Client, seconds: float) -> list[str]:
    """Each item as a JSON object of plain values: numbers as DynamoDB has them, bytes in Base64.

    Args:
        shape: the table.
        client: who asks.
        seconds: after which one request is not tried again.

    Raises:
        JobError: ITEMS_REFUSED when the role may not read, ITEMS_AWAY after the time given, ITEMS_FAILED when DynamoDB says anything else.
    """
    with ThreadPoolExecutor(PARTS) as pool:
        parts = pool.map(
            lambda part: [line for page in _pages(shape, client, part, seconds) for line in page], range(PARTS)
        )
        return [line for part in parts for line in part]


def _pages(shape: Shape, client: Client, part: int, seconds: float) -> Iterator[list[str]]:
    asked: dict[str, Any] = {
        "TableName": shape.table,
        "Segment": part,
        "TotalSegments": PARTS,
        # What a stream has written before it was drained is there.
        "ConsistentRead": True,
    }
    while True:
        answer = _persistently(shape, client, json.dumps(asked).encode(), seconds)
        page = json.loads(answer.body)
        yield [_plain({"M": item}) for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            return
        asked["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def _persistently(shape: Shape, client: Client, body: bytes, seconds: float) -> Answer:
    began = time.monotonic()
    for wait in waits():
        try:
            answer = client.ask("Scan", body)
            if not answer.error:
                return answer
            if answer.error not in NOT_NOW and answer.status < 500:
                raise failed(shape, answer)
            why = answer.error
        except AWAY as error:
            why = str(error) or type(error).__name__
        if time.monotonic() - began > seconds:
            raise JobError("ITEMS_AWAY", f"Items {shape.name} could not be read for {seconds:.0f} s: {why}.")
        time.sleep(wait)
    raise AssertionError("unreachable")


def _plain(value: dict[str, Any]) -> str:
    """A value of DynamoDB's JSON as plain JSON. Numbers stay as they are written: as a binary fraction they would be others."""
    [(kind, held)] = value.items()
    match kind:
        case "N":
            return str(held)
        case "M":
            return "{" + ",".join(f"{json.dumps(name)}:{_plain(one)}" for name, one in held.items()) + "}"
        case "L":
            return "[" + ",".join(_plain(one) for one in held) + "]"
        case "NS":
            return "[" + ",".join(held) + "]"
        case "NULL":
            return "null"
    return json.dumps(held)
