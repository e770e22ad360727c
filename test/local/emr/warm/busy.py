"""A job that says which JVM it has, then counts until it is stopped; or fails, when it is told to."""

import sys
from typing import Any

from pyspark.sql import SparkSession

spark: Any = SparkSession.builder.appName("busy").getOrCreate()
print(spark.sparkContext._jvm.java.lang.ProcessHandle.current().pid(), flush=True)
if "fail" in sys.argv:
    sys.exit(3)
while True:
    spark.range(1_000).count()
