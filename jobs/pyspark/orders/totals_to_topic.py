"""Writes the total sales and the number of orders of each country to the totals topic; later totals replace earlier ones."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.spec import Spec
from millrace.kinds import topic
from orders.totals import read_totals


def main(spec: Spec, events: Events) -> None:
    """Read, sum, write."""
    totals = read_totals(spec, events)
    topic.write(spec, "totals", totals.frame, key="country")
    events.result(**totals.counts())


if __name__ == "__main__":
    sys.exit(run(main))
