"""Reads the topics of the social pipeline as any client would, and says what is wrong with them by the world that was played. Started by the end-to-end test.

Shares nothing with the product: Confluent's client, Python's own JSON and words as the world made them, not as anybody found them in a text. Prints one JSON
object: `kept`, how many posts must be on the topics; `counts`, how often each minute, network, language and keyword comes by the records; `topic`, the same as the topic
of counts says it; `deadLetters`; and a list `problems`, which is empty when each post is there once.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.request
from collections import Counter, defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from topic_records import records

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORKS = ("bluesky", "mastodon")

Post = dict[str, Any]
#: What a topic holds by key: each record's value, none where the post was taken back.
Found = dict[str, list[dict[str, Any] | None]]


def minute_of(text: str) -> str:
    """The minute of a moment, as both sides write it."""
    return datetime.fromisoformat(text).strftime("%Y-%m-%dT%H:%M")


def found_on(bootstrap: str, topic: str) -> Found:
    """What a topic of posts holds."""
    found: Found = defaultdict(list)
    for record in records(bootstrap, topic):
        found[record.key.decode()].append(None if record.value is None else json.loads(record.value))
    return found


def was_made(value: dict[str, Any] | None) -> bool:
    """Whether a record says that a post was made, not that it was changed or taken back."""
    return value is not None and not value["edited"]


def counted(found: Found, network: str) -> Iterator[str]:
    """What each record of a new post adds one to."""
    for values in found.values():
        for value in values:
            if value is not None and was_made(value):
                minute = minute_of(value["posted_at"])
                yield from (f"{minute} {network} {value['language']} {word}" for word in value["keywords"].split(" "))


def strangers(found: Found, network: str, posts: dict[str, Post], kept: dict[str, Post]) -> Iterator[str]:
    """What is on the topic and must not be."""
    for key, values in found.items():
        if key not in posts or posts[key]["network"] != network:
            yield f"{key} is no post of {network}"
        elif key not in kept and any(value is not None for value in values):
            yield f"{key} was to be left out"


def amiss(found: Found, network: str, due: dict[str, Post]) -> Iterator[str]:
    """What must be on the topic once, and is not, or ends otherwise than its post did."""
    for key, post in due.items():
        values = found.get(key, [])
        times = sum(1 for value in values if was_made(value))
        # Who was deleted while nobody listened is told nobody by one of the two.
        may_be_missing = network == "mastodon" and post["deleted"]
        if times != 1 and not (may_be_missing and times == 0):
            yield f"{key} is there {times} times"
        if values and not may_be_missing and (values[-1] is None) != post["deleted"]:
            yield f"{key}: deleted {post['deleted']}, but the last record is {values[-1]}"


def main() -> None:
    """Asks, reads, compares."""
    parser = argparse.ArgumentParser()
    for name in ("bootstrap", "world", "keywords", "languages", "server"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--since", type=int, required=True)
    given = parser.parse_args()
    with urllib.request.urlopen(f"{given.world}/world", timeout=20) as answer:
        world = json.load(answer)
    keywords, languages = set(given.keywords.split(",")), set(given.languages.split(","))
    prefixes = {"bluesky": "", "mastodon": f"{given.server}/api/v1/statuses/"}
    posts = {prefixes[post["network"]] + post["key"]: post for post in world["posts"]}
    kept = {
        key: post
        for key, post in posts.items()
        if post["language"] in languages and keywords & {word.casefold() for word in post["words"]}
    }
    due = {key: post for key, post in kept.items() if post["madeMs"] > given.since}
    problems: list[str] = []
    counts: Counter[str] = Counter()
    for network in NETWORKS:
        found = found_on(given.bootstrap, f"social.{network}")
        problems += strangers(found, network, posts, kept)
        problems += amiss(found, network, {key: post for key, post in due.items() if post["network"] == network})
        counts.update(counted(found, network))
    told: dict[str, int] = {}
    for record in records(given.bootstrap, "social.counts"):
        count = json.loads(record.value or b"{}")
        told[f"{minute_of(count['minute'])} {count['network']} {count['language']} {count['keyword']}"] = count["posts"]
    letters = Counter(
        record.headers["millrace.error.reason"] for record in records(given.bootstrap, "social.dead-letters")
    )
    facts = {
        "kept": len(due),
        "deleted": sum(1 for post in due.values() if post["deleted"]),
        "mishaps": world["mishaps"],
        "counts": dict(sorted(counts.items())),
        "topic": dict(sorted(told.items())),
        "deadLetters": dict(letters),
        "problems": sorted(problems)[:50],
    }
    json.dump(facts, sys.stdout)


if __name__ == "__main__":
    main()
