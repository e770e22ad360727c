"""Takes the orders topic and writes the sums by country and window to the windows topic and, in short, to the log; what is no good order goes to
the dead letters. Started by the state machine through spark-submit: as a stream, and once more to drain it.

Two queries read the same source and share one expression that decides; each has its own checkpoint.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from millrace.formats import json_records
from millrace.formats.json_schema import read_schema
from millrace.job.arguments import Arguments, kafka_of, text
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session, stream_settings
from millrace.job.text_table import TableColumn, table
from millrace.kafka import dead_letters
from millrace.streaming import progress, watermark
from millrace.streaming.streams import Stream, run_streams
from orders import transforms

ROWS_SHOWN = 12
TABLE = (
    TableColumn("window_start", 20),
    TableColumn("country", 24),
    TableColumn("sales", 14, is_number=True),
    TableColumn("orders", 8, is_number=True),
)


def arguments() -> Arguments:
    """What the stream must be told."""
    known = Arguments("sum-by-window")
    known.add_json_topic("orders")
    known.add_json_topic("windows", key_schema=True)
    known.add("--dead-letters-topic", text, "name of the topic for records that are no good orders")
    known.add_stream("orders")
    return known


def main(given: Sequence[str], events: Events) -> None:
    """Parse, read, transform, write."""
    options = arguments().read(given)
    spark = session("sum-by-window", stream_settings(options.checkpoint_path))
    order_schema, key_schema, window_schema = (
        read_schema(spark, url)
        for url in (options.orders_value_schema, options.windows_key_schema, options.windows_value_schema)
    )
    kafka = kafka_of(options)
    source = kafka.stream_options(options.orders_topic, options.group_id_prefix)
    lateness_ms = options.allowed_lateness * watermark.MINUTE_MS

    def judged_records() -> DataFrame:
        records = spark.readStream.format("kafka").options(**source).load()
        first = dead_letters.first_timestamp(F.col("headers"), F.col("timestamp"))
        dated = records.withColumn("first_timestamp", first)
        return transforms.judged(dated, order_schema, lateness_ms, watermark.FUTURE_GUARD_MS, watermark.REPLAY_MS)

    delay_ms = watermark.watermark_delay_ms(options.orders_retention_ms, lateness_ms)
    summed = transforms.windows(transforms.good_orders(judged_records()), delay_ms)
    key, value = json_records.encoded(key_schema), json_records.encoded(window_schema)
    window_records = summed.select("*", key.alias("key"), value.alias("value")).observe(
        progress.ROWS_OUT, F.count("*").alias("rows")
    )
    reasons = transforms.dead_letter_reasons(order_schema)
    by_reason = [F.count_if(F.col("reason") == reason).alias(reason) for reason in reasons]
    bad = transforms.bad_records(judged_records()).observe(progress.DEAD_LETTERS, *by_reason)

    checkpoint = options.checkpoint_path.rstrip("/")
    streams = [
        Stream(
            "windows",
            window_records,
            "update",
            kafka.sink_options(options.windows_topic, "gzip"),
            f"{checkpoint}/windows",
            shown_in(events),
        ),
        Stream(
            "dead-letters",
            dead_letters.dead_letters(bad, "sum-by-window"),
            "append",
            kafka.sink_options(options.dead_letters_topic, "gzip"),
            f"{checkpoint}/dead-letters",
        ),
    ]
    run_streams(spark, streams, events, options.trigger_seconds, until_caught_up=options.until is not None)


def shown_in(events: Events) -> Callable[[DataFrame], None]:
    """Shows the windows that a batch changed, the newest first, a few lines of them."""

    def show(rows: DataFrame) -> None:
        count = rows.count()
        if count:
            newest = rows.orderBy(F.desc("window_start"), "country").take(ROWS_SHOWN)
            events.note(f"{count:,} windows\n{table(TABLE, newest, count)}")

    return show


if __name__ == "__main__":
    sys.exit(run("sum-by-window", main))
