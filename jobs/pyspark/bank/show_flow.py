"""Shows what the table holds of each branch and currency, and leaves it as CSV and JSON."""

from __future__ import annotations

import sys

from bank import transforms
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn, table
from millrace.kinds import folder
from millrace.kinds import table as tables

TABLE = (
    TableColumn("branch_name", 18),
    TableColumn("currency_code", 13),
    TableColumn("batch_value", 14, is_number=True),
    TableColumn("intervals", 9, is_number=True),
    TableColumn("latest", 20),
)


def main(spec: Spec, events: Events) -> None:
    """Read, sum, show."""
    flow = tables.read(session(spec), spec, "flow", events, by="curr_time")
    events.started()
    sums = transforms.by_branch(flow).cache()
    results = folder.write_results(spec, "results", sums)
    rows = sums.collect()
    events.note(f"{len(rows)} branches and currencies\n{table(TABLE, rows, len(rows))}")
    events.result(rows=len(rows), results=results)


if __name__ == "__main__":
    sys.exit(run(main))
