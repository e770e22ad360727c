"""A job that Java calls back after it has collected all that earlier jobs of its JVM have left."""

import sys
from typing import Any

from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import SparkSession


class Call:
    """A `java.lang.Runnable`."""

    def run(self) -> None:
        """Says that it was called."""
        sys.stdout.write("called\n")

    class Java:
        """What py4j asks for."""

        implements = ("java.lang.Runnable",)


context: Any = SparkSession.builder.appName("called").getOrCreate().sparkContext
jvm = context._jvm
ensure_callback_server_started(context._gateway)  # type: ignore[no-untyped-call]
sys.stdout.write(f"{jvm.java.lang.ProcessHandle.current().pid()}\n")
call = jvm.java.lang.Thread(Call())
for _ in range(3):
    jvm.java.lang.System.gc()
    jvm.java.lang.System.runFinalization()
call.run()
