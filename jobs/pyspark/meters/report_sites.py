"""Reports how the meters of each site are now, under the day in UTC: a report of the same day takes the place of the one before."""

from __future__ import annotations

import sys
import time

from pyspark.sql import functions as F

from meters import transforms
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import items, table


def main(spec: Spec, events: Events) -> None:
    """Read, count, write."""
    latest = items.read(session(spec), spec, "latest", transforms.LATEST)
    day = F.lit(time.strftime("%Y-%m-%d", time.gmtime())).cast("date")
    events.started()
    events.result(rows=table.write(spec, "siteReport", transforms.site_report(latest, day), events))


if __name__ == "__main__":
    sys.exit(run(main))
