"""Sums the sales by region and window to the summaries topic; what is no good sale goes to the dead letters."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import file
from millrace.streaming.query import Result, run_query
from millrace.streaming.source import read_events
from sales import transforms


def main(spec: Spec, events: Events) -> None:
    """Read, transform, write."""
    spark = session(spec)
    regions = file.read_table(spark, spec, "regions", "country", events)
    sales = read_events(spark, spec, "sales", transforms.TIME, transforms.checks())
    summaries = transforms.summaries(sales.good, regions, spec.declared(spec.windows, "windows"))
    run_query(spec, events, [sales], [Result("summaries", summaries)])


if __name__ == "__main__":
    sys.exit(run(main))
