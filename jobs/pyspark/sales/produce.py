"""Takes the sales file and sends each of its lines as a sale to the sales topic, at a steady rate or as fast as possible; lines that are no sale
go to a rejects file. Started by the state machine through spark-submit.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from millrace import delimited, framing, pacing
from millrace.arguments import Arguments, kafka_of, schema_id, text, whole
from millrace.avro_schema import fields_of
from millrace.errors import JobError
from millrace.events import Events
from millrace.job import run
from millrace.registry import Registry
from millrace.session import session
from sales import transforms

SEPARATOR = "|"
MOST_ROWS = 2**31 - 1


def arguments() -> Arguments:
    """What the producer must be told."""
    known = Arguments("produce")
    known.add("--sales-file", text, "where the sales file lies")
    known.add("--sales-file-schema-id", schema_id, "id of the schema of its lines in the registry")
    known.add_topic("sales")
    known.add("--rejects-path", text, "folder to be made for the lines that are no sales")
    known.add("--rate", whole(0, pacing.FASTEST), "rows a second; 0: as fast as possible")
    known.add(
        "--rows", whole(0, MOST_ROWS), "rows to read; 0: the whole file; more than it has: it is repeated", default=0
    )
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
    spark = session("produce", delimited.WHOLE_FILE)

    lines = delimited.numbered_lines(spark, options.sales_file)
    delimited.check_header(lines, fields, SEPARATOR, options.sales_file)
    checked = transforms.checked_lines(delimited.parsed(delimited.data_lines(lines, options.rows), fields, SEPARATOR))
    read, rejected = write_rejects(checked, options.rejects_path)
    rows = transforms.good_lines(checked).cache()
    count, lowest, highest = rows.agg(F.count("*"), F.min("payment_id"), F.max("payment_id")).collect()[0]
    read = max(read, options.rows)
    total = read - rejected
    id_shift = repetition(count, total, lowest, highest)

    sink = kafka_of(options).sink_options(options.sales_topic)
    # The clock is read for each row: in a long bulk load, one time for all would make the last rows late.
    now = F.timestamp_millis(F.reflect(F.lit("java.lang.System"), F.lit("currentTimeMillis")).cast("bigint"))
    last = time.monotonic()

    def send(due: DataFrame, sent: int) -> None:
        nonlocal last
        sales = transforms.sales_to_send(due, id_shift, now)
        records = sales.select(
            framing.encoded(F.col("payment_id"), options.sales_key_schema_id, key_schema).alias("key"),
            framing.encoded(F.struct(*transforms.SALE_COLUMNS), options.sales_value_schema_id, value_schema).alias(
                "value"
            ),
        )
        records.write.format("kafka").options(**sink).save()
        seconds, last = round(time.monotonic() - last, 3), time.monotonic()
        events.progress(sent=sent, of=total, rejected=rejected, batchSeconds=seconds)

    events.started()
    if options.rate and total:
        pacing.send_paced(spark, rows, count, total, options.rate, send)
    elif total:
        send(pacing.all_rows(rows, count, total), total)
    events.result(read=read, sent=total, rejected=rejected)


def write_rejects(checked: DataFrame, path: str) -> tuple[int, int]:
    """Writes the lines that are no sales; gives how many lines were read and how many of them rejected."""
    seen = Observation()
    counted = checked.observe(seen, F.count("*").alias("read"), F.count("reason").alias("rejected"))
    transforms.rejects(counted).write.json(path)
    counts = seen.get
    return int(counts["read"]), int(counts["rejected"])


def repetition(count: int, total: int, lowest: int | None, highest: int | None) -> int:
    """By how much payment ids are shifted each time the file comes again; refused where there is nothing to repeat or the ids run out."""
    if not total:
        return 0
    if lowest is None or highest is None:
        raise JobError(
            "NOTHING_TO_SEND",
            "The file has no line that can be sent, so it cannot be repeated. See the rejects for the reasons.",
        )
    shift = highest - lowest + 1
    cycles = -(-total // count)
    largest = highest + (cycles - 1) * shift
    if largest > transforms.LARGEST_ID:
        most = count * ((transforms.LARGEST_ID - highest) // shift + 1)
        message = (
            f"Sending {total} rows would need payment ids up to {largest}; the largest is {transforms.LARGEST_ID}."
        )
        raise JobError(
            "PAYMENT_IDS_EXHAUSTED",
            f"{message} At most {most} rows can be made from the {count} good lines of this file.",
        )
    return shift


if __name__ == "__main__":
    sys.exit(run("produce", main))
