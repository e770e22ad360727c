"""Tables of a PostgreSQL database, which batch jobs read and write; a stream writes one by `millrace.streaming.tables`."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pyspark.sql import DataFrame, SparkSession

from millrace.errors import JobError
from millrace.job.document import Name, Rule
from millrace.job.events import Events
from millrace.job.spec import Spec
from millrace.postgres import loading
from millrace.postgres.session import LOOK_SECONDS, Database, Session, persistently, quoted, transaction
from millrace.postgres.shape import Shape, check_frame, shape_of

AWAY_SECONDS = 300.0
"""How long a batch job waits for a database; one that has paused on AWS takes a tenth of it to come back."""

FOLLOWED_SECONDS = 180.0
"""How long a job waits until others have passed on what it wrote."""

BEHIND = """
SELECT slot_name, pg_wal_lsn_diff(?::pg_lsn, confirmed_flush_lsn) FROM pg_replication_slots
WHERE database = current_database() AND slot_type = 'logical' AND (confirmed_flush_lsn >= ?::pg_lsn) IS NOT TRUE"""

JdbcUrl = Annotated[
    str,
    Rule(
        "an address that begins with jdbc:postgresql:// or jdbc:aws-wrapper:postgresql://",
        lambda text: text.startswith(("jdbc:postgresql://", "jdbc:aws-wrapper:postgresql://")),
    ),
]


@dataclass(frozen=True)
class Input:
    """A table that is read."""

    url: JdbcUrl
    user: Name
    """Role of the job in the database."""
    schema: Name
    table: Name
    columns: Sequence[Name]
    key: Sequence[Name]
    """Columns by which rows are told apart."""

    @property
    def database(self) -> Database:
        """Where it is."""
        return Database(self.url, self.user)


@dataclass(frozen=True)
class Output(Input):
    """A table that is written."""


def read(
    spark: SparkSession, spec: Spec, alias: str, events: Events, by: str | None = None, partitions: int = 4
) -> DataFrame:
    """Reads a table as it is when the frame is acted upon.

    Args:
        spark: the session.
        spec: the job's spec.
        alias: the table.
        events: where it is said that the database is away.
        by: a column of numbers, dates or times, by whose ranges several tasks read at once; each sees the table as it is when it begins. None: one task
            reads all.
        partitions: how many tasks.

    Returns:
        The declared columns.
    """
    source = spec.input(alias, Input)
    database = source.database
    name, columns = quoted(source.schema, source.table), loading.quoted_list(source.columns)
    reader = spark.read.format("jdbc").options(
        url=database.url, user=database.user, driver=database.driver(), dbtable=f"(SELECT {columns} FROM {name}) AS t"
    )
    reader = reader.option("fetchsize", 10_000)

    def bounds() -> list[tuple[str | None, ...]]:
        # Asked in any case: here it is told in one sentence that the database is away, or has no such column.
        asked = f"SELECT min({quoted(by)}), max({quoted(by)})" if by else f"SELECT {columns}"
        with transaction(spark, database) as session:
            return session.query(f"{asked} FROM {name} LIMIT 1")

    found = persistently(database, bounds, events, seconds=AWAY_SECONDS)
    if by and found[0][0] is not None:
        reader = reader.options(
            partitionColumn=by, lowerBound=str(found[0][0]), upperBound=str(found[0][1]), numPartitions=str(partitions)
        )
    return reader.load()


def write(spec: Spec, alias: str, rows: DataFrame, events: Events) -> int:
    """Writes the rows of a batch job, all or none, each in the place of the one with its key.

    Returns:
        How many there are.

    Raises:
        JobError: WRONG_TABLE when they have not its columns, ROWS_REFUSED when one does not fit.
    """
    return change(spec, alias, [rows], None, events)


def change(spec: Spec, alias: str, steps: Sequence[DataFrame], deleted: DataFrame | None, events: Events) -> int:
    """Changes a table in one transaction: writes the rows of one step after the other, each in the place of the one with its key, then deletes rows by their keys.

    Returns:
        How many rows were written.

    Raises:
        JobError: as `write`.
    """
    output = spec.output(alias, Output)
    spark = steps[0].sparkSession

    def work() -> int:
        with transaction(spark, output.database) as session:
            shape = shape_of(session, output.schema, output.table, output.columns, output.key)
            written = sum(_load(session, shape, rows) for rows in steps)
            if deleted is not None:
                loading.delete(session, shape, deleted)
            return written

    return persistently(output.database, work, events, seconds=AWAY_SECONDS)


def wait_until_followed(spark: SparkSession, spec: Spec, alias: str, events: Events) -> None:
    """Waits until connectors that follow the database of a table have passed on all that was committed before.

    Raises:
        JobError: NOT_FOLLOWED when they have not within `FOLLOWED_SECONDS`.
    """
    database = spec.output(alias, Output).database

    def ask(query: str, *texts: str) -> list[tuple[str | None, ...]]:
        def work() -> list[tuple[str | None, ...]]:
            with transaction(spark, database) as session:
                return session.query(query, *texts)

        return persistently(database, work, events, seconds=AWAY_SECONDS)

    reached = str(ask("SELECT pg_current_wal_insert_lsn()")[0][0])
    deadline = time.monotonic() + FOLLOWED_SECONDS
    while behind := ask(BEHIND, reached, reached):
        if time.monotonic() > deadline:
            [(slot, size), *_] = behind
            message = f"What was written to {database.place} has not been passed on within {FOLLOWED_SECONDS:.0f} s: slot {slot} is {size} bytes behind."
            raise JobError("NOT_FOLLOWED", f"{message} Everything is kept for it. See why its connector does not run.")
        time.sleep(LOOK_SECONDS)


def _load(session: Session, shape: Shape, rows: DataFrame) -> int:
    check_frame(shape, rows.schema)
    loaded = loading.load(session, shape, rows)
    if loaded.refused:
        first = json.loads(next(loading.refused(session, shape)))[0]
        told = ", ".join(f"{count:,} {reason}" for reason, count in loaded.refused.items())
        message = (
            f"Rows do not fit table {shape.name}: {told}. Nothing was written. The first of them: {first['row'][:300]}"
        )
        raise JobError("ROWS_REFUSED", message)
    return loaded.rows
