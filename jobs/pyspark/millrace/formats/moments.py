"""Dates with times as text."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

DATE_TIME = r"^\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d+)?([Zz]|[+-]\d{2}:\d{2})\z"
"""RFC 3339: never without an offset."""


def moment(text: Column) -> Column:
    """The time (timestamp) that a text says; null where it says none."""
    return F.when(text.rlike(DATE_TIME), F.upper(text).try_cast("timestamp"))
