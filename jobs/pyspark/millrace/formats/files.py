"""Small files in any file system that Spark knows: tables and schemas that a job reads once, at its start."""

from __future__ import annotations

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.job.jvm import java_class

LARGEST_BYTES = 16 * 1024 * 1024


def read_file(spark: SparkSession, url: str) -> bytes:
    """Reads a file, without a Spark job.

    Raises:
        JobError: FILE_UNREADABLE or FILE_TOO_LARGE.
    """
    path = java_class(spark, "org.apache.hadoop.fs.Path")(url)
    try:
        files = path.getFileSystem(spark.sparkContext._jsc.hadoopConfiguration())
        size = files.getFileStatus(path).getLen()
        if size > LARGEST_BYTES:
            message = f"{url} has {size} bytes; a file that is held in memory may have {LARGEST_BYTES}."
            raise JobError("FILE_TOO_LARGE", message)
        stream = files.open(path)
        try:
            return bytes(java_class(spark, "org.apache.commons.io.IOUtils").toByteArray(stream))
        finally:
            stream.close()
    except Py4JJavaError as error:
        raise JobError("FILE_UNREADABLE", f"{url} cannot be read: {error.java_exception.toString()}") from error
