"""Takes the orders topic and shows the total sales and the number of orders of each country in the log. Started by the state machine through
spark-submit, in an execution of the whole pipeline or alone.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.text_table import TableColumn, table
from orders.totals import arguments, totals_of

JOB = "totals-to-console"
ROWS_SHOWN = 300
TABLE = (
    TableColumn("country", 32),
    TableColumn("sales", 14, is_number=True),
    TableColumn("orders", 8, is_number=True),
)


def main(given: Sequence[str], events: Events) -> None:
    """Parse, read, transform, write."""
    options = arguments(JOB).read(given)
    totals = totals_of(options, JOB, events)
    shown = totals.frame.take(ROWS_SHOWN)
    events.note(f"{totals.rows:,} countries\n{table(TABLE, shown, totals.rows)}")
    events.result(**totals.counts())


if __name__ == "__main__":
    sys.exit(run(JOB, main))
