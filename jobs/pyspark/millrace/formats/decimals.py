"""Exact decimals: nothing goes through a binary fraction, and nothing is rounded (12.50, 1e1 and 12.5000 have two decimals, 12.505 has three)."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, DecimalType

NUMBER = r"^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?0*\d{1,3}))?\z"
"""Whole digits, decimals, exponent. One of four digits could only be written out in a text of kilobytes."""


def exact_decimal(text: Column, precision: int, digits: int) -> Column:
    """The number that a text writes out or with an exponent, with so many `digits` behind the point; null if they do not suffice."""
    short = rf"^-?\d+(\.\d{{1,{digits}}})?\z" if digits else r"^-?\d+\z"
    written = text.try_cast(f"decimal({precision},{digits})")
    return F.when(text.rlike(short), written).when(
        text.rlike(NUMBER) & (_decimals_needed(text) <= digits),
        written,
    )


def always_fits(kind: DataType, precision: int, digits: int) -> bool:
    """Whether a column's type has no number of more digits, behind or before the point."""
    return isinstance(kind, DecimalType) and kind.scale <= digits and kind.precision - kind.scale <= precision - digits


def _decimals_needed(text: Column) -> Column:
    """How many digits behind the point the number has when it is written without an exponent and without zeros at its end."""
    decimals = F.regexp_extract(text, NUMBER, 2)
    digits = F.concat(F.regexp_extract(text, NUMBER, 1), decimals)
    without_zeros = F.regexp_replace(digits, "0+$", "")
    exponent = F.coalesce(F.regexp_extract(text, NUMBER, 3).try_cast("int"), F.lit(0))
    zeros = F.length(digits) - F.length(without_zeros)
    return F.when(without_zeros == "", F.lit(0)).otherwise(F.length(decimals) - exponent - zeros)
