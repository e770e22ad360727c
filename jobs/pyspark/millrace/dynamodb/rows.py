"""Rows as items: what is asked of DynamoDB for each, as text that Spark's own expressions make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    BinaryType,
    BooleanType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    DoubleType,
    FloatType,
    IntegerType,
    LongType,
    ShortType,
    StringType,
    StructType,
    TimestampType,
)

from millrace.errors import JobError

WHOLE = (ByteType, ShortType, IntegerType, LongType)
NUMBERS = (*WHOLE, DecimalType, FloatType, DoubleType)

TIME = "yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'"
"""How a time is written: in UTC, so that texts are in the order of times."""

LATER = "attribute_not_exists(#key) OR #version < :version"
"""The condition of a write: the item is new, or what is there is older."""


@dataclass(frozen=True)
class Shape:
    """A table of items, as far as a job uses it."""

    table: str
    """Its ARN."""
    key: Sequence[str]
    version: str

    @property
    def name(self) -> str:
        """For people."""
        return self.table.rpartition("/")[2]


def check_frame(shape: Shape, frame: StructType) -> None:
    """Refuses rows that are no items.

    Raises:
        JobError: WRONG_ITEMS.
    """
    kinds = {field.name: field.dataType for field in frame.fields}
    needed = [*shape.key, shape.version]
    if missing := [name for name in needed if name not in kinds]:
        raise _wrong(
            shape, f"have no column {', '.join(missing)}", f"a key and a version; the rows have {', '.join(kinds)}"
        )
    for name in shape.key:
        if not isinstance(kinds[name], StringType):
            raise _wrong(shape, f"have a key {name} of type {kinds[name].simpleString()}", "a text")
    if not isinstance(kinds[shape.version], WHOLE):
        raise _wrong(
            shape, f"have a version {shape.version} of type {kinds[shape.version].simpleString()}", "a whole number"
        )
    for name, kind in kinds.items():
        if _attribute(F.lit(None), kind) is None:
            allowed = "texts, numbers, true and false, times, dates and bytes; to_json makes a text of all others"
            raise _wrong(shape, f"have a column {name} of type {kind.simpleString()}", allowed)


def puts(shape: Shape, rows: DataFrame) -> DataFrame:
    """What is asked for rows, the latest of each key: one column `request` (string), the body of a PutItem.

    A row without a key or version is asked for too, and refused by DynamoDB: the judge of an item is the table.

    Args:
        shape: the table.
        rows: checked by `check_frame`.
    """
    kinds = {field.name: field.dataType for field in rows.schema.fields}
    item = F.struct(*[_present(F.col(name), kind).alias(name) for name, kind in kinds.items()])
    request = F.to_json(
        F.struct(
            F.lit(shape.table).alias("TableName"),
            item.alias("Item"),
            F.lit(LATER).alias("ConditionExpression"),
            F.struct(F.lit(shape.key[0]).alias("#key"), F.lit(shape.version).alias("#version")).alias(
                "ExpressionAttributeNames"
            ),
            F.struct(_present(F.col(shape.version), kinds[shape.version]).alias(":version")).alias(
                "ExpressionAttributeValues"
            ),
        )
    )
    keys = [F.col(name).alias(f"key_{index}") for index, name in enumerate(shape.key)]
    is_whole = F.lit(True)
    for name in (*shape.key, shape.version):
        is_whole &= F.col(name).isNotNull()
    # Rows without a key are of no item, and none takes the place of another.
    alone = F.when(~is_whole, F.monotonically_increasing_id()).alias("alone")
    made = rows.select(
        *keys, alone, F.struct(F.col(shape.version).alias("version"), request.alias("request")).alias("one")
    )
    names = [f"key_{index}" for index in range(len(shape.key))]
    return made.groupBy(*names, "alone").agg(F.max("one").alias("one")).select("one.request")


def _present(value: Column, kind: DataType) -> Column:
    """A value as DynamoDB's JSON has it; null where there is none, which is left out."""
    made = _attribute(value, kind)
    if made is None:
        raise TypeError(kind.simpleString())
    return F.when(value.isNotNull(), made)


def _attribute(value: Column, kind: DataType) -> Column | None:
    if isinstance(kind, NUMBERS):
        return F.struct(value.cast("string").alias("N"))
    if isinstance(kind, StringType):
        return F.struct(value.alias("S"))
    if isinstance(kind, BooleanType):
        return F.struct(value.alias("BOOL"))
    if isinstance(kind, TimestampType):
        return F.struct(F.date_format(value, TIME).alias("S"))
    if isinstance(kind, DateType):
        return F.struct(value.cast("string").alias("S"))
    return F.struct(F.base64(value).alias("B")) if isinstance(kind, BinaryType) else None


def _wrong(shape: Shape, what: str, allowed: str) -> JobError:
    return JobError(
        "WRONG_ITEMS",
        f"The rows for items {shape.name} {what}; allowed: {allowed}. Correct the job, or its declaration.",
    )
