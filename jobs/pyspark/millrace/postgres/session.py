"""Sessions with a PostgreSQL database, by the driver in the JVM: values and rows stay there, and the driver signs in by itself."""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TypeVar

from py4j.java_gateway import JavaObject, is_instance_of
from py4j.protocol import Py4JJavaError
from pyspark import SparkContext
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.jvm import java_class, write_lines
from millrace.job.stop import Interrupted

T = TypeVar("T")

DRIVERS = {"jdbc:aws-wrapper:": "software.amazon.jdbc.Driver", "jdbc:postgresql:": "org.postgresql.Driver"}
"""Classes of drivers by how an address begins."""

SETTINGS = {
    "connectTimeout": "30",
    # A broken line is found out, and a long statement is not taken for one.
    "socketTimeout": "600",
    "tcpKeepAlive": "true",
    "stringtype": "unspecified",
}

AWAY = re.compile(r"08|53|57P|25006|40001|40P01|HYT|$")
"""Beginnings of the states that pass by themselves: no line, no room, no such process (any more), a reader where there was a writer, deadlocks."""

NO_ROOM = "53100"

FIRST_WAIT_SECONDS, LONGEST_WAIT_SECONDS = 0.5, 10.0
LOOK_SECONDS = 0.1


class DatabaseError(Exception):
    """What a database, or the driver, says against a statement."""

    def __init__(self, state: str, words: str) -> None:
        super().__init__(f"{words} ({state or 'no state'})")
        self.state = state
        self.words = words

    @property
    def is_away(self) -> bool:
        """Whether it may be tried again as it is."""
        return AWAY.match(self.state) is not None


@dataclass(frozen=True)
class Database:
    """Where a job finds a database, and as whom it signs in."""

    url: str
    user: str

    @property
    def place(self) -> str:
        """Host, port and name, for people."""
        return self.url.partition("?")[0].rpartition("//")[2]

    def driver(self) -> str:
        """The class of the driver that knows such an address."""
        return next(name for begin, name in DRIVERS.items() if self.url.startswith(begin))


class Session:
    """One transaction of a job."""

    def __init__(self, spark: SparkSession, connection: JavaObject) -> None:
        self._spark = spark
        self._connection = connection

    def execute(self, statement: str, *texts: str) -> None:
        """Runs a statement; each `?` stands for a text."""
        with _told():
            self._prepared(statement, texts).execute()

    def query(self, statement: str, *texts: str) -> list[tuple[str | None, ...]]:
        """The rows of a query, every value as text."""
        with _told():
            found = self._prepared(statement, texts).executeQuery()
            width = found.getMetaData().getColumnCount()
            rows = []
            while found.next():
                rows.append(tuple(found.getString(index + 1) for index in range(width)))
            return rows

    def copy(self, statement: str, lines: JavaObject) -> None:
        """Sends lines of text (an iterator in the JVM) by a `COPY ... FROM STDIN`."""
        with _told():
            loader = self._connection.getClass().getClassLoader()
            own = java_class(self._spark, "java.lang.Class").forName("org.postgresql.PGConnection", True, loader)
            made = java_class(self._spark, "org.postgresql.copy.PGCopyOutputStream")
            stream = made(self._connection.unwrap(own), statement)
            write_lines(self._spark, lines, stream)
            stream.close()

    def _prepared(self, statement: str, texts: Sequence[str]) -> JavaObject:
        prepared = self._connection.prepareStatement(statement)
        for index, text in enumerate(texts):
            prepared.setString(index + 1, text)
        return prepared


@contextmanager
def transaction(spark: SparkSession, database: Database) -> Iterator[Session]:
    """A session for one transaction, which is committed when the block ends without an error.

    Raises:
        DatabaseError: in the words of the database.
    """
    with _told():
        settings = java_class(spark, "java.util.Properties")()
        for name, value in {"user": database.user, "ApplicationName": spark.sparkContext.appName, **SETTINGS}.items():
            settings.setProperty(name, value)
        # Not by way of java.sql.DriverManager: it shows no driver to callers that another class loader has loaded.
        connection = java_class(spark, database.driver())().connect(database.url, settings)
        connection.setAutoCommit(False)
    try:
        session = Session(spark, connection)
        yield session
        with _told():
            connection.commit()
    finally:
        # What is not committed is rolled back. An error here would hide the one that led here.
        with suppress(Py4JJavaError):
            connection.close()


def persistently(
    database: Database,
    work: Callable[[], T],
    events: Events,
    *,
    seconds: float | None = None,
    is_over: Callable[[], bool] = lambda: False,
) -> T:
    """Does some work in a database; where that is away, again and again until it is there.

    Args:
        database: which one, for the words.
        work: what is done; it must be the same when it is done again.
        events: where it is said that the database is away, and that it is back.
        seconds: after which it is not tried again; None: never.
        is_over: whether it is not wanted any more.

    Raises:
        JobError: DATABASE_AWAY after the time given, DATABASE_REFUSED when the role may not do it, DATABASE_FAILED when the database says anything else.
        Interrupted: when it is not wanted any more.
    """
    began: float | None = None
    for attempt in itertools.count():
        try:
            done = work()
        except DatabaseError as error:
            if not error.is_away:
                raise _refused(database, error) from error
            if began is None:
                began = time.monotonic()
                events.note(f"database {database.place} {_told_of(error)}")
            if seconds is not None and time.monotonic() - began > seconds:
                message = f"Database {database.place} has been away for {seconds:.0f} s: {error.words}."
                raise JobError("DATABASE_AWAY", message) from error
            _wait(min(FIRST_WAIT_SECONDS * 2**attempt, LONGEST_WAIT_SECONDS), is_over)
        else:
            if began is not None:
                events.note(f"database {database.place} is back after {time.monotonic() - began:.0f} s")
            return done
    raise AssertionError("unreachable")


def _told_of(error: DatabaseError) -> str:
    if error.state == NO_ROOM:
        return f"has no room: {error.words}. It is tried again until it has."
    return f"is away: {error.words}. It is tried again until it is back."


def _wait(seconds: float, is_over: Callable[[], bool]) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if is_over():
            raise Interrupted
        time.sleep(LOOK_SECONDS)


def _refused(database: Database, error: DatabaseError) -> JobError:
    at = f"Database {database.place}, role {database.user}: {error.words} (SQLSTATE {error.state})."
    if error.state.startswith("28") or error.state == "42501":
        mend = "The roles are made when the pipeline is deployed: deploy it again, and see who changed them."
        return JobError("DATABASE_REFUSED", f"{at} {mend}")
    return JobError("DATABASE_FAILED", at)


@contextmanager
def _told() -> Iterator[None]:
    """Turns what Java throws into an error with the state that SQL has for it."""
    try:
        yield
    except Py4JJavaError as error:
        raise _error_of(error) from error


def _error_of(error: Py4JJavaError) -> DatabaseError:
    gateway = SparkContext._gateway
    cause = error.java_exception
    while cause is not None:
        if is_instance_of(gateway, cause, "java.sql.SQLException"):
            words = str(cause.getMessage()).splitlines()[0].removeprefix("ERROR: ").removeprefix("FATAL: ")
            return DatabaseError(str(cause.getSQLState() or ""), words)
        cause = cause.getCause()
    raise error


def quoted(*names: str) -> str:
    """Names as SQL has them, with points between them."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def literal(text: str) -> str:
    """A text as SQL has it."""
    return "'" + text.replace("'", "''") + "'"
