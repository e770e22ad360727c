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
    seen = Observation()
    counted = records.frame.observe(seen, F.count("*").alias("read"), *records.counts())
    frame = transforms.totals(counted.where(F.col("reason").isNull()).select("value.*")).cache()
    rows = frame.count()
    counts = seen.get
    unreadable = {reason: int(counts[reason]) for reason in records.reasons if counts[reason]}
    return Totals(frame, rows, int(counts["read"]), unreadable)
