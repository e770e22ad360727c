"""A job that writes down all that it can see of its JVM and of itself, and what Spark computes for it."""

import json
import sys
from typing import Any

from packed import WORD  # type: ignore[import-not-found]
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

CHANGES_WITH_EVERY_RUN = (
    "spark.app.id spark.app.startTime spark.app.submitTime spark.driver.port spark.app.initial.jar.urls".split()
)

spark = SparkSession.builder.appName("facts").getOrCreate()
session: Any = spark
jvm = session.sparkContext._jvm
properties = jvm.java.lang.System.getProperties()
hooks = jvm.org.apache.hadoop.util.ShutdownHookManager.get().getClass().getDeclaredField("hooks")
hooks.setAccessible(True)
logs = jvm.org.apache.logging.log4j.LogManager
window = F.window(F.timestamp_seconds("id"), "10 minutes", "5 minutes")
rows = (
    spark.range(5_000).groupBy(window.start.alias("start")).agg(F.sum(F.col("id").cast("decimal(10,2)")).alias("sum"))
)
jvm.java.lang.System.out.println("printed by the JVM")
logs.getLogger("facts").warn("logged by the JVM")
sys.stderr.write("written for people\n")
facts = {
    "arguments": sys.argv,
    "folder of modules": sys.path[0],
    "word of the package": WORD,
    "settings": sorted(pair for pair in spark.sparkContext.getConf().getAll() if pair[0] not in CHANGES_WITH_EVERY_RUN),
    "settings of the session": spark.conf.get("spark.sql.shuffle.partitions"),
    "properties": sorted(
        [name, properties.getProperty(name)]
        for name in properties.stringPropertyNames()
        if name.startswith(("spark.", "leak.")) and name not in CHANGES_WITH_EVERY_RUN
    ),
    "levels": [str(logs.getLogger(name).getLevel()) for name in ("", "org.apache.spark", "leak")],
    "hooks of jobs": sum(
        entry.getHook().getClass().getName() == "java.lang.Thread"
        for entry in hooks.get(jvm.org.apache.hadoop.util.ShutdownHookManager.get())
    ),
    "tables": [table.name for table in spark.catalog.listTables() + spark.catalog.listTables("global_temp")],
    "functions": [function.name for function in spark.catalog.listFunctions() if function.name.startswith("leak")],
    "listeners": len(session._jsparkSession.streams().listListeners()),
    "queries": len(spark.streams.active),
    "cached": jvm.org.apache.spark.SparkContext.getOrCreate().getPersistentRDDs().size(),
    "rows": [[str(value) for value in row] for row in rows.orderBy("start").collect()],
}
sys.stdout.write(json.dumps({"jvm": jvm.java.lang.ProcessHandle.current().pid(), "facts": facts}) + "\n")
