"""Keeps the latest state of each customer in a table, and what they add up to by gender in another and in a topic; what is no good change goes to the dead letters."""

from __future__ import annotations

import sys

from customers import transforms
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.streaming.query import run_query
from millrace.streaming.source import read_events
from millrace.streaming.tables import Derived, TableResult


def main(spec: Spec, events: Events) -> None:
    """Read, keep, sum."""
    spark = session(spec)
    changes = read_events(spark, spec, "changes", checks=transforms.birthdate_checks(), deletions=True)
    latest = TableResult("latest", transforms.states(changes.good), of_batch=transforms.latest)
    by_gender = Derived("byGender", transforms.BY_GENDER, transforms.BY_GENDER_COLUMNS, topic="genders", key="gender")
    run_query(spec, events, [changes], [], tables=[latest], derived=[by_gender])


if __name__ == "__main__":
    sys.exit(run(main))
