"""Leaves the latest summary of each region and window as CSV and JSON."""

from __future__ import annotations

import sys

from pyspark.sql import Observation
from pyspark.sql import functions as F

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn, table
from millrace.kinds import folder, topic
from sales import transforms

ROWS_SHOWN = 40
TABLE = (
    TableColumn("region", 20),
    TableColumn("sales", 14, is_number=True),
    TableColumn("orders", 8, is_number=True),
    TableColumn("window_start", 20),
    TableColumn("window_end", 20),
)


def main(spec: Spec, events: Events) -> None:
    """Read, transform, write."""
    spark = session(spec)
    summaries = topic.read(spark, spec, "summaries", deletions=True).counted()
    events.started()
    found = Observation()
    latest = topic.latest(summaries.frame).select("value.*")
    chosen = transforms.chosen(latest, spec.text("region"), spec.instant("since"))
    rows = transforms.report(chosen).observe(found, F.count("*").alias("rows")).cache()

    results = folder.write_results(spec, "results", rows)
    count = int(found.get["rows"])
    events.note(f"{count:,} rows\n{table(TABLE, rows.take(ROWS_SHOWN), count)}")
    events.result(rows=count, results=results, unreadable=summaries.bad)
    summaries.refuse_bad("summaries")


if __name__ == "__main__":
    sys.exit(run(main))
