"""What can be wrong with a record: checks in order, and the one column that says which of them it fails first.

Good and bad records go separate ways by this column, so no record can go both ways or neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pyspark.sql import Column, DataFrame, Observation
from pyspark.sql import functions as F

from millrace.errors import JobError

LONGEST_SHOWN = 100
"""Characters of a value that an error repeats."""

Check = tuple[str, Column]
"""The code of what is wrong, and the condition under which it is."""


class Misfit(NamedTuple):
    """A column that may hold what a schema forbids."""

    field: str
    value: Column
    holds: Column
    """Whether it does; null counts as true."""
    allowed: str


class Decoded(NamedTuple):
    """Records with their decoded content, not yet judged."""

    frame: DataFrame
    checks: list[Check]
    """What can be wrong with them, in terms of columns of the frame."""


@dataclass(frozen=True)
class Judged:
    """Records with the column `reason` (string): null for a good one, else the code of the first check that it fails."""

    frame: DataFrame
    reasons: tuple[str, ...]
    """Every code that `reason` can be."""

    def good(self) -> DataFrame:
        """The records without a reason; same columns."""
        return self.frame.where(F.col("reason").isNull())

    def bad(self) -> DataFrame:
        """The records with a reason; same columns."""
        return self.frame.where(F.col("reason").isNotNull())

    def counted(self) -> Counted:
        """The same, counted as they are read."""
        return Counted(self)

    def counts(self) -> list[Column]:
        """One aggregate for each code, named by it: how many records have it (bigint)."""
        return [F.count_if(F.col("reason") == code).alias(code) for code in self.reasons]


class Counted:
    """The good ones of judged records, and how many of the others an action on them has passed by."""

    def __init__(self, records: Judged) -> None:
        self._seen = Observation()
        self._reasons = records.reasons
        counted = records.frame.observe(self._seen, F.count("*").alias("read"), *records.counts())
        self.frame = counted.where(F.col("reason").isNull())

    @property
    def read(self) -> int:
        """How many records there were, good and bad; waits for an action on `frame`."""
        return int(self._seen.get["read"])

    @property
    def bad(self) -> dict[str, int]:
        """How many of them have which reason; waits for an action on `frame`."""
        return {reason: int(self._seen.get[reason]) for reason in self._reasons if self._seen.get[reason]}

    def refuse_bad(self, name: str) -> None:
        """Refuses results that were made without all records of something that only we write.

        Raises:
            JobError: UNREADABLE_RECORDS.
        """
        if self.bad:
            told = ", ".join(f"{count} {reason}" for reason, count in self.bad.items())
            message = f"{sum(self.bad.values())} of {self.read} records of {name} cannot be read: {told}. The results are without them."
            raise JobError("UNREADABLE_RECORDS", message)


def judged(frame: DataFrame, columns: Sequence[str], checks: Sequence[Check]) -> Judged:
    """Judges records, of which these columns are kept, by checks in terms of any of their columns, in this order."""
    return Judged(computed_once(frame, columns, "reason", first_reason(checks)), tuple(code for code, _ in checks))


def first_reason(checks: Sequence[Check]) -> Column:
    """The code of the first condition that holds. A condition that is null counts as holding: what cannot be judged is not good."""
    first, *others = [(F.coalesce(condition, F.lit(True)), F.lit(code)) for code, condition in checks]
    reason = F.when(*first)
    for holds, code in others:
        reason = reason.when(holds, code)
    return reason


def fitting(written: Column, misfits: Sequence[Misfit], of: str) -> Column:
    """What is written, or an error that says which field does not fit the schema `of` something, and its value."""
    for field, value, holds, allowed in misfits:
        shown = F.coalesce(F.left(value.cast("string"), F.lit(LONGEST_SHOWN)), F.lit("null"))
        mend = f"; allowed: {allowed}. Correct the transform or the schema."
        told = F.concat(F.lit(f"What is written does not fit the schema of {of}: {field} is "), shown, F.lit(mend))
        written = F.when(F.coalesce(holds, F.lit(True)), F.raise_error(told)).otherwise(written)
    return written


def computed_once(frame: DataFrame, columns: Sequence[str], name: str, value: Column) -> DataFrame:
    """These columns of a frame, and one more.

    The explode is a barrier: without it the optimiser repeats the expression wherever its value is used, which costs the work several times
    over and makes code that is too large to be compiled.
    """
    return frame.select(*columns, F.explode(F.array(value)).alias(name))


def reason_code(what: str, field: str) -> str:
    """The name of what is wrong with a field, as rejects and metrics spell it."""
    return f"{what}-{field.replace('_', '-')}"
