"""Plays the branches: sends what they buy and sell, compressed by gzip."""

from __future__ import annotations

import sys
import time

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from bank import transforms
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import topic
from millrace.sending import pacing


def main(spec: Spec, events: Events) -> None:
    """Make, send."""
    spark = session(spec)
    total, rate = spec.integer("transactions"), spec.integer("rate")
    numbers = spark.range(total).toDF("position")
    rows = transforms.transactions(numbers, spec.integer("seed")).cache()
    # Another execution begins later, and none makes a transaction in less than a microsecond.
    number = (F.col("position") + F.lit(time.time_ns() // 1_000)).cast("string").alias("number")
    rows.count()

    def send(due: DataFrame, sent: int) -> None:
        topic.write(spec, "transactions", due.select("*", number), key="number")
        events.progress(sent=sent, of=total)

    events.started()
    if rate:
        pacing.send_paced(spark, rows, total, total, rate, send)
    else:
        send(rows, total)
    events.result(sent=total)


if __name__ == "__main__":
    sys.exit(run(main))
