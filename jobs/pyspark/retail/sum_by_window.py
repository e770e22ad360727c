"""Sums the purchases of each product by window to a topic; what is no good purchase, or late, goes to the dead letters."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.streaming.query import Result, run_query
from millrace.streaming.source import read_events
from retail import transforms


def main(spec: Spec, events: Events) -> None:
    """Read, sum, write."""
    purchases = read_events(session(spec), spec, "purchases", transforms.TIME)
    sums = transforms.windows(purchases.good, spec.declared(spec.windows, "windows"))
    run_query(spec, events, [purchases], [Result("windows", sums)], "notSummed")


if __name__ == "__main__":
    sys.exit(run(main))
