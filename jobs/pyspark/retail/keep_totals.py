"""Keeps the totals of each product in a topic; what is no purchase goes to the dead letters."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import lookup
from millrace.streaming.query import Result, run_query
from millrace.streaming.source import read_events
from retail import transforms


def main(spec: Spec, events: Events) -> None:
    """Read, sum, write."""
    spark = session(spec)
    purchases = read_events(spark, spec, "purchases")
    products = lookup.read(spark, spec, "products").select("value.*")
    totals = transforms.totals(purchases.good, products)
    run_query(spec, events, [purchases], [Result("totals", totals, key="product_id")], "notCounted")


if __name__ == "__main__":
    sys.exit(run(main))
