"""Takes the orders topic and leaves the total sales and the number of orders of each country as CSV and as JSON lines. Started by the state machine
through spark-submit, in an execution of the whole pipeline or alone; each execution has a folder of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from millrace.job.arguments import Arguments, text
from millrace.job.events import Events
from millrace.job.results import write_results
from millrace.job.run import run
from orders import totals

JOB = "totals-to-csv"
SEPARATOR = "|"


def arguments() -> Arguments:
    """What the job must be told."""
    known = totals.arguments(JOB)
    known.add("--results-path", text, "folder to be made for the results, one an execution")
    return known


def main(given: Sequence[str], events: Events) -> None:
    """Parse, read, transform, write."""
    options = arguments().read(given)
    found = totals.totals_of(options, JOB, events)
    results = write_results(found.frame, options.results_path, SEPARATOR)
    events.result(results=results, **found.counts())


if __name__ == "__main__":
    sys.exit(run(JOB, main))
