"""Takes the sales file and sends each of its lines as a sale to the sales topic, at a steady rate or as fast as possible; lines that are no sale
go to a rejects file. Started by the state machine through spark-submit.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.formats import delimited, framing, lines
from millrace.formats.avro_schema import fields_of
from millrace.formats.registry import Registry
from millrace.job.arguments import Arguments, kafka_of
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.sending import file_sender
from millrace.sending.file_sender import Sending, send_file
from sales import transforms


def arguments() -> Arguments:
    """What the producer must be told."""
    known = Arguments("produce")
    known.add_registry()
    known.add_delimited_file("sales")
    known.add_topic("sales")
    file_sender.add_arguments(known)
    return known


def main(given: Sequence[str], events: Events) -> None:
    """Parse, read, transform, write."""
    options = arguments().read(given)
    registry = Registry(options.registry_url)
    key_schema, value_schema = (
        registry.schema(options.sales_key_schema_id),
        registry.schema(options.sales_value_schema_id),
    )
    fields = fields_of(registry.schema(options.sales_file_schema_id), "the schema of the sales file")
    separator = options.sales_file_separator
    spark = session("produce", lines.WHOLE_FILE)

    read = lines.numbered_lines(spark, options.sales_file)
    delimited.check_header(read, fields, separator, options.sales_file)
    data = lines.data_lines(read, options.rows, delimited.FIRST_DATA_LINE)
    checked = transforms.checked_lines(delimited.parsed(data, fields, separator))

    def records(rows: DataFrame, id_shift: int, now: Column) -> DataFrame:
        return transforms.sales_to_send(rows, id_shift, now).select(
            framing.encoded(F.col("payment_id"), options.sales_key_schema_id, key_schema).alias("key"),
            framing.encoded(F.struct(*transforms.SALE_COLUMNS), options.sales_value_schema_id, value_schema).alias(
                "value"
            ),
        )

    sending = Sending(kafka_of(options).sink_options(options.sales_topic), records)
    send_file(spark, checked, transforms.KEPT_COLUMNS, transforms.NUMBERING, sending, options, events)


if __name__ == "__main__":
    sys.exit(run("produce", main))
