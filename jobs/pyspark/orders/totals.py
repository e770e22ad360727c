"""The totals by country of the orders topic, for the three jobs that differ only in where the totals go."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from millrace.formats.checks import Judged
from millrace.job.events import Events
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import topic
from orders import transforms


@dataclass(frozen=True)
class Totals:
    """The totals by country, and the counts of the records that they were made from."""

    frame: DataFrame
    """Cached: to be written wherever it is needed."""
    rows: int
    read: int
    unreadable: dict[str, int]
    since_ms: int | None
    """When the first of the records reached the topic, in milliseconds since 1970; what was there before, retention has removed."""
    as_of_ms: int | None
    """When the last of them did."""

    def counts(self) -> dict[str, object]:
        """What the result of each job says."""
        return {"rows": self.rows, "read": self.read, "unreadable": self.unreadable}


def read_totals(spec: Spec, events: Events) -> Totals:
    """Reads the whole topic and sums it: every order that satisfies the schema, whenever it happened."""
    records = topic.read(session(spec), spec, "orders")
    events.started()
    return summed(records)


def summed(records: Judged) -> Totals:
    """Sums up the orders in `value` of records without a `reason`."""
    span = Observation()
    time = F.unix_millis("timestamp")
    seen = records.frame.observe(span, F.min(time).alias("since"), F.max(time).alias("as_of"))
    counted = Judged(seen, records.reasons).counted()
    frame = transforms.totals(counted.frame.select("value.*")).cache()
    return Totals(frame, frame.count(), counted.read, counted.bad, span.get["since"], span.get["as_of"])
