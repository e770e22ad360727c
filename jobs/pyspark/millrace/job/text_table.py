"""Rows as an aligned table, for a person who reads a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from pyspark.sql import Row

GAP = "  "


@dataclass(frozen=True)
class TableColumn:
    """A column: the field of a row, and how wide it is at least."""

    field: str
    width: int
    is_number: bool = False
    """Numbers stand at the right, with separators of thousands; amounts with two decimals."""


def table(columns: Sequence[TableColumn], rows: Sequence[Row], count: int) -> str:
    """A header, the rows, and how many of `count` rows are not shown."""
    lines = [_line(columns, [column.field.replace("_", " ") for column in columns])]
    lines += [_line(columns, [_cell(row[column.field]) for column in columns]) for row in rows]
    if count > len(rows):
        lines.append(f"... and {count - len(rows):,} more")
    return "\n".join(lines)


def _line(columns: Sequence[TableColumn], cells: Sequence[str]) -> str:
    return GAP.join(
        cell.rjust(column.width) if column.is_number else cell.ljust(column.width)
        for column, cell in zip(columns, cells, strict=True)
    ).rstrip()


def _cell(value: object) -> str:
    if isinstance(value, Decimal):
        return f"{value:,.2f}"
    if isinstance(value, int):
        return f"{value:,}"
    # What Spark collects is in the zone of the process.
    return f"{value.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else str(value)
