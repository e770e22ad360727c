"""Records that a stream sets aside: key and value are the original bytes, nulls too; headers say why and where from.

A record that is too large for the topic of dead letters is cut to what fits, and a header says how large it was.

One of them is the time at which the record first reached its topic: what is sent again to the topic of replays, with its headers, is judged by
that time and not by its own.
"""

from __future__ import annotations

from functools import reduce
from operator import add

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

ERROR_HEADERS = "millrace.error."
FIRST_TIMESTAMP = "millrace.first-timestamp"
"""Header of a replayed record: when it first reached the topic, in milliseconds since 1970, as text."""


OWN_BYTES = 16_384
"""Room for the headers that are added here, and for what Kafka writes around a record."""

HEADER_BYTES = 10
"""The lengths of a header's key and value, as Kafka writes them."""

SIZES = ("key_bytes", "value_bytes", "header_bytes")
"""Columns for the size of what a dead letter takes over."""

HEADERS = "array<struct<key:string,value:binary>>"
"""Type of the column `headers`."""


def first_timestamp(headers: Column, timestamp: Column) -> Column:
    """When the record first reached its topic: what the header says, if it says something that lies before the record's own timestamp."""
    said = F.slice(F.filter(headers, lambda header: header["key"] == FIRST_TIMESTAMP), 1, 1)
    moments_ms = F.transform(said, lambda header: header["value"].cast("string").try_cast("long"))
    believed = F.filter(moments_ms, lambda moment_ms: moment_ms.between(0, F.unix_millis(timestamp)))
    return F.coalesce(F.timestamp_millis(F.try_element_at(believed, F.lit(1))), timestamp)


def dead_letters(records: DataFrame, job: str, largest: int) -> DataFrame:
    """Makes dead letters; headers of an earlier failure are replaced.

    Args:
        records: Kafka's columns, `reason` (string) and `first_timestamp` (timestamp).
        job: the job that sets them aside.
        largest: the bytes of the largest record that their topic takes.

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
    room = max(largest - OWN_BYTES, 0)
    sizes = [_length(F.col("key")), _length(F.col("value")), F.aggregate("kept", F.lit(0), _and_header)]
    cut_key = F.substring("key", 1, room // 2)
    cut_value = F.substring(F.col("value"), F.lit(1), F.lit(room) - _length(cut_key))
    told = F.format_string("key of %d bytes, value of %d bytes, headers of %d bytes", *[F.col(name) for name in SIZES])
    cut_headers = F.array(_header(ERROR_HEADERS + "truncated", told))
    # One step after the other: what two columns are made of stands once in the plan.
    return (
        records.select("key", "value", kept.alias("kept"), added.alias("added"))
        .select("*", *[size.alias(name) for size, name in zip(sizes, SIZES, strict=True)])
        .withColumn("fits", reduce(add, [F.col(name) for name in SIZES]) <= room)
        .select(
            F.when(F.col("fits"), F.col("key")).otherwise(cut_key).alias("key"),
            F.when(F.col("fits"), F.col("value")).otherwise(cut_value).alias("value"),
            F.when(F.col("fits"), F.concat("kept", "added")).otherwise(F.concat("added", cut_headers)).alias("headers"),
        )
    )


def _length(content: Column) -> Column:
    return F.coalesce(F.length(content), F.lit(0))


def _and_header(sum_so_far: Column, header: Column) -> Column:
    return sum_so_far + HEADER_BYTES + F.octet_length(header["key"]) + _length(header["value"])


def _header(key: str, value: Column) -> Column:
    return F.struct(F.lit(key).alias("key"), value.cast("string").cast("binary").alias("value"))
