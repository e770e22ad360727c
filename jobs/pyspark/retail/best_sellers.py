"""Leaves the products that sold best, by their totals, as CSV and JSON."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn, table
from millrace.kinds import folder, topic
from retail import transforms

TABLE = (
    TableColumn("item", 24),
    TableColumn("product_id", 12),
    TableColumn("sales", 14, is_number=True),
    TableColumn("quantity", 8, is_number=True),
    TableColumn("purchases", 9, is_number=True),
)


def main(spec: Spec, events: Events) -> None:
    """Read, choose, write."""
    spark = session(spec)
    totals = topic.read(spark, spec, "totals", deletions=True).counted()
    events.started()
    best = transforms.best_sellers(topic.latest(totals.frame).select("value.*")).cache()
    results = folder.write_results(spec, "results", best)
    rows = best.collect()
    events.note(f"{len(rows)} products\n{table(TABLE, rows, len(rows))}")
    events.result(rows=len(rows), results=results, unreadable=totals.bad)
    totals.refuse_bad("totals")


if __name__ == "__main__":
    sys.exit(run(main))
