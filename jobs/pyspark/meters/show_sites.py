"""Shows how the meters of each site are now, and leaves it as CSV and JSON."""

from __future__ import annotations

import sys

from meters import transforms
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn, table
from millrace.kinds import folder, items

TABLE = (
    TableColumn("site", 12),
    TableColumn("meters", 8, is_number=True),
    TableColumn("kwh", 16, is_number=True),
    TableColumn("warning", 8, is_number=True),
    TableColumn("critical", 8, is_number=True),
    TableColumn("newest", 20),
)


def main(spec: Spec, events: Events) -> None:
    """Read, count, show."""
    latest = items.read(session(spec), spec, "latest", transforms.LATEST)
    events.started()
    sites = transforms.by_site(latest).cache()
    results = folder.write_results(spec, "results", sites)
    rows = sites.collect()
    events.note(f"{len(rows)} sites\n{table(TABLE, rows, len(rows))}")
    events.result(rows=len(rows), results=results)


if __name__ == "__main__":
    sys.exit(run(main))
