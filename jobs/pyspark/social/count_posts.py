"""Adds the posts of each batch to the counts of their minutes and words in tables, and passes on what may have changed; what is no good post goes to the dead letters.

The tables are the state: a minute would have to be kept for as long as a source may be away.
"""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn
from millrace.streaming.progress import Shown
from millrace.streaming.query import run_query
from millrace.streaming.source import read_events
from millrace.streaming.tables import Derived, TableResult
from social import transforms

TABLE = (
    TableColumn("minute", 20),
    TableColumn("network", 10),
    TableColumn("language", 8),
    TableColumn("keyword", 16),
    TableColumn("posts", 8, is_number=True),
)


def main(spec: Spec, events: Events) -> None:
    """Read, count, add."""
    spark = session(spec)
    sources = [read_events(spark, spec, network, deletions=True) for network in ("bluesky", "mastodon")]
    posts = sources[0].good.unionByName(sources[1].good)
    shown = Shown(TABLE, newest="minute", key="keyword", most=5)
    tables = [
        TableResult("byMinute", transforms.mentions(posts), of_batch=transforms.counted, adds=("posts",), shown=shown),
        TableResult("words", transforms.said(posts), of_batch=transforms.counted, adds=("posts",)),
    ]
    derived = [
        # Into the very table that it is made of, which changes nothing there.
        Derived("byMinute", transforms.BY_MINUTE, transforms.BY_MINUTE_COLUMNS, topic="counts", key="minute"),
        Derived("topWords", transforms.TOP_WORDS, transforms.TOP_WORDS_COLUMNS, topic="top", key="place"),
    ]
    run_query(spec, events, sources, [], tables=tables, derived=derived)


if __name__ == "__main__":
    sys.exit(run(main))
