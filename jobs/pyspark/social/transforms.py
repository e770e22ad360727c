"""What the social pipeline does with posts.

Never a session, a clock or an environment: what time it is, and everything else, arrives as an argument.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

# --- the stream


def mentions(posts: DataFrame) -> DataFrame:
    """Names each keyword of each post that was not edited: those were counted before.

    Args:
        posts: `posted_at` (timestamp), `network`, `language`, `keywords` (string, with blanks between them) and `edited` (boolean).

    Returns:
        `minute` (timestamp), `network`, `language` and `keyword`.
    """
    return _first(posts).select(_minute(), "network", "language", _each("keywords").alias("keyword"))


def said(posts: DataFrame) -> DataFrame:
    """Names each other word of each post that was not edited.

    Args:
        posts: `posted_at` (timestamp), `network`, `words` (string, with blanks between them) and `edited` (boolean).

    Returns:
        `minute` (timestamp), `network` and `word`.
    """
    words = _first(posts).where(F.col("words") != "")
    return words.select(_minute(), "network", _each("words").alias("word"))


def counted(rows: DataFrame) -> DataFrame:
    """Counts equal rows.

    Args:
        rows: any columns.

    Returns:
        The same columns and `posts` (bigint).
    """
    return rows.groupBy(*rows.columns).agg(F.count("*").alias("posts"))


BY_MINUTE = """
SELECT c.minute, c.network, c.language, c.keyword, c.posts
FROM {byMinute} AS c
WHERE c.minute > (SELECT max(m.minute) FROM {byMinute} AS m WHERE m.network = c.network) - interval '10 minutes'"""
"""The counts that may have changed, of the last minutes of each network, in the database that has them all."""

BY_MINUTE_COLUMNS = "minute timestamp, network string, language string, keyword string, posts bigint"

TOP_WORDS = """
WITH latest AS (SELECT network, max(minute) AS minute FROM {words} GROUP BY network),
  ranked AS (
    SELECT w.network, w.word, sum(w.posts) AS posts,
      row_number() OVER (PARTITION BY w.network ORDER BY sum(w.posts) DESC, w.word COLLATE "C") AS place
    FROM {words} AS w JOIN latest AS l USING (network)
    WHERE w.minute > l.minute - interval '1 hour'
    GROUP BY w.network, w.word)
SELECT l.network, p.place, r.word, coalesce(r.posts, 0) AS posts
FROM latest AS l CROSS JOIN generate_series(1, 10) AS p (place) LEFT JOIN ranked AS r USING (network, place)"""
"""The ten words of each network that most posts of its last hour had; of two that as many had the one that comes first in order."""

TOP_WORDS_COLUMNS = "network string, place int, word string, posts bigint"


# --- the batch

SHOWN_MINUTES = 60


def last_hour(counts: DataFrame) -> DataFrame:
    """Leaves out what is older than an hour by the newest count.

    Args:
        counts: what the topic says of each key.

    Returns:
        `minute` (timestamp), `network`, `language`, `keyword` and `posts`, in one partition and in this order, the newest minute first.
    """
    # Beside each row rather than in a join, which would read the topic twice.
    newest = F.max("minute").over(Window.partitionBy())
    recent = counts.withColumn("newest", newest).where(
        F.col("minute") > F.col("newest") - F.expr(f"INTERVAL {SHOWN_MINUTES} MINUTES")
    )
    ordered = recent.coalesce(1).sortWithinPartitions(F.desc("minute"), "network", "language", "keyword")
    return ordered.select("minute", "network", "language", "keyword", "posts")


def top(words: DataFrame) -> DataFrame:
    """The words that have a place.

    Args:
        words: what the topic says of each key.

    Returns:
        `network`, `place`, `word` and `posts`, in one partition and in this order.
    """
    found = words.where(F.col("word").isNotNull())
    return found.coalesce(1).sortWithinPartitions("network", "place").select("network", "place", "word", "posts")


def _first(posts: DataFrame) -> DataFrame:
    return posts.where(~F.col("edited"))


def _minute() -> Column:
    return F.date_trunc("minute", "posted_at").alias("minute")


def _each(texts: str) -> Column:
    return F.explode(F.split(texts, " "))
