"""Numbers that tell the rows of a file apart, and that go on when the file is sent again."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column
from pyspark.sql import functions as F

from millrace.errors import JobError


@dataclass(frozen=True)
class Numbering:
    """The column that tells rows apart: when the file is repeated, its numbers go on."""

    column: str
    largest: int


def repetition(numbering: Numbering, count: int, total: int, lowest: int, highest: int) -> int:
    """By how much the numbers rise each time a file of `count` rows comes again, so that `total` rows are sent.

    Raises:
        JobError: that the numbers are exhausted.
    """
    shift = highest - lowest + 1
    cycles = -(-total // count)
    largest = highest + (cycles - 1) * shift
    if largest > numbering.largest:
        most = count * ((numbering.largest - highest) // shift + 1)
        ids = f"{numbering.column.replace('_', ' ')}s"
        message = f"Sending {total} rows would need {ids} up to {largest}; the largest is {numbering.largest}."
        raise JobError(
            f"{numbering.column.upper()}S_EXHAUSTED",
            f"{message} At most {most} rows can be made from the {count} good lines of this file.",
        )
    return shift


def renumbered(numbering: Numbering, shift: int, column_type: str) -> Column:
    """The number of a row, which has its `cycle` (bigint), in the cycle in which it is sent."""
    return (F.col(numbering.column) + F.col("cycle") * F.lit(shift).cast("bigint")).cast(column_type)
