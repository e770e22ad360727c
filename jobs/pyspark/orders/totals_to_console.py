"""Shows the total sales and the number of orders of each country in the log."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn, table
from orders.totals import read_totals

ROWS_SHOWN = 300
TABLE = (
    TableColumn("country", 32),
    TableColumn("sales", 14, is_number=True),
    TableColumn("orders", 8, is_number=True),
)


def main(spec: Spec, events: Events) -> None:
    """Read, sum, show."""
    totals = read_totals(spec, events)
    shown = totals.frame.take(ROWS_SHOWN)
    events.note(f"{totals.rows:,} countries\n{table(TABLE, shown, totals.rows)}")
    events.result(**totals.counts())


if __name__ == "__main__":
    sys.exit(run(main))
