"""A PostgreSQL server for tests, which they may stop and start, and what they ask of it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from millrace.postgres.session import Database, DatabaseError, transaction

OWNER = "postgres"
IS_ROOT = os.geteuid() == 0
NOBODY = 65_534
"""Runs PostgreSQL where root would, which it refuses."""

USER: dict[str, Any] = {"user": NOBODY, "group": NOBODY} if IS_ROOT else {}

POSITION = """
CREATE SCHEMA IF NOT EXISTS millrace;
CREATE TABLE IF NOT EXISTS millrace.position (query text PRIMARY KEY, batch bigint NOT NULL, written_at timestamptz)"""


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Server:
    """A server with its data in a folder; everybody on this machine may sign in."""

    home: Path
    folder: Path
    port: int = field(default_factory=_free_port)
    process: subprocess.Popen[bytes] | None = None
    settings: tuple[str, ...] = ("fsync=off",)

    @property
    def database(self) -> Database:
        """Its one database."""
        return Database(f"jdbc:postgresql://127.0.0.1:{self.port}/{OWNER}", OWNER)

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        data = self.folder / "data"
        if not data.exists():
            self._own()
            initdb = [str(self._program("initdb")), "-D", str(data), "-U", OWNER, "-A", "trust", "--no-locale", "-N"]
            initdb += ["-E", "UTF8"]
            subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, **USER)
        words = [str(self._program("postgres")), "-D", str(data), "-p", str(self.port), "-h", "127.0.0.1", "-k", ""]
        words += [word for setting in self.settings for word in ("-c", setting)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(words, stdout=log, stderr=log, **USER)
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Ends it at once, whatever is going on."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            (self.folder / "data" / "postmaster.pid").unlink(missing_ok=True)
        self.process = None

    @contextmanager
    def full(self, spark: SparkSession, table: str) -> Iterator[None]:
        """While it lasts an empty table finds no room for its first row: its file is one that is always full."""
        [[place]] = self.rows(spark, f"SELECT pg_relation_filepath('{table}')")
        file = self.folder / "data" / str(place)
        aside = file.with_name(f"{file.name}.aside")
        file.rename(aside)
        file.symlink_to("/dev/full")
        try:
            yield
        finally:
            aside.replace(file)

    def run(self, spark: SparkSession, *statements: str) -> None:
        """Runs statements, as soon as it takes them."""
        while True:
            try:
                with transaction(spark, self.database) as session:
                    for statement in statements:
                        session.execute(statement)
            except DatabaseError as error:
                if not error.is_away:
                    raise
                time.sleep(0.05)
            else:
                return

    def rows(self, spark: SparkSession, query: str) -> list[tuple[str | None, ...]]:
        """The rows of a query, as texts."""
        with transaction(spark, self.database) as session:
            return session.query(query)

    def part(self, table: str, columns: str, key: str) -> dict[str, Any]:
        """The part of a spec for a table of the schema `shop`."""
        return {
            "kind": "table",
            "url": self.database.url,
            "user": OWNER,
            "schema": "shop",
            "table": table,
            "columns": columns.split(),
            "key": key.split(),
        }

    def _program(self, name: str) -> Path:
        return (self.folder if IS_ROOT else self.home) / "bin" / name

    def _own(self) -> None:
        """Gives the folder, with the programs, to who runs the server and may not look into those of root."""
        if IS_ROOT:
            for name in ("bin", "lib", "share"):
                shutil.copytree(self.home / name, self.folder / name, symlinks=True)
            shutil.chown(self.folder, NOBODY, NOBODY)
