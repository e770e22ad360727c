"""Takes the sales topic and writes the sums by region and window to the summaries topic, and what is no good sale to the dead letters. Started by
the state machine through spark-submit: as a stream, and once more to drain it.

Two queries read the same source and share one expression that decides; each has its own checkpoint.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.formats import framing, small_table
from millrace.formats.avro_schema import fields_of
from millrace.formats.files import read_file
from millrace.formats.registry import Registry
from millrace.job.arguments import Arguments, kafka_of, text
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session, stream_settings
from millrace.kafka import dead_letters
from millrace.streaming import progress, watermark
from millrace.streaming.streams import Stream, run_streams
from sales import transforms


def arguments() -> Arguments:
    """What the enrichment must be told."""
    known = Arguments("enrich")
    known.add_registry()
    known.add_topic("sales")
    known.add_delimited_file("regions")
    known.add_topic("summaries")
    known.add("--dead-letters-topic", text, "name of the topic for records that are no good sales")
    known.add_stream("sales")
    return known


def main(given: Sequence[str], events: Events) -> None:
    """Parse, read, transform, write."""
    options = arguments().read(given)
    registry = Registry(options.registry_url)
    writers = registry.schemas_of_values(options.sales_topic, options.sales_value_schema_id)
    key_schema, value_schema = (
        registry.schema(options.summaries_key_schema_id),
        registry.schema(options.summaries_value_schema_id),
    )
    region_fields = fields_of(registry.schema(options.regions_file_schema_id), "the schema of the regions file")
    spark = session("enrich", stream_settings(options.checkpoint_path))
    kafka = kafka_of(options)

    columns = [field.name for field in region_fields]
    regions = read_regions(spark, options.regions_file, columns, options.regions_file_separator, events)
    source = kafka.stream_options(options.sales_topic, options.group_id_prefix)
    lateness_ms = options.allowed_lateness * watermark.MINUTE_MS

    def judged_records() -> DataFrame:
        records = spark.readStream.format("kafka").options(**source).load()
        return transforms.judged(
            decoded_records(records, writers, options.sales_value_schema_id),
            framing.framing_checks(F.col("value"), list(writers)),
            lateness_ms,
            watermark.FUTURE_GUARD_MS,
            watermark.REPLAY_MS,
        )

    delay_ms = watermark.watermark_delay_ms(options.sales_retention_ms, lateness_ms)
    summed = transforms.summaries(transforms.good_sales(judged_records()), regions, delay_ms)
    summary_records = summed.select(
        framing.encoded(F.struct("region", "window_start"), options.summaries_key_schema_id, key_schema).alias("key"),
        framing.encoded(F.struct(*transforms.SUMMARY_COLUMNS), options.summaries_value_schema_id, value_schema).alias(
            "value"
        ),
    ).observe(progress.ROWS_OUT, F.count("*").alias("rows"))
    by_reason = [F.count_if(F.col("reason") == reason).alias(reason) for reason in transforms.DEAD_LETTER_REASONS]
    bad = transforms.bad_records(judged_records()).observe(progress.DEAD_LETTERS, *by_reason)

    checkpoint = options.checkpoint_path.rstrip("/")
    streams = [
        Stream(
            "summaries",
            summary_records,
            "update",
            kafka.sink_options(options.summaries_topic, "gzip"),
            f"{checkpoint}/summaries",
        ),
        Stream(
            "dead-letters",
            dead_letters.dead_letters(bad, "enrich"),
            "append",
            kafka.sink_options(options.dead_letters_topic, "gzip"),
            f"{checkpoint}/dead-letters",
        ),
    ]
    run_streams(spark, streams, events, options.trigger_seconds, until_caught_up=options.until is not None)


def read_regions(spark: SparkSession, url: str, columns: Sequence[str], separator: str, events: Events) -> DataFrame:
    """The regions, read once; which file it was is told by its hash."""
    content = read_file(spark, url)
    table = small_table.keyed_by(small_table.parse_table(content, columns, url, separator), "country", url)
    events.note(f"regions: {len(table.rows)} countries, sha256 {table.sha256}")
    return small_table.frame_of(spark, table)


def decoded_records(records: DataFrame, writers: dict[int, str], reader_id: int) -> DataFrame:
    """Kafka's records with the decoded `sale` and their `first_timestamp`."""
    decoded = framing.decoded(F.col("value"), writers, reader_id)
    # The explode is a barrier: without it the optimiser copies the decoding into every filter above it.
    return records.withColumn(
        "first_timestamp", dead_letters.first_timestamp(F.col("headers"), F.col("timestamp"))
    ).select("*", F.explode(F.array(decoded)).alias("sale"))


if __name__ == "__main__":
    sys.exit(run("enrich", main))
