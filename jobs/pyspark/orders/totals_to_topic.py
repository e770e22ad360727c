"""Takes the orders topic and writes the total sales and the number of orders of each country to the totals topic, keyed by country. Started by the
state machine through spark-submit, in an execution of the whole pipeline or alone; later totals replace earlier ones.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pyspark.sql import functions as F

from millrace.formats import json_records
from millrace.formats.json_schema import read_schema
from millrace.job.arguments import Arguments, kafka_of
from millrace.job.events import Events
from millrace.job.run import run
from orders import totals

JOB = "totals-to-topic"


def arguments() -> Arguments:
    """What the job must be told."""
    known = totals.arguments(JOB)
    known.add_json_topic("totals")
    return known


def main(given: Sequence[str], events: Events) -> None:
    """Parse, read, transform, write."""
    options = arguments().read(given)
    found = totals.totals_of(options, JOB, events)
    schema = read_schema(found.frame.sparkSession, options.totals_value_schema)
    records = found.frame.select(F.col("country").alias("key"), json_records.encoded(schema).alias("value"))
    sink = kafka_of(options).sink_options(options.totals_topic, "gzip")
    records.write.format("kafka").options(**sink).save()
    events.result(**found.counts())


if __name__ == "__main__":
    sys.exit(run(JOB, main))
