"""Frames for tests."""

import json
from base64 import b64encode
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import ArrayType, DataType, StructType


def frame_of(spark: SparkSession, rows: Iterable[Sequence[Any]], columns: str) -> DataFrame:
    """Rows as one partition of a frame, as `createDataFrame` gives them, but made by the JVM itself: the Python workers of a
    little frame take longer than most tests.

    Args:
        spark: the session.
        rows: the values of the columns; structs are tuples.
        columns: names and types, as in SQL.
    """
    kind = StructType.fromDDL(columns)
    text = json.dumps([_in_json(tuple(row), kind) for row in rows])
    # Whoever writes a value that its column cannot hold is told so.
    read = "SELECT inline(from_json(:rows, :form, map('mode', 'FAILFAST')))"
    return spark.sql(read, {"rows": text, "form": f"ARRAY<{kind.simpleString()}>"})


def _in_json(value: object, kind: DataType) -> object:
    if isinstance(value, tuple) and isinstance(kind, StructType):
        return {field.name: _in_json(part, field.dataType) for field, part in zip(kind.fields, value, strict=True)}
    if isinstance(value, list) and isinstance(kind, ArrayType):
        return [_in_json(part, kind.elementType) for part in value]
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
