"""Sends each purchase on with its product as it is now; a purchase of a product that is not known goes to the dead letters."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import lookup
from millrace.streaming.query import Result, run_query
from millrace.streaming.source import Beside, read_events
from retail import transforms


def main(spec: Spec, events: Events) -> None:
    """Read, join, write."""
    spark = session(spec)
    product = Beside("product", lookup.read(spark, spec, "products"), "product_id")
    purchases = read_events(spark, spec, "purchases", checks=transforms.checks(), beside=[product])
    run_query(spec, events, [purchases], [Result("enriched", transforms.enriched(purchases.good))], "unknownProducts")


if __name__ == "__main__":
    sys.exit(run(main))
