"""Sends sales as public demonstrations do, with a Spark write and a collect for each row. Started like the producer of the sales pipeline, with its spec."""

from __future__ import annotations

import sys
import time

from pyspark.sql import functions as F

from millrace.formats import lines
from millrace.formats.lines import WHOLE_FILE
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import file, topic
from sales import transforms


def main(spec: Spec, events: Events) -> None:
    """Sends rows one by one."""
    spark = session(spec, WHOLE_FILE)
    checked = transforms.checked_lines(file.read_lines(spark, spec, "sales", 0))
    rows = lines.good_rows(checked, *transforms.KEPT_COLUMNS).cache()
    output = spec.output("sales", topic.Output)
    records = topic.columns(spark, spec, output, transforms.NUMBERING.column)
    sink = spec.kafka.sink_options("lz4") | {"topic": output.topic}
    rows.count()
    events.started()
    began = time.monotonic()
    for number in range(spec.integer("rows")):
        row = rows.where(F.col("position") == number).withColumn("cycle", F.lit(0).cast("bigint"))
        row.collect()
        made = transforms.sales_to_send(row, 0, F.current_timestamp())
        made.select(*records(made)).write.format("kafka").options(**sink).save()
        if number == 9:
            # The first ones also compile.
            began = time.monotonic()
    events.progress(sent=spec.integer("rows") - 10, batchSeconds=time.monotonic() - began)
    events.result()


if __name__ == "__main__":
    sys.exit(run(main))
