"""Shows how many posts the last hour had, and which words most of them, and leaves the counts as CSV and JSON."""

from __future__ import annotations

import sys
from collections import Counter

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn, table
from millrace.kinds import folder, topic
from social import transforms

WORDS = (
    TableColumn("network", 10),
    TableColumn("place", 6, is_number=True),
    TableColumn("word", 20),
    TableColumn("posts", 8, is_number=True),
)


def main(spec: Spec, events: Events) -> None:
    """Read, choose, show."""
    spark = session(spec)
    counts, words = (topic.read(spark, spec, alias).counted() for alias in ("counts", "top"))
    events.started()
    shown = transforms.last_hour(topic.latest(counts.frame).select("value.*")).cache()
    results = folder.write_results(spec, "results", shown)
    ranked = transforms.top(topic.latest(words.frame).select("value.*")).collect()
    events.note(f"words of most posts\n{table(WORDS, ranked, len(ranked))}")
    events.result(rows=shown.count(), results=results, unreadable=dict(Counter(counts.bad) + Counter(words.bad)))
    counts.refuse_bad("counts")
    words.refuse_bad("top")


if __name__ == "__main__":
    sys.exit(run(main))
