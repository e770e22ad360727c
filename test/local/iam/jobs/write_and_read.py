"""Writes a row to a topic and reads the topic, with the settings that all jobs have; then says what it saw."""

import json
import sys
from typing import Any

from pyspark.sql import SparkSession

from millrace.kafka.connection import KafkaConnection

servers, topic = sys.argv[1:]
kafka = KafkaConnection(servers, "iam")
spark: Any = SparkSession.builder.appName("write and read").getOrCreate()
spark.range(1).selectExpr("string(id) AS value").write.format("kafka").options(
    topic=topic, **kafka.sink_options("gzip")
).save()
rows = spark.read.format("kafka").options(**kafka.source_options(topic, "millrace.readings.show")).load().count()
java = spark.sparkContext._jvm.java.lang
seen = {
    "jvm": java.ProcessHandle.current().pid(),
    "rows": rows,
    "key in the environment of the JVM": java.System.getenv("AWS_ACCESS_KEY_ID"),
    "key told to the JVM": java.System.getProperty("aws.accessKeyId"),
}
sys.stdout.write(json.dumps(seen) + "\n")
