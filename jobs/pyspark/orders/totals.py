"""Takes the arguments of a batch job over the orders topic and gives the totals by country and what was read. Called by the three entry points that
differ only in where the totals go.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from pyspark.sql import DataFrame, Observation
from pyspark.sql import functions as F

from millrace.formats import json_records
from millrace.formats.json_schema import JsonSchema, read_schema
from millrace.job.arguments import Arguments, kafka_of
from millrace.job.events import Events
from millrace.job.session import session
from orders import transforms


@dataclass(frozen=True)
class Totals:
    """The totals by country, and the counts of the records that they were made from."""

    frame: DataFrame
    """Cached: to be written wherever it is needed."""
    rows: int
    read: int
    unreadable: dict[str, int]

    def counts(self) -> dict[str, object]:
        """What the result of each job says."""
        return {"rows": self.rows, "read": self.read, "unreadable": self.unreadable}


def arguments(job: str) -> Arguments:
    """What every one of these jobs must be told."""
    known = Arguments(job)
    known.add_json_topic("orders")
    known.add_group()
    return known


def totals_of(options: argparse.Namespace, job: str, events: Events) -> Totals:
    """Reads the whole topic and sums it: every order that satisfies the schema, whenever it happened."""
    spark = session(job)
    schema = read_schema(spark, options.orders_value_schema)
    source = kafka_of(options).source_options(options.orders_topic, options.group_id_prefix)
    records = spark.read.format("kafka").options(**source).option("endingOffsets", "latest").load()
    events.started()
    return summed(records, schema)


def summed(records: DataFrame, schema: JsonSchema) -> Totals:
    """The totals of Kafka's records, and the counts of those that are no orders."""
    seen = Observation()
    problems = json_records.problems_of(schema)
    by_problem = [F.count_if(F.col("problem") == problem).alias(problem) for problem in problems]
    decoded = json_records.decoded(records.select("value"), "value", schema, "order").observe(
        seen, F.count("*").alias("read"), *by_problem
    )
    frame = transforms.totals(decoded.where(F.col("problem").isNull()).select("order.*")).cache()
    rows = frame.count()
    counts = seen.get
    unreadable = {problem: int(counts[problem]) for problem in problems if counts[problem]}
    return Totals(frame, rows, int(counts["read"]), unreadable)
