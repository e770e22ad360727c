"""Sends each record on as it is, in micro-batches: what a batch costs in which nothing is done. Started like a job of the sales pipeline, with its spec."""

from __future__ import annotations

import sys

from pyspark.sql import functions as F

from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import topic


def main(spec: Spec, events: Events) -> None:
    """Reads and writes."""
    spark = session(spec)
    source, target = spec.input("sales", topic.Input), spec.output("summaries", topic.Output)
    options = spec.kafka.stream_options(source.topic, source.group_id_prefix)
    records = spark.readStream.format("kafka").options(**options).load()
    writer = records.select(F.lit(target.topic).alias("topic"), "key", "value").writeStream.format("kafka")
    writer = writer.options(**spec.kafka.sink_options("gzip")).option("checkpointLocation", spec.checkpoint)
    query = writer.trigger(processingTime="0 seconds").start()
    events.started()
    query.awaitTermination()


if __name__ == "__main__":
    sys.exit(run(main))
