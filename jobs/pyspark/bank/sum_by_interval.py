"""Adds the transactions of each batch to the sums of their intervals in the table; what is no good transaction goes to the dead letters.

The table is the state: a row for each interval would have to be kept for as long as the topic may be read again.
"""

from __future__ import annotations

import sys

from bank import transforms
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn
from millrace.streaming.progress import Shown
from millrace.streaming.query import run_query
from millrace.streaming.source import read_events
from millrace.streaming.tables import TableResult

TABLE = (
    TableColumn("curr_time", 20),
    TableColumn("branch_name", 18),
    TableColumn("currency_code", 13),
    TableColumn("batch_value", 14, is_number=True),
)


def main(spec: Spec, events: Events) -> None:
    """Read, sum, add."""
    transactions = read_events(session(spec), spec, "transactions", appended=transforms.TIME)
    shown = Shown(TABLE, newest="curr_time", key="branch_name", most=5)
    flow = TableResult("flow", transactions.good, of_batch=transforms.flow, adds=("batch_value",), shown=shown)
    run_query(spec, events, [transactions], [], tables=[flow])


if __name__ == "__main__":
    sys.exit(run(main))
