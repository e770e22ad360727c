"""The Java virtual machine behind a session, for the few things that PySpark has no function for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import cast

from py4j.java_gateway import JavaClass, JavaGateway, JavaObject, JVMView, java_import
from pyspark import SparkContext, cloudpickle
from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import DataFrame, Row, SparkSession

LINES_AT_ONCE = 10_000
"""Lines that are in memory at once on their way to a stream."""


def java_class(spark: SparkSession, name: str) -> JavaClass:
    """A class by its whole name. Asked for package by package, Java would look for a class of each package's name, in hundreds of archives."""
    return getattr(_gateway_of(spark).jvm, name)


def know_helpers(spark: SparkSession) -> None:
    """Says where the helpers of PySpark's columns are. Java would look for them in all packages that PySpark imports, for each column anew."""
    jvm = _gateway_of(spark).jvm
    for name in ("org.apache.spark.api.python.PythonUtils", "org.apache.spark.sql.api.python.PythonSQLUtils"):
        java_import(jvm, name)


def accept_callbacks(spark: SparkSession) -> None:
    """From here on Java can call Python objects that implement its interfaces."""
    ensure_callback_server_started(_gateway_of(spark))  # type: ignore[no-untyped-call]


@contextmanager
def listening(spark: SparkSession, listener: object) -> Iterator[None]:
    """Has Java call a listener of streams, which implements `PythonStreamingQueryListener`, until the block ends."""
    accept_callbacks(spark)
    wrapped = java_class(spark, "org.apache.spark.sql.streaming.PythonStreamingQueryListenerWrapper")(listener)
    streams = spark._jsparkSession.streams()
    streams.addListener(wrapped)
    try:
        yield
    finally:
        streams.removeListener(wrapped)


def row_of(row: JavaObject) -> Row:
    """A row that Java holds."""
    return cast("Row", cloudpickle.loads(cast("JVMView", SparkContext._jvm).PythonSQLUtils.toPyRow(row)))


def lines_of(frame: DataFrame) -> JavaObject:
    """The texts of a frame with one column, as an iterator in Java, which fetches one partition after the other."""
    texts = java_class(frame.sparkSession, "org.apache.spark.sql.Encoders").STRING()
    return cast("JavaObject", getattr(frame._jdf, "as")(texts).toLocalIterator())


def write_lines(spark: SparkSession, lines: JavaObject, stream: JavaObject) -> None:
    """Writes lines, given by an iterator in Java, to a stream there; none of them comes to Python."""
    some = java_class(spark, "org.apache.commons.collections4.iterators.BoundedIterator")
    to_list = java_class(spark, "org.apache.commons.collections4.IteratorUtils").toList
    write = java_class(spark, "org.apache.commons.io.IOUtils").writeLines
    while lines.hasNext():
        write(to_list(some(lines, 0, LINES_AT_ONCE)), "\n", stream, "UTF-8")


def frame_of_lines(spark: SparkSession, lines: Sequence[str]) -> DataFrame:
    """Lines of text as a frame: one column `value` (string). They come to Java as one text, since each by itself would take longer than all of them."""
    reader = java_class(spark, "java.io.StringReader")("\n".join(lines))
    texts = java_class(spark, "org.apache.spark.sql.Encoders").STRING()
    listed = java_class(spark, "org.apache.commons.io.IOUtils").readLines(reader)
    return DataFrame(spark._jsparkSession.createDataset(listed, texts).toDF(), spark)


def in_plan(frame: DataFrame) -> DataFrame:
    """Reads a small frame now and holds its rows in the plan, so that no batch reads them again; same columns."""
    spark = frame.sparkSession
    rows = frame._jdf.collectAsList()
    return DataFrame(spark._jsparkSession.createDataFrame(rows, frame._jdf.schema()), spark)


def empty_of(frame: DataFrame) -> DataFrame:
    """A frame with the columns of another, which may be of a stream, and without rows."""
    spark = frame.sparkSession
    none = java_class(spark, "java.util.ArrayList")()
    return DataFrame(spark._jsparkSession.createDataFrame(none, frame._jdf.schema()), spark)


def _gateway_of(spark: SparkSession) -> JavaGateway:
    gateway = spark.sparkContext._gateway
    if not isinstance(gateway, JavaGateway):
        message = "This session has no Java virtual machine of its own; Spark Connect is not supported."
        raise TypeError(message)
    return gateway
