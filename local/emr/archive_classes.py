"""Does a little of everything that the jobs of a pipeline do, so that the JVM loads what they load. Run once by `spark-archive.ts`, which lets the JVM
write those classes to an archive that every later job starts from. Takes a folder that it may fill; its results mean nothing.
"""

from __future__ import annotations

import sys
from pathlib import Path

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro, to_avro

SCHEMA = (
    '{"type": "record", "name": "Row", "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}]}'
)


def summed(rows: DataFrame, names: DataFrame) -> DataFrame:
    """Encodes, decodes, joins and sums in windows."""
    encoded = rows.select("moment", to_avro(F.struct("id", "name"), SCHEMA).alias("value"))
    decoded = encoded.select("moment", from_avro("value", SCHEMA, {"mode": "PERMISSIVE"}).alias("row"))
    joined = decoded.select("moment", "row.*").join(F.broadcast(names), on="name", how="left")
    window = F.window("moment", "10 minutes", "5 minutes")
    amount = F.sum(F.col("id").cast("decimal(10,2)")).alias("amount")
    return joined.groupBy(window, "region").agg(amount, F.count("*").alias("count"))


def main(folder: Path) -> None:
    """One stream and one batch over the same few rows."""
    spark = SparkSession.builder.appName("archive").config("spark.sql.shuffle.partitions", "2").getOrCreate()
    moment = F.timestamp_seconds(F.col("id")).alias("moment")
    rows = spark.range(500).select("id", F.concat(F.lit("name"), F.col("id") % 7).alias("name"), moment)
    rows.write.csv(f"{folder}/rows", header=True)
    names = spark.createDataFrame([("name1", "one"), ("name2", "two")], "name string, region string")
    source = spark.readStream.schema(rows.schema).csv(f"{folder}/rows", header=True)
    writer = summed(source.withWatermark("moment", "1 hour"), names).writeStream.outputMode("update").format("noop")
    query = writer.option("checkpointLocation", f"{folder}/checkpoint").trigger(availableNow=True).start()
    query.awaitTermination()
    batch = summed(spark.read.schema(rows.schema).csv(f"{folder}/rows", header=True), names)
    batch.select("region", "count").orderBy("region").coalesce(1).write.json(f"{folder}/sums")
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
