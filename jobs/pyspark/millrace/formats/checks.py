"""What can be wrong with a record: checks in order, and the one column that says which of them it fails first.

Good and bad records go separate ways by this column, so no record can go both ways or neither.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

Check = tuple[str, Column]
"""The code of what is wrong, and the condition under which it is."""


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

    def counts(self) -> list[Column]:
        """One aggregate for each code, named by it: how many records have it (bigint)."""
        return [F.count_if(F.col("reason") == code).alias(code) for code in self.reasons]


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


def computed_once(frame: DataFrame, columns: Sequence[str], name: str, value: Column) -> DataFrame:
    """These columns of a frame, and one more.

    The explode is a barrier: without it the optimiser repeats the expression wherever its value is used, which costs the work several times
    over and makes code that is too large to be compiled.
    """
    return frame.select(*columns, F.explode(F.array(value)).alias(name))


def reason_code(problem: str, field: str) -> str:
    """The name of what is wrong with a field, as rejects and metrics spell it."""
    return f"{problem}-{field.replace('_', '-')}"
