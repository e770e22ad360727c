"""Ranks the products of each window whose sales have changed, and shows the ranks in the log."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn
from millrace.kinds import lookup
from millrace.streaming.progress import Shown
from millrace.streaming.query import Result, run_query
from millrace.streaming.source import read_events
from retail import transforms

TABLE = (
    TableColumn("window_start", 20),
    TableColumn("rank", 4, is_number=True),
    TableColumn("product_id", 12),
    TableColumn("sales", 14, is_number=True),
    TableColumn("quantity", 8, is_number=True),
)


def main(spec: Spec, events: Events) -> None:
    """Read, rank, write."""
    spark = session(spec)
    changed = read_events(spark, spec, "windows")
    sums = lookup.read(spark, spec, "windows").select("value.*")
    ranks = transforms.ranks(changed.good, sums)
    shown = Shown(TABLE, newest="window_start", key="rank")
    run_query(spec, events, [changed], [Result("ranks", ranks, shown=shown)], "notRanked")


if __name__ == "__main__":
    sys.exit(run(main))
