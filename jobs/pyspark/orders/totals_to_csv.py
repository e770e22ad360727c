"""Leaves the total sales and the number of orders of each country as CSV and as JSON lines."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.spec import Spec
from millrace.kinds import folder
from orders.totals import read_totals

SEPARATOR = "|"


def main(spec: Spec, events: Events) -> None:
    """Read, sum, write."""
    totals = read_totals(spec, events)
    events.result(results=folder.write_results(spec, "results", totals.frame, SEPARATOR), **totals.counts())


if __name__ == "__main__":
    sys.exit(run(main))
