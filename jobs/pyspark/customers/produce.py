"""Plays the company: takes on customers, corrects what it knows of them and deletes some, in its database."""

from __future__ import annotations

import sys
import time

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from customers import transforms
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import table
from millrace.sending import pacing


def main(spec: Spec, events: Events) -> None:
    """Make, write, wait until others know."""
    spark = session(spec)
    total, rate = spec.integer("changes"), spec.integer("rate")
    numbers = spark.range(total).toDF("position")
    rows = transforms.changes(numbers, spec.integer("seed")).cache()
    # Another execution begins later, and none makes a customer in less than a microsecond.
    identity = (F.col("customer") + F.lit(time.time_ns() // 1_000)).alias("id")
    rows.count()

    def send(due: DataFrame, sent: int) -> None:
        now = due.select("*", identity, F.current_timestamp().alias("dt_update")).cache()
        of_kind = {kind: now.where(F.col("kind") == kind) for kind in transforms.KINDS}
        # Within ten changes a customer is taken on before it is corrected, and corrected before it is deleted.
        steps = [of_kind[transforms.INSERT], of_kind[transforms.UPDATE]]
        table.change(spec, "customer", steps, of_kind[transforms.DELETE].select("id"), events)
        now.unpersist()
        events.progress(sent=sent, of=total)

    events.started()
    if rate:
        pacing.send_paced(spark, rows, total, total, rate, send)
    else:
        send(rows, total)
    table.wait_until_followed(spark, spec, "customer", events)
    events.result(sent=total)


if __name__ == "__main__":
    sys.exit(run(main))
