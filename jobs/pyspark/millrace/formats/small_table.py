"""Small delimited files that are read once, at the start of a job, for the static side of a join.

A file source would be read again in every micro-batch: a file replaced meanwhile would act in the middle of a run, an emptied one in silence.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession

from millrace.errors import JobError
from millrace.job.jvm import in_plan

LAST_LINE = "end"


@dataclass(frozen=True)
class SmallTable:
    """The rows of a file, and a hash of its bytes by which two runs can be compared."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    sha256: str


def parse_table(content: bytes, columns: Sequence[str], name: str, separator: str = ",") -> SmallTable:
    """Reads the rows of a UTF-8 file under a header of these columns; quotes as in RFC 4180, blanks around a field and empty lines are no data.

    Raises:
        JobError: FILE_UNREADABLE, WRONG_COLUMNS or BAD_LINE.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JobError("FILE_UNREADABLE", f"{name} is not UTF-8: {error}") from error
    # A quote that nothing closes takes the last line, too.
    reader = csv.reader(io.StringIO(f"{text}\n{LAST_LINE}", newline=""), delimiter=separator, skipinitialspace=True)
    try:
        *lines, (_, last) = [(reader.line_num, fields) for fields in reader]
    except csv.Error as error:
        raise JobError("BAD_LINE", f"{name}: line {reader.line_num} is none of a table: {error}.") from error
    if last != [LAST_LINE]:
        opened = lines[-1][0] + 1 if lines else 1
        raise JobError("BAD_LINE", f"{name}: line {opened} opens a quote that nothing closes. Close it.")
    rows: list[tuple[str, ...]] = []
    header: tuple[str, ...] | None = None
    for number, fields in lines:
        row = tuple(field.strip() for field in fields)
        if not any(row):
            continue
        if header is None:
            header = row
            if header != tuple(columns):
                raise JobError(
                    "WRONG_COLUMNS", f"{name} has the columns {', '.join(header)}; needed are {', '.join(columns)}."
                )
        elif len(row) != len(columns) or "" in row:
            problem = f"line {number} is {fields!r}; needed are {len(columns)} fields, none of them empty"
            raise JobError("BAD_LINE", f"{name}: {problem}.")
        else:
            rows.append(row)
    if header is None:
        raise JobError("WRONG_COLUMNS", f"{name} is empty; needed is a header with the columns {', '.join(columns)}.")
    return SmallTable(tuple(columns), tuple(rows), hashlib.sha256(content).hexdigest())


def keyed_by(table: SmallTable, column: str, name: str) -> SmallTable:
    """The table with each key once.

    Raises:
        JobError: AMBIGUOUS_KEY when a key stands for two things: a join would count its rows twice.
    """
    position = table.columns.index(column)
    found: dict[str, tuple[str, ...]] = {}
    for row in table.rows:
        if found.setdefault(row[position], row) != row:
            raise JobError(
                "AMBIGUOUS_KEY",
                f"{name} has {row[position]!r} twice: {found[row[position]]!r} and {row!r}. Keep one of them.",
            )
    return SmallTable(table.columns, tuple(found.values()), table.sha256)


def frame_of(spark: SparkSession, table: SmallTable) -> DataFrame:
    """The table as a frame whose rows are part of the plan; all columns are strings."""
    form = ", ".join(f"`{column}`: STRING" for column in table.columns)
    rows = json.dumps([dict(zip(table.columns, row, strict=True)) for row in table.rows])
    # Rows from a Python list would be a Python process's to deliver, anew in every batch of a stream.
    read = spark.sql("SELECT inline(from_json(:rows, :form))", {"rows": rows, "form": f"ARRAY<STRUCT<{form}>>"})
    return in_plan(read)
