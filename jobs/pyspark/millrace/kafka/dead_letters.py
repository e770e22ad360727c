"""Records that a stream sets aside: key and value are the original bytes, nulls too; headers say why and where from.

One of them is the time at which the record first reached its topic: a replay that copies the headers is judged by that time and not by its
own.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

ERROR_HEADERS = "millrace.error."
FIRST_TIMESTAMP = "millrace.first-timestamp"
"""Header of a replayed record: when it first reached the topic, in milliseconds since 1970, as text."""


HEADERS = "array<struct<key:string,value:binary>>"
"""Type of the column `headers`."""


def first_timestamp(headers: Column, timestamp: Column) -> Column:
    """When the record first reached its topic: what the header says, if it says something that lies before the record's own timestamp."""
    said = F.filter(headers, lambda header: header["key"] == FIRST_TIMESTAMP)
    moment_ms = F.try_element_at(said, F.lit(1))["value"].cast("string").try_cast("long")
    return F.when(moment_ms.between(0, F.unix_millis(timestamp)), F.timestamp_millis(moment_ms)).otherwise(timestamp)


def dead_letters(records: DataFrame, job: str) -> DataFrame:
    """Makes dead letters; headers of an earlier failure are replaced.

    Args:
        records: Kafka's columns, `reason` (string) and `first_timestamp` (timestamp).
        job: the job that sets them aside.

    Returns:
        `key`, `value` (binary) and `headers` (array of key and value).
    """
    kept = F.filter(
        F.coalesce(F.col("headers"), F.array().cast(HEADERS)),
        lambda header: ~header["key"].startswith(ERROR_HEADERS) & (header["key"] != FIRST_TIMESTAMP),
    )
    added = F.array(
        _header(ERROR_HEADERS + "reason", F.col("reason")),
        _header(ERROR_HEADERS + "topic", F.col("topic")),
        _header(ERROR_HEADERS + "partition", F.col("partition")),
        _header(ERROR_HEADERS + "offset", F.col("offset")),
        _header(ERROR_HEADERS + "job", F.lit(job)),
        _header(FIRST_TIMESTAMP, F.unix_millis("first_timestamp")),
    )
    return records.select("key", "value", F.concat(kept, added).alias("headers"))


def _header(key: str, value: Column) -> Column:
    return F.struct(F.lit(key).alias("key"), value.cast("string").cast("binary").alias("value"))
