"""Specs for tests."""

import json
from typing import Any

from millrace.job.spec import Spec, read_spec

DOCUMENT: dict[str, Any] = {
    "pipeline": "shop",
    "job": "sum",
    "execution": "x1",
    "mode": "stream",
    "kafka": {"bootstrapServers": "b-1:9098", "security": "none"},
    "reads": {
        "readings": {
            "kind": "topic",
            "topic": "shop.readings",
            "value": {"format": "avro", "id": 2},
            "groupIdPrefix": "millrace.shop.sum",
            "rules": {"latenessMinutes": 10, "futureMinutes": 10, "replayMinutes": 10_080, "watermarkDelayMs": 1},
        },
        "towns": {"kind": "file", "url": "s3://a/towns.csv", "schema": {"format": "avro", "id": 6}, "separator": ","},
    },
    "writes": {
        "sums": {
            "kind": "topic",
            "topic": "shop.sums",
            "maxMessageBytes": 1_048_588,
            "key": {"format": "json", "url": "s3://a/key.json"},
            "value": {"format": "json", "url": "s3://a/value.json"},
        },
        "deadLetters": {"kind": "topic", "topic": "shop.dead-letters", "maxMessageBytes": 1_048_588},
        "results": {"kind": "folder", "url": "s3://data/results/shop/x1"},
    },
    "parameters": {"rate": 4, "share": 0.5, "town": "Ulm", "nothing": "", "since": "2026-01-31T13:00:00Z"},
    "registry": {"url": "http://registry:8080"},
    "checkpoint": "s3://data/checkpoints/shop/sum",
    "windows": {"minutes": 10, "every": 5},
}
"""A spec with every kind of part."""


def spec_of(**parts: object) -> Spec:
    """A spec with these parts in place of those of `DOCUMENT`."""
    return read_spec(["--spec", json.dumps(DOCUMENT | parts)])
