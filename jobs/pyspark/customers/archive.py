"""Appends the changes that came since the last time to the history, each once."""

from __future__ import annotations

import sys
from dataclasses import asdict

from customers import transforms
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import dataset

KEY = ("id", "lsn")
"""Of a change. After a crash its connector sends some once more."""


def main(spec: Spec, events: Events) -> None:
    """Read what is new, append it."""
    spark = session(spec)
    events.started()
    appended = dataset.append_new(
        spark, spec, "history", "changes", events, rows=transforms.history, key=KEY, deletions=True
    )
    events.result(**asdict(appended))


if __name__ == "__main__":
    sys.exit(run(main))
