"""Takes the summaries topic and leaves the latest summary of each region and window as CSV and JSON. Started by the state machine through
spark-submit, after the enrichment has been drained.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import UTC, datetime

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from millrace.formats import framing
from millrace.formats.reasons import first_reason
from millrace.formats.registry import Registry
from millrace.job.arguments import Arguments, kafka_of, moment, text
from millrace.job.events import Events
from millrace.job.results import write_results
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.text_table import TableColumn, table
from sales import transforms

ROWS_SHOWN = 40
TABLE = (
    TableColumn("region", 20),
    TableColumn("sales", 14, is_number=True),
    TableColumn("orders", 8, is_number=True),
    TableColumn("window_start", 20),
    TableColumn("window_end", 20),
)


def arguments() -> Arguments:
    """What the reader must be told."""
    known = Arguments("read")
    known.add_registry()
    known.add_topic("summaries")
    known.add("--results-path", text, "folder to be made for the results, one an execution")
    known.add_group()
    known.add("--region", text, "this region only", default=None)
    known.add("--since", moment, "only windows that end after this time", default=None)
    return known


def main(given: Sequence[str], events: Events) -> None:
    """Parse, read, transform, write."""
    options = arguments().read(given)
    registry = Registry(options.registry_url)
    key_schema = registry.schema(options.summaries_key_schema_id)
    writers = registry.schemas_of_values(options.summaries_topic, options.summaries_value_schema_id)
    spark = session("read")

    source = kafka_of(options).source_options(options.summaries_topic, options.group_id_prefix)
    records = spark.read.format("kafka").options(**source).option("endingOffsets", "latest").load()
    events.started()
    unreadable = Observation()
    decoded = decoded_records(
        records,
        {options.summaries_key_schema_id: key_schema},
        options.summaries_key_schema_id,
        writers,
        options.summaries_value_schema_id,
    ).observe(unreadable, F.count("reason").alias("records"))

    latest = transforms.latest_summaries(decoded.where(F.col("reason").isNull()))
    found = Observation()
    rows = (
        transforms.report(chosen(latest, options.region, options.since))
        .observe(found, F.count("*").alias("rows"))
        .cache()
    )

    results = write_results(rows, options.results_path, ",")
    count = int(found.get["rows"])
    events.note(f"{count:,} rows\n{table(TABLE, rows.take(ROWS_SHOWN), count)}")
    events.result(rows=count, results=results, unreadable=int(unreadable.get["records"]))


def decoded_records(
    records: DataFrame, key_writers: dict[int, str], key_id: int, value_writers: dict[int, str], value_id: int
) -> DataFrame:
    """Kafka's records with decoded `key` and `summary`, and the `reason` of those that cannot be read. A null value is a deletion, not a fault."""
    readable = records.select(
        "offset",
        "value",
        F.col("key").alias("key_bytes"),
        F.explode(F.array(framing.decoded(F.col("key"), key_writers, key_id))).alias("key"),
        framing.decoded(F.col("value"), value_writers, value_id).alias("summary"),
    )
    has_value = F.col("value").isNotNull()
    checks = [
        *framing.framing_checks(F.col("key_bytes"), list(key_writers)),
        ("undecodable", F.col("key.region").isNull()),
        *[
            (code, has_value & condition)
            for code, condition in framing.framing_checks(F.col("value"), list(value_writers))
        ],
        ("undecodable", has_value & F.col("summary.sales").isNull()),
    ]
    return readable.select("offset", "key", "summary", first_reason(checks).alias("reason"))


def chosen(rows: DataFrame, region: str | None, since: datetime | None) -> DataFrame:
    """The rows that were asked for."""
    if region is not None:
        rows = rows.where(F.col("region") == region)
    if since is not None:
        rows = rows.where(F.col("window_end") > F.lit(since.astimezone(UTC)))
    return rows


if __name__ == "__main__":
    sys.exit(run("read", main))
