"""Keeps the history in order: merges small files, forgets what is older than it is kept, and removes what is left over."""

from __future__ import annotations

import sys
from dataclasses import asdict

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import dataset


def main(spec: Spec, events: Events) -> None:
    """Maintain."""
    spark = session(spec)
    events.started()
    events.result(**asdict(dataset.maintain(spark, spec, "history")))


if __name__ == "__main__":
    sys.exit(run(main))
