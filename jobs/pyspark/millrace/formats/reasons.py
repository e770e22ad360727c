"""Takes the tests that a record must pass, in order, and gives one column: the code of the first that it fails, null for a good record.

Good and bad records go separate ways by this one expression, so no record can go both ways or neither. Pure column expressions.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F


def first_reason(checks: Sequence[tuple[str, Column]]) -> Column:
    """The code of the first condition that holds. A condition that is null counts as holding: what cannot be judged is not good."""
    first, *others = [(F.coalesce(condition, F.lit(True)), F.lit(code)) for code, condition in checks]
    reason = F.when(*first)
    for holds, code in others:
        reason = reason.when(holds, code)
    return reason


def reason_code(problem: str, field: str) -> str:
    """Name of what is wrong with a field, as rejects and metrics spell it."""
    return f"{problem}-{field.replace('_', '-')}"
