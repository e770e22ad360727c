"""What the stream counts and the batch job shows, on frames of a few rows, and what of it the database makes."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession

from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import schema_of
from millrace.kafka.dead_letters import HEADERS
from millrace.kinds import topic
from millrace.streaming.event_time import EventTimeRules
from millrace.streaming.source import judge
from millrace.tests.frames import frame_of
from social import transforms

SCHEMA = Path(__file__).parents[4] / "pipelines/social/schemas/post.schema.json"
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
RECORD = f"key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, headers {HEADERS}"
POST = "posted_at timestamp, network string, language string, keywords string, words string, edited boolean"
COUNT = "minute timestamp, network string, language string, keyword string, posts bigint"


def at(second: int) -> datetime:
    return NOON + timedelta(seconds=second)


def test_a_post_is_counted_once_under_each_of_its_keywords_in_the_minute_in_which_it_was_told(
    spark: SparkSession,
) -> None:
    posts = [
        (at(0), "bluesky", "en", "rain", "coffee", False),
        (at(59), "bluesky", "en", "rain train", "", False),
        (at(60), "bluesky", "en", "rain", "", False),
        (at(60), "mastodon", "en", "rain", "", False),
        (at(60), "mastodon", "ja", "電車", "", False),
    ]
    rows = transforms.counted(transforms.mentions(frame_of(spark, posts, POST)))
    found = {(row.minute, row.network, row.language, row.keyword): row.posts for row in rows.collect()}
    minute, next_minute = NOON.replace(tzinfo=None), (NOON + timedelta(minutes=1)).replace(tzinfo=None)
    assert found == {
        (minute, "bluesky", "en", "rain"): 2,
        (minute, "bluesky", "en", "train"): 1,
        (next_minute, "bluesky", "en", "rain"): 1,
        (next_minute, "mastodon", "en", "rain"): 1,
        (next_minute, "mastodon", "ja", "電車"): 1,
    }


def test_an_edited_post_is_not_counted_again(spark: SparkSession) -> None:
    posts = [(at(0), "bluesky", "en", "rain", "coffee", True), (at(0), "bluesky", "en", "rain", "late", False)]
    frame = frame_of(spark, posts, POST)
    assert [row.keyword for row in transforms.mentions(frame).collect()] == ["rain"]
    assert [row.word for row in transforms.said(frame).collect()] == ["late"]


def test_words_are_counted_by_network_and_a_post_without_any_counts_none(spark: SparkSession) -> None:
    posts = [
        (at(0), "bluesky", "en", "rain", "coffee late", False),
        (at(1), "bluesky", "de", "regen", "coffee", False),
        (at(2), "bluesky", "en", "rain", "", False),
    ]
    rows = transforms.counted(transforms.said(frame_of(spark, posts, POST))).collect()
    assert sorted((row.network, row.word, row.posts) for row in rows) == [
        ("bluesky", "coffee", 2),
        ("bluesky", "late", 1),
    ]


def test_what_is_no_post_is_told_apart_and_a_deletion_is_nothing_wrong(spark: SparkSession) -> None:
    whole = (
        b'{"uri":"at://a","network":"bluesky","language":"en","posted_at":"2026-11-21T12:00:00.000Z","text":"rain",'
        b'"keywords":"rain","words":"","edited":false,"mentions":1}'
    )
    values = [whole, whole.replace(b"bluesky", b"other"), whole.replace(b',"mentions":1', b""), b"rain", None]
    rows = [(None, value, "social", 0, offset, NOON, None) for offset, value in enumerate(values)]
    codec = JsonCodec(schema_of(SCHEMA.read_text("utf-8"), "post"))
    found = judge(frame_of(spark, rows, RECORD), codec, EventTimeRules(None, 10, 0, None), deletions=True)
    assert [row.reason for row in found.frame.orderBy("offset").collect()] == [
        None,
        "bad-network",
        "missing-mentions",
        "not-json",
        None,
    ]


def test_the_last_hour_by_the_newest_count_is_shown_the_newest_first(spark: SparkSession) -> None:
    counts = [
        (NOON, "bluesky", "en", "rain", 3),
        (NOON + timedelta(minutes=1), "mastodon", "en", "rain", 1),
        (NOON + timedelta(minutes=60), "bluesky", "en", "train", 2),
        (NOON + timedelta(minutes=60), "bluesky", "en", "rain", 5),
    ]
    rows = transforms.last_hour(frame_of(spark, counts, COUNT)).collect()
    assert [(row.network, row.keyword, row.posts) for row in rows] == [
        ("bluesky", "rain", 5),
        ("bluesky", "train", 2),
        ("mastodon", "rain", 1),
    ]


def test_places_that_no_word_has_are_left_out(spark: SparkSession) -> None:
    words = [("bluesky", 2, None, 0), ("bluesky", 1, "coffee", 7)]
    rows = transforms.top(frame_of(spark, words, transforms.TOP_WORDS_COLUMNS)).collect()
    assert [(row.place, row.word, row.posts) for row in rows] == [(1, "coffee", 7)]


def test_what_the_topics_hold_is_read_and_shown(spark: SparkSession) -> None:
    count = {"minute": "2026-11-21T12:00:00.000Z", "network": "bluesky", "language": "en", "keyword": "rain"}
    word = {"network": "bluesky", "place": 1, "word": "coffee", "posts": 3}

    def records(name: str, key: Mapping[str, object], value: Mapping[str, object]) -> DataFrame:
        raw = [(json.dumps(key).encode(), json.dumps(value).encode(), "t", 0, 0, NOON, None)]
        schemas = [
            schema_of(SCHEMA.with_name(f"{of}.schema.json").read_text("utf-8"), of) for of in (f"{name}-key", name)
        ]
        codecs = [JsonCodec(schema) for schema in schemas]
        judged = topic.decoded(frame_of(spark, raw, RECORD), codecs[0], codecs[1], deletions=False)
        return topic.latest(judged.counted().frame).select("value.*")

    shown = transforms.last_hour(records("count", count, count | {"posts": 2})).cache()
    assert [(row.keyword, row.posts) for row in shown.collect()] == [("rain", 2)]
    ranked = transforms.top(records("top-word", {"network": "bluesky", "place": 1}, word))
    assert [(row.word, row.posts) for row in ranked.collect()] == [("coffee", 3)]
