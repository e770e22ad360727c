"""Measures how fast rows get into a table of PostgreSQL, by turns with a plain COPY of the same rows into a table of the same form. Prints one JSON object."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pyspark.sql import SparkSession

from millrace.job.jvm import lines_of
from millrace.job.session import SETTINGS
from millrace.postgres import loading
from millrace.postgres.session import transaction
from millrace.postgres.shape import shape_of
from millrace.tests.postgres import Server

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

BATCH = 40_000
COLUMNS = ("id", "name", "price", "at")
TABLE = """CREATE TABLE bench.{} (
  id bigint PRIMARY KEY, name varchar(40) NOT NULL, price numeric(12,2) NOT NULL CHECK (price >= 0), at timestamptz NOT NULL)"""


def batch_of(spark: SparkSession, first: int) -> DataFrame:
    """Rows from this number on, held in memory as those of a stream's batch are."""
    rows = spark.range(first, first + BATCH).selectExpr(
        "id",
        "concat('Transaction number ', id) AS name",
        "CAST(id % 100000 / 100 AS DECIMAL(12,2)) AS price",
        "timestamp_millis(1767225600000 + id) AS at",
    )
    kept = rows.persist()
    kept.count()
    return kept


def main() -> None:
    """Measures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--toolchain", type=Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--batches", type=int, required=True)
    options = parser.parse_args()
    toolchain = json.loads(options.toolchain.read_text())
    builder = SparkSession.builder.master("local[2]").appName("bench")
    jars = sorted(Path(toolchain["postgresJars"]).glob("*.jar"))
    settings = {"spark.jars": ",".join(map(str, jars)), "spark.ui.enabled": "false", "spark.driver.memory": "2g"}
    for name, value in (SETTINGS | settings).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    found: dict[str, list[float]] = {"ours": [], "copy": []}
    with tempfile.TemporaryDirectory(prefix="millrace-bench-") as folder:
        server = Server(Path(toolchain["postgresHome"]), Path(folder), settings=())
        try:
            server.start()
            server.run(spark, "CREATE SCHEMA bench", TABLE.format("ours"), TABLE.format("copied"))
            # The first round warms both.
            for number in range(options.rounds + 1):
                found["ours"].append(ours(spark, server, options.batches, number))
                found["copy"].append(copied(spark, server, options.batches, number))
        finally:
            server.stop()
    spark.stop()
    sys.stdout.write(json.dumps({name: rates[1:] for name, rates in found.items()}) + "\n")


def ours(spark: SparkSession, server: Server, batches: int, number: int) -> float:
    """Rows a second, of which half are there already and are replaced."""
    seconds = 0.0
    for index in range(batches):
        rows = batch_of(spark, (number * batches + index) * BATCH // 2)
        began = time.monotonic()
        with transaction(spark, server.database) as session:
            shape = shape_of(session, "bench", "ours", COLUMNS, ("id",))
            loading.load(session, shape, rows)
        seconds += time.monotonic() - began
        rows.unpersist()
    return batches * BATCH / seconds


def copied(spark: SparkSession, server: Server, batches: int, number: int) -> float:
    """Rows a second of a plain COPY of new ones."""
    seconds = 0.0
    for index in range(batches):
        rows = batch_of(spark, (number * batches + index) * BATCH)
        began = time.monotonic()
        with transaction(spark, server.database) as session:
            lines = rows.selectExpr("concat_ws('\t', id, name, price, concat(at, '+00')) AS line")
            session.copy("COPY bench.copied FROM STDIN", lines_of(lines))
        seconds += time.monotonic() - began
        rows.unpersist()
    return batches * BATCH / seconds


if __name__ == "__main__":
    main()
