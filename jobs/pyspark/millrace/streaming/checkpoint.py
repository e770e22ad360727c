"""The folder in which a stream remembers what it has read, and two documents beside it: what the checkpoint is of, and by which rules its last
batch was judged.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from py4j.java_gateway import JavaObject
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.job.jvm import java_class

BINDING, RULES = "binding.json", "rules.json"


class Checkpoint:
    """The checkpoint of a stream, as far as it is looked at here."""

    def __init__(self, spark: SparkSession, url: str) -> None:
        self.url = url.rstrip("/")
        self._path_class = java_class(spark, "org.apache.hadoop.fs.Path")
        self._io = java_class(spark, "org.apache.commons.io.IOUtils")
        self._configuration = spark.sparkContext._jsc.hadoopConfiguration()
        self._files = self._path("").getFileSystem(self._configuration)

    @property
    def query(self) -> str:
        """Where Spark keeps it."""
        return f"{self.url}/query"

    def read(self, name: str) -> dict[str, Any] | None:
        """A document beside it; None where there is none.

        Raises:
            JobError: CHECKPOINT_DAMAGED.
        """
        text = self._text(name)
        if text is None:
            return None
        try:
            document = json.loads(text)
        except ValueError:
            document = None
        if isinstance(document, dict):
            return document
        message = f"{self.url}/{name} is no JSON object: {text[:80]!r}. {BEGIN_ANEW}"
        raise JobError("CHECKPOINT_DAMAGED", message)

    def write(self, name: str, document: Mapping[str, object]) -> None:
        """Puts a document in the place of the one that is there."""
        file = self._files.create(self._path(f"/{name}"), True)
        try:
            file.write(json.dumps(document).encode())
        finally:
            file.close()

    def is_empty(self) -> bool:
        """Whether no batch was ever planned."""
        return self._last("offsets") is None

    def is_unfinished(self) -> bool:
        """Whether a batch was planned and not committed, so that the next start repeats it."""
        return self._last("offsets") != self._last("commits")

    def offsets(self) -> list[dict[str, dict[str, int]]]:
        """How far the last batch that is finished reads: for each source the offsets by topic and partition."""
        batch = self._last("commits")
        # A version, what Spark says of the batch, and a line for each source.
        lines = (self._text(f"query/offsets/{batch}") or "").splitlines()[2:]
        return [json.loads(line) for line in lines if line.startswith("{")]

    def clear(self) -> None:
        """Forgets all."""
        self._files.delete(self._path("/query"), True)
        for name in (BINDING, RULES):
            self._files.delete(self._path(f"/{name}"), False)

    def _last(self, log: str) -> int | None:
        path = self._path(f"/query/{log}")
        listed: Sequence[JavaObject] = self._files.listStatus(path) if self._files.exists(path) else ()
        batches = [int(name) for name in (str(one.getPath().getName()) for one in listed) if name.isdecimal()]
        return max(batches, default=None)

    def _text(self, name: str) -> str | None:
        path = self._path(f"/{name}")
        if not self._files.exists(path):
            return None
        file = self._files.open(path)
        try:
            return bytes(self._io.toByteArray(file)).decode("utf-8", "replace")
        finally:
            file.close()

    def _path(self, name: str) -> JavaObject:
        return self._path_class(self.url + name)


BEGIN_ANEW = (
    'Where the results are to be made again from what the topics hold, start an execution with "rebuild": true; '
    'docs/runbook.md, "A stream that refuses its checkpoint", says what that does.'
)
