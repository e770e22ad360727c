"""Shows how many customers of each gender there are and how old they are, and leaves it as CSV and JSON."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn, table
from millrace.kinds import folder
from millrace.kinds import table as tables

TABLE = (
    TableColumn("gender", 6),
    TableColumn("customers", 12, is_number=True),
    TableColumn("average_age", 11, is_number=True),
    TableColumn("deleted", 12, is_number=True),
)


def main(spec: Spec, events: Events) -> None:
    """Read, show."""
    by_gender = tables.read(session(spec), spec, "byGender", events).coalesce(1).sortWithinPartitions("gender").cache()
    events.started()
    results = folder.write_results(spec, "results", by_gender)
    rows = by_gender.collect()
    events.note(f"{len(rows)} genders\n{table(TABLE, rows, len(rows))}")
    events.result(rows=len(rows), results=results)


if __name__ == "__main__":
    sys.exit(run(main))
