"""Appends the enriched purchases that came since the last time to the history, each once."""

from __future__ import annotations

import sys
from dataclasses import asdict

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import dataset

KEY = ("transaction_id", "line")
"""Of a purchase. After a crash the enrichment writes some once more."""


def main(spec: Spec, events: Events) -> None:
    """Read what is new, append it."""
    spark = session(spec)
    events.started()
    events.result(**asdict(dataset.append_new(spark, spec, "history", "enriched", events, key=KEY)))


if __name__ == "__main__":
    sys.exit(run(main))
