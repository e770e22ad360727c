"""Reads the sales topic as a batch several times over: as it is, and with the enrichment. Started like a job of the sales pipeline, with its spec."""

from __future__ import annotations

import sys
import time

from pyspark.sql import DataFrame, SparkSession

from millrace.formats.codecs import codec_of
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import file, topic
from millrace.streaming.query import Result, result_records
from millrace.streaming.source import judge
from sales import transforms

TIMES = 4
"""The first one or two also compile."""


def records(spark: SparkSession, spec: Spec) -> DataFrame:
    """The whole topic."""
    source = spec.input("sales", topic.Input)
    options = spec.kafka.source_options(source.topic, source.group_id_prefix) | {"includeHeaders": "true"}
    return spark.read.format("kafka").options(**options).load()


def main(spec: Spec, events: Events) -> None:
    """Reads it and tells the seconds."""
    spark = session(spec)
    source = spec.input("sales", topic.Input)
    regions = file.read_table(spark, spec, "regions", "country", events)
    codec = topic.following(spec, codec_of(spark, spec, source.value, source.topic), source.topic)
    rules = spec.declared(source.rules, "rules")
    judged = judge(records(spark, spec), codec, rules, transforms.TIME, transforms.checks(), source.replays)
    sales = judged.good().select("event.*")
    summaries = transforms.summaries(sales, regions, spec.declared(spec.windows, "windows"))
    enriched = result_records(spark, spec, Result("summaries", summaries), 0)
    events.started()
    for _ in range(TIMES):
        for name, frame in (("noop", records(spark, spec)), ("batch", enriched)):
            began = time.monotonic()
            frame.write.format("noop").mode("overwrite").save()
            events.progress(what=name, seconds=time.monotonic() - began)
    events.result()


if __name__ == "__main__":
    sys.exit(run(main))
