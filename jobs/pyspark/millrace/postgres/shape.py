"""What a table is really like, and whether a job can do with it what its declaration says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    BooleanType,
    DataType,
    DateType,
    DoubleType,
    FloatType,
    MapType,
    NumericType,
    StringType,
    StructType,
    TimestampNTZType,
    TimestampType,
)

from millrace.errors import JobError
from millrace.postgres.session import Session, quoted

COLUMNS = """
SELECT a.attname, format_type(a.atttypid, -1), format_type(a.atttypid, a.atttypmod), t.typcategory,
  a.attnotnull, a.atthasdef OR a.attidentity <> '' OR a.attgenerated <> '',
  CASE WHEN t.typname = 'numeric' AND a.atttypmod >= 4 THEN (a.atttypmod - 4) & 2047 END
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = to_regclass(?) AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum"""

UNIQUE = """
SELECT i.indrelid
FROM pg_index i
WHERE i.indrelid = to_regclass(?) AND i.indisunique AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL AND i.indexprs IS NULL
  AND i.indnkeyatts = cardinality(string_to_array(?, ' '))
  AND string_to_array(?, ' ') <@ ARRAY(
    SELECT a.attname::text FROM pg_attribute a WHERE a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey))"""

CATEGORIES: tuple[tuple[tuple[type[DataType], ...], str], ...] = (
    ((NumericType,), "N"),
    ((BooleanType,), "B"),
    ((DateType, TimestampType, TimestampNTZType), "D"),
    # Enumerations, addresses, and what is of no category, such as uuid and json, are written as texts are.
    ((StringType,), "SEIU"),
    ((BinaryType, StructType, ArrayType, MapType), "U"),
)
"""Types of Spark, and the categories of PostgreSQL's types (`pg_type.typcategory`) into which they are written."""


@dataclass(frozen=True)
class TableColumn:
    """A column as it is in the database."""

    name: str
    base: str
    """Its type without length or digits."""
    full: str
    """Its type."""
    category: str
    is_required: bool
    has_default: bool
    digits: int | None
    """Those behind the point, of a number that has so many."""


@dataclass(frozen=True)
class Shape:
    """A table, as far as a job uses it."""

    schema: str
    table: str
    id: str
    """Another one after the table was made again."""
    columns: Mapping[str, TableColumn]
    """Those that are declared, by name."""
    key: tuple[str, ...]

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.schema}.{self.table}"


def shape_of(session: Session, schema: str, table: str, columns: Sequence[str], key: Sequence[str]) -> Shape:
    """Looks at a table that is written.

    Raises:
        JobError: WRONG_TABLE when it is not there, has not the declared columns, wants others, or is not unique by the key.
    """
    name, said = quoted(schema, table), f"Table {schema}.{table}"
    found = [_column(row) for row in session.query(COLUMNS, name)]
    there = {column.name: column for column in found}
    if not found:
        raise _wrong(f"{said} is not in the database", "a table that a migration has made")
    if unknown := [column for column in columns if column not in there]:
        raise _wrong(f"{said} has no column {', '.join(unknown)}", ", ".join(there))
    wanted = [
        column.name for column in found if column.is_required and not column.has_default and column.name not in columns
    ]
    if wanted:
        raise _wrong(f"{said} wants a value in {', '.join(wanted)}, which is not among the columns", ", ".join(columns))
    if empty := [column for column in key if not there[column].is_required]:
        raise _wrong(f"{said} allows null in {', '.join(empty)} of its key", "NOT NULL in each column of the key")
    ids = session.query(UNIQUE, name, " ".join(key), " ".join(key))
    if not ids:
        raise _wrong(f"{said} has no unique index of its key ({', '.join(key)})", "a primary key of these columns")
    return Shape(schema, table, str(ids[0][0]), {column: there[column] for column in columns}, tuple(key))


def check_frame(shape: Shape, frame: StructType) -> None:
    """Refuses rows that have not the columns of a table, or have them of types that are not written into its own.

    Raises:
        JobError: WRONG_TABLE.
    """
    types = {field.name: field.dataType for field in frame.fields}
    if missing := [name for name in shape.columns if name not in types]:
        what = f"The rows for table {shape.name} have no column {', '.join(missing)}"
        raise _wrong(what, f"those of its declaration; the rows have {', '.join(types)}")
    for name, column in shape.columns.items():
        kind = types[name]
        allowed = next((category for known, category in CATEGORIES if isinstance(kind, known)), "")
        # A binary fraction would be rounded to what it is nearest to.
        is_inexact = isinstance(kind, FloatType | DoubleType) and column.base == "numeric"
        if column.category not in allowed or is_inexact:
            what = (
                f"Column {name} of table {shape.name} is {column.full}, and of type {kind.simpleString()} in the rows"
            )
            raise _wrong(what, "a type of the same sort: cast it in the transform")


def _column(row: Sequence[str | None]) -> TableColumn:
    name, base, full, category, is_required, has_default, digits = row
    return TableColumn(
        str(name),
        str(base),
        str(full),
        str(category),
        is_required == "t",
        has_default == "t",
        None if digits is None else int(digits),
    )


def _wrong(what: str, allowed: str) -> JobError:
    mend = "Correct the declaration or the job, or mend the table by a migration."
    return JobError("WRONG_TABLE", f"{what}. Allowed: {allowed}. {mend}")
