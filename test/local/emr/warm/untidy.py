"""A job that leaves behind whatever a job can: nothing of it may be there for the next one."""

import sys
import threading
from typing import Any

from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.listener import StreamingQueryListener


class Listener(StreamingQueryListener):
    """Listens to nothing."""

    def onQueryStarted(self, event: object) -> None:
        """Does nothing."""

    def onQueryProgress(self, event: object) -> None:
        """Does nothing."""

    def onQueryIdle(self, event: object) -> None:
        """Does nothing."""

    def onQueryTerminated(self, event: object) -> None:
        """Does nothing."""


class Hook:
    """A `java.lang.Runnable`."""

    def run(self) -> None:
        """Does nothing."""

    class Java:
        """What py4j asks for."""

        implements = ("java.lang.Runnable",)


spark = (
    SparkSession.builder.appName("untidy")
    .config("spark.leak", "1")
    .config("spark.sql.shuffle.partitions", "3")
    .getOrCreate()
)
context: Any = spark.sparkContext
jvm = context._jvm
spark.conf.set("spark.sql.leak", "1")
jvm.java.lang.System.setProperty("leak.property", "1")
jvm.java.lang.System.setProperty("spark.leak.property", "1")
spark.range(3).createOrReplaceTempView("leak")
spark.range(3).createOrReplaceGlobalTempView("leak_everywhere")
spark.udf.register("leak_function", lambda value: value)
spark.range(3).cache().count()
spark.streams.addListener(Listener())
spark.sparkContext.setLogLevel("ERROR")
level = jvm.org.apache.logging.log4j.Level.TRACE
jvm.org.apache.logging.log4j.core.config.Configurator.setLevel("leak", level)
ensure_callback_server_started(context._gateway)  # type: ignore[no-untyped-call]
hook = jvm.java.lang.Thread(Hook())
jvm.org.apache.hadoop.util.ShutdownHookManager.get().addShutdownHook(hook, 100)
query = spark.readStream.format("rate").load().groupBy(F.col("value") % 3).count()
query.writeStream.format("noop").outputMode("update").option("checkpointLocation", sys.argv[1]).start()
threading.Thread(target=threading.Event().wait, daemon=True).start()
