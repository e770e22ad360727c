"""Plays the meters: sends what they count, compressed by gzip."""

from __future__ import annotations

import sys
import time

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from meters import transforms
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import topic
from millrace.sending import pacing


def main(spec: Spec, events: Events) -> None:
    """Make, send."""
    spark = session(spec)
    total, rate = spec.integer("readings"), spec.integer("rate")
    numbers = spark.range(total).toDF("position")
    rows = transforms.readings(numbers, spec.integer("seed")).cache()
    # Another execution begins later, and none makes a reading in less than a microsecond.
    number = (F.col("position") + F.lit(time.time_ns() // 1_000)).alias("number")
    rows.count()

    def send(due: DataFrame, sent: int) -> None:
        topic.write(spec, "readings", due.select("*", number, F.current_timestamp().alias("read_at")), key="id")
        events.progress(sent=sent, of=total)

    events.started()
    if rate:
        pacing.send_paced(spark, rows, total, total, rate, send)
    else:
        send(rows, total)
    events.result(sent=total)


if __name__ == "__main__":
    sys.exit(run(main))
