"""Keeps the latest reading of each meter as an item; what is no good reading goes to the dead letters."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.streaming.items import ItemsResult
from millrace.streaming.query import run_query
from millrace.streaming.source import read_events


def main(spec: Spec, events: Events) -> None:
    """Read, keep."""
    readings = read_events(session(spec), spec, "readings")
    run_query(spec, events, [readings], [], items=[ItemsResult("latest", readings.good)])


if __name__ == "__main__":
    sys.exit(run(main))
