"""Sums sales up as public demonstrations do: all windows anew in each batch, every two minutes. Started like the stream of the sales pipeline, with its spec."""

from __future__ import annotations

import sys

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import file
from millrace.streaming.query import RECORD, Result, result_records
from millrace.streaming.source import read_events
from sales import transforms


def main(spec: Spec, events: Events) -> None:
    """Read, transform, write."""
    spark = session(spec)
    regions = file.read_table(spark, spec, "regions", "country", events)
    sales = read_events(spark, spec, "sales", transforms.TIME, transforms.checks())
    summaries = transforms.summaries(sales.good, regions, spec.declared(spec.windows, "windows"))
    records = result_records(spark, spec, Result("summaries", summaries), 0).select(*RECORD)
    writer = records.writeStream.outputMode("complete").format("kafka").options(**spec.kafka.sink_options("gzip"))
    query = writer.option("checkpointLocation", spec.checkpoint).trigger(processingTime="2 minutes").start()
    events.started()
    query.awaitTermination()


if __name__ == "__main__":
    sys.exit(run(main))
