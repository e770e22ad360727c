"""Results of a stream that go into tables: each batch in one transaction with its number, so that it is there once, whatever ends the stream.

Its rows stay in Java, and those that do not fit become dead letters before the transaction is committed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.jvm import empty_of
from millrace.job.spec import Spec
from millrace.kinds import table, topic
from millrace.postgres import loading
from millrace.postgres.session import Database, Session, persistently, quoted, transaction
from millrace.postgres.shape import Shape, check_frame, shape_of
from millrace.streaming.batches import BatchSink
from millrace.streaming.progress import Shown, Written

POSITION = "millrace.position"
"""The table with the number of the last batch of each stream, made with the roles of the jobs."""


def _all(rows: DataFrame) -> DataFrame:
    return rows


@dataclass(frozen=True)
class TableResult:
    """Rows that a stream puts into a table."""

    alias: str
    """The table among the job's `writes`."""
    rows: DataFrame
    """The columns of the table, or what `of_batch` makes them of."""
    of_batch: Callable[[DataFrame], DataFrame] = _all
    """What is written of the rows of one batch."""
    adds: tuple[str, ...] = ()
    """Columns whose values are added to what the table holds; the others take its place."""
    shown: Shown | None = None
    """Which of them are shown in the log."""


@dataclass(frozen=True)
class Derived:
    """Rows that the database makes of what a stream's tables hold, within the transaction of each batch: for a table and, with the same content, for a topic."""

    alias: str
    """The table among the job's `writes`."""
    query: str
    """What makes them, in SQL; `{alias}` stands for a table among the job's `writes`."""
    columns: str
    """Their columns, as Spark declares them."""
    topic: str
    """The topic among the job's `writes`."""
    key: str
    """The column that is the key of its records."""


@dataclass(frozen=True)
class Standing:
    """How a stream's tables stand before it starts."""

    ids: Mapping[str, str]
    """What they are, and how they are written, by name."""
    position: int | None
    """The number of the last batch that is in them; None before the first."""
    holding: Sequence[str]
    """Those with rows to which others would be added."""


@dataclass(frozen=True)
class _Target:
    result: TableResult
    output: table.Output
    shape: Shape


class TableSink(BatchSink):
    """The tables that a stream writes; all in one database, since a pipeline has one."""

    def __init__(
        self,
        spark: SparkSession,
        spec: Spec,
        events: Events,
        results: Sequence[TableResult],
        derived: Sequence[Derived] = (),
    ) -> None:
        """Looks at the tables, before anything is read.

        Raises:
            JobError: WRONG_TABLE, or those of `millrace.postgres.session.persistently`.
        """
        super().__init__(spark, spec, events, {one.alias: one.rows for one in results})
        self._derived = derived
        written = [*[one.alias for one in results], *[one.alias for one in derived]]
        outputs = {alias: spec.output(alias, table.Output) for alias in written}
        self._database: Database = next(iter(outputs.values())).database
        self._shape = shapes = persistently(self._database, lambda: self._shapes(outputs), events)
        self._targets = [_Target(one, outputs[one.alias], shapes[one.alias]) for one in results]
        for target in self._targets:
            check_frame(target.shape, target.result.of_batch(empty_of(target.result.rows)).schema)

    def standing(self) -> Standing:
        """How the tables stand now."""

        def look() -> Standing:
            with transaction(self._spark, self._database) as session:
                adding = [one for one in self._targets if one.result.adds]
                return Standing(
                    {one.shape.name: _identity(one) for one in self._targets},
                    _position(session, self._query),
                    [one.shape.name for one in adding if _has_rows(session, one.shape)],
                )

        return persistently(self._database, look, self._events)

    def write(self, batch: DataFrame, number: int, letters: topic.Output, is_over: Callable[[], bool]) -> Written:
        """Writes one batch, as soon as the database is there."""
        return persistently(self._database, lambda: self._write(batch, number, letters), self._events, is_over=is_over)

    @property
    def _query(self) -> str:
        return f"{self._spec.pipeline}.{self._spec.job}"

    def _shapes(self, outputs: Mapping[str, table.Output]) -> dict[str, Shape]:
        with transaction(self._spark, self._database) as session:
            return {
                alias: shape_of(session, one.schema, one.table, one.columns, one.key) for alias, one in outputs.items()
            }

    def _write(self, batch: DataFrame, number: int, letters: topic.Output) -> Written:
        """Writes one batch, unless it is there."""
        rows, reasons, shown = 0, Counter[str](), []
        with transaction(self._spark, self._database) as session:
            session.execute(f"INSERT INTO {POSITION} (query, batch) VALUES (?, -1) ON CONFLICT DO NOTHING", self._query)
            last = _position(session, self._query, lock=True)
            if last is not None and last > number:
                message = f"Batch {number} comes behind batch {last}, which another run of {self._query} has written: this one changes nothing."
                raise JobError("BATCH_SUPERSEDED", f"{message} Let one run of the stream go on.")
            if last == number:
                return Written(0, reasons)
            for target in self._targets:
                result = target.result
                given = batch.where(F.col(result.alias).isNotNull()).select(f"{result.alias}.*")
                made = result.of_batch(given)
                loaded = loading.load(session, target.shape, made, result.adds)
                rows += loaded.rows
                reasons.update(loaded.refused)
                for page in loading.refused(session, target.shape) if loaded.refused else ():
                    self._save(self._letters(page, number, target.shape.name, letters))
                if result.shown and loaded.rows:
                    [row] = made.agg(F.count("*").alias("rows"), *result.shown.chosen()).collect()
                    shown.append(f"{result.alias}: {result.shown.text(row)}")
            for one in self._derived:
                self._derive(session, one, number)
            session.execute(
                f"UPDATE {POSITION} SET batch = ?::bigint, written_at = now() WHERE query = ?", str(number), self._query
            )
        for text in shown:
            self._events.note(text)
        return Written(rows, reasons)

    def _derive(self, session: Session, derived: Derived, number: int) -> None:
        """Makes derived rows anew, for their table and their topic."""
        names = {alias: quoted(shape.schema, shape.table) for alias, shape in self._shape.items()}
        [(found,)] = session.query(f"SELECT json_agg(t) FROM ({derived.query.format(**names)}) AS t")
        form = f"array<struct<{derived.columns}>>"
        rows = self._spark.sql("SELECT inline(from_json(:rows, :form))", {"rows": found or "[]", "form": form})
        shape = self._shape[derived.alias]
        loaded = loading.load(session, shape, rows)
        if loaded.refused:
            reasons = ", ".join(sorted(loaded.refused))
            message = f"What the database makes of {', '.join(sorted(set(names) - {derived.alias}))} does not fit table {shape.name}: {reasons}."
            raise JobError("ROWS_REFUSED", f"{message} Correct the query, or the table by a migration.")
        output = self._spec.output(derived.topic, topic.Output)
        batch = F.struct(F.lit(topic.BATCH).alias("key"), F.lit(str(number)).cast("binary").alias("value"))
        record = topic.columns(self._spark, self._spec, output, derived.key)(rows)
        self._save(rows.select(F.lit(output.topic).alias("topic"), *record, F.array(batch).alias("headers")))


def _identity(target: _Target) -> str:
    """What must stay the same."""
    adds = target.result.adds
    return f"{target.shape.id}, key {', '.join(target.shape.key)}{', adds ' if adds else ''}{', '.join(adds)}"


def _position(session: Session, query: str, *, lock: bool = False) -> int | None:
    rows = session.query(f"SELECT batch FROM {POSITION} WHERE query = ?{' FOR UPDATE' if lock else ''}", query)
    batch = int(rows[0][0] or -1) if rows else -1
    return None if batch < 0 else batch


def _has_rows(session: Session, shape: Shape) -> bool:
    return session.query(f"SELECT EXISTS (SELECT FROM {quoted(shape.schema, shape.table)})") == [("t",)]
