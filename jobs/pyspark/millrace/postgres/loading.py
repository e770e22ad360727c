"""Rows into a table: copied as text into a table of the session, and from there inserted, each by its key.

The database is the judge of a value, but for what a text that is copied cannot hold, or a number would lose without a word: those are found on the way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    BinaryType,
    DataType,
    DecimalType,
    MapType,
    StringType,
    StructType,
    TimestampType,
)

from millrace.formats.checks import Check, computed_once, first_reason, reason_code
from millrace.job.jvm import lines_of
from millrace.postgres.session import Session, literal, quoted
from millrace.postgres.shape import Shape

STAGED, REFUSED = "millrace_staged", "millrace_refused"
"""Tables of the session, which are gone with its transaction."""

PAGE = 5_000
"""Refused rows that are fetched at once."""

ESCAPES = (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
"""What has a meaning in COPY's text format, and how it is written."""

WRITTEN_AS_TEXT = (StringType, BinaryType, StructType, ArrayType, MapType)


@dataclass(frozen=True)
class Loaded:
    """What has become of rows."""

    rows: int
    """That are in the table now, or have changed others there."""
    refused: dict[str, int]
    """Rows that did not fit, by reason."""


def load(session: Session, shape: Shape, rows: DataFrame, adds: Sequence[str] = ()) -> Loaded:
    """Puts rows into a table, each in the place of the one with its key; of several with one key the last, in the order of their partitions.

    One statement inserts all rows. Where that fails by a value, it is done with each half of them, and so on until the rows are alone that do not fit.

    Args:
        session: the transaction in which all this happens.
        shape: the table.
        rows: its columns, checked by `millrace.postgres.shape.check_frame`.
        adds: columns whose values are added to what is there; each key must come once then.
    """
    stage(session, shape, rows)
    session.execute(inserting(shape, adds))
    counted = session.query(f"SELECT reason, count(*) FROM {REFUSED} GROUP BY reason ORDER BY reason")
    done = session.query("SELECT current_setting('millrace.rows')")[0][0]
    return Loaded(int(done or 0), {str(reason): int(count or 0) for reason, count in counted})


def delete(session: Session, shape: Shape, keys: DataFrame) -> None:
    """Deletes the rows with these keys; one that is not there is gone already."""
    stage(session, replace(shape, columns={name: shape.columns[name] for name in shape.key}), keys)
    same = " AND ".join(f"t.{quoted(name)} = s.{quoted(name)}::{shape.columns[name].base}" for name in shape.key)
    session.execute(f"DELETE FROM {quoted(shape.schema, shape.table)} AS t USING {STAGED} s WHERE {same}")


def stage(session: Session, shape: Shape, rows: DataFrame) -> None:
    """Copies rows into `STAGED`: all as texts, with a number that says their order, and with a reason those that can be told to be wrong here."""
    # A transaction may write several tables.
    session.execute(f"DROP TABLE IF EXISTS {STAGED}, {REFUSED}")
    columns = ", ".join(f"{quoted(name)} text" for name in shape.columns)
    number = "number bigint GENERATED ALWAYS AS IDENTITY"
    session.execute(f"CREATE TEMP TABLE {STAGED} ({number}, reason text, said text, {columns}) ON COMMIT DROP")
    session.execute(f"CREATE TEMP TABLE {REFUSED} (number bigint, reason text) ON COMMIT DROP")
    names = quoted_list(("reason", "said", *shape.columns))
    session.copy(f"COPY {STAGED} ({names}) FROM STDIN", lines_of(copied(shape, rows)))


def copied(shape: Shape, rows: DataFrame) -> DataFrame:
    """Rows in COPY's text format: one column `line` (string) of `reason`, `said` and the columns of the table. A row with a reason has no values."""
    kinds = [rows.schema[name].dataType for name in shape.columns]
    texts = [_text(F.col(name), kind).alias(name) for name, kind in zip(shape.columns, kinds, strict=True)]
    with_reason = computed_once(
        rows.select(*[F.col(name) for name in shape.columns]), list(shape.columns), "_reason", _reason(shape, rows)
    )
    said = F.to_json(F.struct(*texts), {"ignoreNullFields": "false"})
    fits = F.col("_reason").isNull()
    values = [F.when(fits, text) for text in texts]
    # Numbers and times have nothing in them that is to be escaped.
    written = [
        _escaped(value) if isinstance(kind, WRITTEN_AS_TEXT) else value
        for value, kind in zip(values, kinds, strict=True)
    ]
    fields = [F.col("_reason"), _escaped(F.when(~fits, said)), *written]
    line = F.concat_ws("\t", *[F.coalesce(field, F.lit("\\N")) for field in fields])
    return with_reason.select(line.alias("line"))


def inserting(shape: Shape, adds: Sequence[str]) -> str:
    """The statement that moves what was staged into the table, and notes what does not fit in `REFUSED`."""
    columns = list(shape.columns.values())
    key = quoted_list(shape.key)
    values = {one.name: f"s.{quoted(one.name)}::{one.base}" for one in columns}
    others = [one for one in columns if one.name not in shape.key]
    changes = ", ".join(f"{quoted(one.name)} = {_new(one.name, adds)}" for one in others)
    # Where values are added, a second row of a key is an error and not one to be left out.
    once = "" if adds else f"DISTINCT ON ({', '.join(values[name] for name in shape.key)}) "
    order = "" if adds else f" ORDER BY {', '.join(values[name] for name in shape.key)}, s.number DESC"
    bad = "\n".join(
        f"      WHEN NOT pg_input_is_valid(s.{quoted(one.name)}, {literal(one.full)}) THEN {literal(reason_code('bad', one.name))}"
        for one in columns
    )
    return f"""DO $millrace$
DECLARE
  lows bigint[]; highs bigint[]; depth int := 1; low bigint; high bigint; middle bigint;
  done bigint := 0; moved bigint; split boolean := false;
  state text; named text; violated text;
BEGIN
  SET CONSTRAINTS ALL IMMEDIATE;
  INSERT INTO {REFUSED} SELECT number, reason FROM {STAGED} WHERE reason IS NOT NULL;
  SELECT ARRAY[min(number)], ARRAY[max(number)] INTO lows, highs FROM {STAGED};
  IF lows[1] IS NULL THEN depth := 0; END IF;
  WHILE depth > 0 LOOP
    low := lows[depth]; high := highs[depth]; depth := depth - 1;
    BEGIN
      INSERT INTO {quoted(shape.schema, shape.table)} AS t ({quoted_list(shape.columns)})
      SELECT {once}{", ".join(values.values())} FROM {STAGED} s
      WHERE s.number BETWEEN low AND high AND s.reason IS NULL{order}
      ON CONFLICT ({key}) {f"DO UPDATE SET {changes}" if changes else "DO NOTHING"};
      GET DIAGNOSTICS moved = ROW_COUNT;
      done := done + moved;
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded OR raise_exception THEN
      GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, named = COLUMN_NAME, violated = CONSTRAINT_NAME;
      IF low = high THEN
        INSERT INTO {REFUSED} SELECT s.number, CASE
      WHEN state = '23502' THEN 'missing-' || replace(named, '_', '-')
      WHEN violated <> '' THEN 'violates-' || replace(violated, '_', '-')
{bad}
      ELSE 'refused-' || lower(state) END FROM {STAGED} s WHERE s.number = low;
      ELSE
        -- The lower half first, so that the last row of a key stays the last.
        IF NOT split THEN
          CREATE INDEX ON {STAGED} (number);
          split := true;
        END IF;
        middle := (low + high) / 2;
        lows[depth + 1] := middle + 1; highs[depth + 1] := high;
        lows[depth + 2] := low; highs[depth + 2] := middle;
        depth := depth + 2;
      END IF;
    END;
  END LOOP;
  PERFORM set_config('millrace.rows', done::text, true);
END $millrace$"""


def refused(session: Session, shape: Shape) -> Iterator[str]:
    """The rows of the last `load` that did not fit, in the order in which they were sent, some at a time: a JSON list of `reason`, `id`, by which
    a row is known when the same rows are refused once more, and `row`, itself a JSON object of texts, the values by the names of their columns as they were sent.
    """
    said = ", ".join(f"{literal(name)}, s.{quoted(name)}" for name in shape.columns)
    page = f"""SELECT max(number), json_agg(json_build_object('reason', reason, 'id', id, 'row', said) ORDER BY number) FROM (
  SELECT *, md5(said) || '/' || row_number() OVER (PARTITION BY said ORDER BY number) AS id FROM (
    SELECT r.number, r.reason, coalesce(s.said, json_build_object({said})::text) AS said
    FROM {REFUSED} r JOIN {STAGED} s USING (number)) AS every
  ORDER BY number) AS identified WHERE number IN (
    SELECT number FROM {REFUSED} WHERE number > ?::bigint ORDER BY number LIMIT {PAGE})"""
    last: str | None = "0"
    while last is not None:
        [(last, rows)] = session.query(page, last)
        if rows is not None:
            yield rows


def quoted_list(names: Iterable[str]) -> str:
    """Names with commas between them."""
    return ", ".join(quoted(name) for name in names)


def _new(name: str, adds: Sequence[str]) -> str:
    column = quoted(name)
    return f"t.{column} + excluded.{column}" if name in adds else f"excluded.{column}"


def _reason(shape: Shape, rows: DataFrame) -> Column:
    """Null, or why a row is not copied."""
    checks: list[Check] = []
    for name, column in shape.columns.items():
        kind, value = rows.schema[name].dataType, F.col(name)
        code = reason_code("bad", name)
        if isinstance(kind, StringType):
            # PostgreSQL has no text with a NUL in it; what is no UTF-8 would be replaced by another letter.
            checks.append((code, value.isNotNull() & (F.contains(value, F.lit("\0")) | ~F.is_valid_utf8(value))))
        elif isinstance(kind, DecimalType) and column.digits is not None and kind.scale > column.digits:
            # PostgreSQL would round it.
            checks.append((code, value.isNotNull() & (F.round(value, column.digits) != value)))
    return first_reason(checks) if checks else F.lit(None).cast("string")


def _text(value: Column, kind: DataType) -> Column:
    """A value as PostgreSQL reads it."""
    if isinstance(kind, BinaryType):
        return F.concat(F.lit("\\x"), F.lower(F.hex(value)))
    if isinstance(kind, StructType | ArrayType | MapType):
        return F.to_json(value)
    text = value.cast("string")
    # The session of the database may be in any zone.
    return F.concat(text, F.lit("+00")) if isinstance(kind, TimestampType) else text


def _escaped(text: Column) -> Column:
    return reduce(lambda so_far, pair: F.replace(so_far, F.lit(pair[0]), F.lit(pair[1])), ESCAPES, text)
