"""Takes the orders file and sends each of its lines as an order to the orders topic, at a steady rate or as fast as possible; lines that are no
order go to a rejects file. Started by the state machine through spark-submit.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.formats import json_lines, json_records, lines
from millrace.formats.json_schema import read_schema
from millrace.job.arguments import Arguments, kafka_of
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.sending import file_sender
from millrace.sending.file_sender import Sending, send_file
from orders import transforms


def arguments() -> Arguments:
    """What the producer must be told."""
    known = Arguments("produce")
    known.add_json_file("orders")
    known.add_json_topic("orders")
    file_sender.add_arguments(known)
    return known


def main(given: Sequence[str], events: Events) -> None:
    """Parse, read, transform, write."""
    options = arguments().read(given)
    spark = session("produce", lines.WHOLE_FILE)
    value_schema = read_schema(spark, options.orders_value_schema)
    data = lines.data_lines(lines.numbered_lines(spark, options.orders_file), options.rows)
    checked = json_lines.parsed(data, read_schema(spark, options.orders_file_schema))

    def records(rows: DataFrame, id_shift: int, now: Column) -> DataFrame:
        return transforms.orders_to_send(rows, id_shift, now).select(
            F.col("order_id").cast("string").alias("key"), json_records.encoded(value_schema).alias("value")
        )

    sending = Sending(kafka_of(options).sink_options(options.orders_topic), records)
    send_file(spark, checked, transforms.KEPT_COLUMNS, transforms.NUMBERING, sending, options, events)


if __name__ == "__main__":
    sys.exit(run("produce", main))
