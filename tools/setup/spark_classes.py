"""Does a little of everything that jobs do, so that the JVM loads the classes that they need. It then writes them to an archive, from which
other JVMs map them. No broker is there; the results mean nothing.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from py4j.protocol import Py4JError
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro, to_avro

AVRO = (
    '{"type": "record", "name": "Row", "fields": [{"name": "id", "type": "long"}, {"name": "name", "type": "string"}]}'
)

NOBODY = {
    "kafka.bootstrap.servers": "127.0.0.1:1",
    "kafka.request.timeout.ms": "300",
    "kafka.default.api.timeout.ms": "600",
    "kafka.max.block.ms": "300",
    "kafka.security.protocol": "SASL_SSL",
    "kafka.sasl.mechanism": "AWS_MSK_IAM",
    "kafka.sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
    "kafka.sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
}
"""Options for brokers at an address where none is."""


class EmptyBucket(BaseHTTPRequestHandler):
    """Answers as S3 does for a bucket in which nothing is and into which anything may be put."""

    protocol_version = "HTTP/1.1"

    def answer(self, status: int, body: bytes = b"") -> None:
        """Sends an answer, after what was sent with the request."""
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(status)
        self.send_header("ETag", '"0"')
        self.send_header("Content-Type", "application/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_HEAD(self) -> None:
        """No object is there."""
        self.answer(404)

    def do_GET(self) -> None:
        """A list without entries."""
        self.answer(200, b"<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")

    do_PUT = do_POST = do_DELETE = do_HEAD  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextlib.contextmanager
def empty_bucket() -> Iterator[str]:
    """The address of such a server."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyBucket) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def summed(rows: DataFrame, names: DataFrame) -> DataFrame:
    """Encodes and decodes rows in Avro and JSON, joins them, and sums them in windows."""
    avro = to_avro(F.struct("id", "name"), AVRO)
    encoded = rows.select("moment", avro.alias("avro"), F.to_json(F.struct("id", "name")).alias("json"))
    parsed = F.try_parse_json("json").alias("parsed")
    decoded = encoded.select("moment", from_avro("avro", AVRO, {"mode": "PERMISSIVE"}).alias("row"), parsed)
    number = F.try_variant_get("parsed", "$.id", "bigint").alias("number")
    joined = decoded.select("moment", "row.*", number).join(F.broadcast(names), on="name", how="left")
    amount = F.sum(F.col("number").cast("decimal(10,2)")).alias("amount")
    return joined.groupBy(F.window("moment", "10 minutes", "5 minutes"), "region").agg(amount, F.count("*"))


def main(folder: Path) -> None:
    """A stream and a batch over the same few rows, and the clients of Kafka and S3."""
    with empty_bucket() as s3:
        load(folder, s3)


def load(folder: Path, s3: str) -> None:
    """Runs all that, with S3 at this address."""
    builder = SparkSession.builder.appName("classes").config("spark.sql.shuffle.partitions", "2")
    for name, value in {
        "endpoint": s3,
        "path.style.access": "true",
        "attempts.maximum": "1",
        "retry.limit": "1",
    }.items():
        builder = builder.config(f"spark.hadoop.fs.s3a.{name}", value)
    spark = builder.getOrCreate()
    moment = F.timestamp_seconds(F.col("id")).alias("moment")
    rows = spark.range(500).select("id", F.concat(F.lit("name"), F.col("id") % 7).alias("name"), moment)
    rows.write.csv(f"{folder}/rows", header=True)
    names = spark.sql("SELECT * FROM VALUES ('name1', 'one'), ('name2', 'two') AS (name, region)")
    source = spark.readStream.schema(rows.schema).csv(f"{folder}/rows", header=True)
    counted = summed(source.withWatermark("moment", "1 hour"), names).observe("rows", F.count("*").alias("rows"))
    writer = counted.writeStream.outputMode("update").format("noop")
    writer.option("checkpointLocation", f"{folder}/checkpoint").trigger(availableNow=True).start().awaitTermination()
    batch = summed(spark.read.schema(rows.schema).csv(f"{folder}/rows", header=True), names)
    batch.select("region", "amount").orderBy("region").write.json(f"{folder}/sums")
    spark.read.json(f"{folder}/sums").cache().collect()
    records = rows.select(F.col("name").cast("binary").alias("value"))
    for use in (
        lambda: spark.read.format("kafka").options(**NOBODY).option("subscribe", "t").load().collect(),
        lambda: records.write.format("kafka").options(**NOBODY).option("topic", "t").save(),
        lambda: spark.read.text("s3a://bucket/lines").collect(),
        lambda: rows.write.csv("s3a://bucket/rows"),
    ):
        with contextlib.suppress(PySparkException, Py4JError):
            use()
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
