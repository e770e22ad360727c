"""Sums the orders by country and window to the windows topic and, in short, to the log; what is no good order goes to the dead letters."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.job.text_table import TableColumn
from millrace.streaming.progress import Shown
from millrace.streaming.query import Result, run_query
from millrace.streaming.source import read_events
from orders import transforms

TABLE = (
    TableColumn("window_start", 20),
    TableColumn("country", 24),
    TableColumn("sales", 14, is_number=True),
    TableColumn("orders", 8, is_number=True),
)


def main(spec: Spec, events: Events) -> None:
    """Read, transform, write."""
    spark = session(spec)
    orders = read_events(spark, spec, "orders", transforms.TIME)
    windows = transforms.windows(orders.good, spec.declared(spec.windows, "windows"))
    shown = Shown(TABLE, newest="window_start", key="country")
    run_query(spec, events, [orders], [Result("windows", windows, shown=shown)])


if __name__ == "__main__":
    sys.exit(run(main))
