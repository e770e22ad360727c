"""Writes the total sales and the number of orders of each country to the totals topic; later totals replace earlier ones.

A total is of the orders that the topic holds, and says since when. A country of which it holds none any more is deleted.
"""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import topic
from orders import transforms
from orders.totals import read_totals


def main(spec: Spec, events: Events) -> None:
    """Read, sum, write."""
    # Read before the totals: what an execution writes is none of it.
    known = topic.latest(topic.read(session(spec), spec, "totals", deletions=True).frame).select("key").cache()
    known.count()
    totals = read_totals(spec, events)
    topic.write(spec, "totals", transforms.dated(totals.frame, totals.since_ms, totals.as_of_ms), key="country")
    gone = transforms.gone(known, totals.frame).cache()
    topic.delete(spec, "totals", gone, key="key")
    events.result(deleted=gone.count(), **totals.counts())


if __name__ == "__main__":
    sys.exit(run(main))
