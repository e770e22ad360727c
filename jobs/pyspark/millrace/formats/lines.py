"""Lines of a text file with their numbers: those that are rows, and what is told of the others."""

from __future__ import annotations

from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.errors import JobError

WHOLE_FILE = {"spark.sql.files.maxPartitionBytes": str(2**40), "spark.sql.files.minPartitionNum": "1"}
"""Setting of a session in which a file is one partition: only so are its lines numbered and sent in their order."""

BYTE_ORDER_MARK = "\ufeff"


def numbered_lines(spark: SparkSession, url: str) -> DataFrame:
    """Reads a file; needs a session with `WHOLE_FILE`.

    Returns:
        `line` (bigint, from 1) and `text` (string), in one partition.

    Raises:
        JobError: FILE_UNREADABLE.
    """
    try:
        lines = spark.read.text(url)
    except AnalysisException as error:
        raise JobError("FILE_UNREADABLE", f"{url} cannot be read: {str(error).splitlines()[0]}") from error
    return lines.select((F.monotonically_increasing_id() + 1).alias("line"), F.col("value").alias("text"))


def data_lines(lines: DataFrame, most: int, first: int = 1) -> DataFrame:
    """The lines from number `first` on that are more than blanks, at most so many (0: all); same columns."""
    data = lines.where((F.col("line") >= first) & (F.trim("text") != ""))
    return data.limit(most) if most else data


def rejects(lines: DataFrame) -> DataFrame:
    """What the rejects file says of each line that is no row: `line`, `reason`, `text`."""
    return lines.where(F.col("reason").isNotNull()).select("line", "reason", "text")


def good_rows(lines: DataFrame, *columns: str) -> DataFrame:
    """These columns of the lines that are rows, and `position` (bigint): their number from 0, in their order. Needs them in one partition."""
    return lines.where(F.col("reason").isNull()).select(F.monotonically_increasing_id().alias("position"), *columns)
