"""The Java virtual machine behind a session, for the few things that PySpark has no function for."""

from __future__ import annotations

from py4j.java_gateway import JavaGateway, JVMView
from pyspark.java_gateway import ensure_callback_server_started
from pyspark.sql import DataFrame, SparkSession


def jvm_of(spark: SparkSession) -> JVMView:
    """Where Java's classes are found by their names."""
    return _gateway_of(spark).jvm


def accept_callbacks(spark: SparkSession) -> None:
    """From here on Java can call Python objects that implement its interfaces."""
    ensure_callback_server_started(_gateway_of(spark))  # type: ignore[no-untyped-call]


def in_plan(frame: DataFrame) -> DataFrame:
    """Reads a small frame now and holds its rows in the plan, so that no batch reads them again; same columns."""
    spark = frame.sparkSession
    rows = frame._jdf.collectAsList()
    return DataFrame(spark._jsparkSession.createDataFrame(rows, frame._jdf.schema()), spark)


def _gateway_of(spark: SparkSession) -> JavaGateway:
    gateway = spark.sparkContext._gateway
    if not isinstance(gateway, JavaGateway):
        message = "This session has no Java virtual machine of its own; Spark Connect is not supported."
        raise TypeError(message)
    return gateway
