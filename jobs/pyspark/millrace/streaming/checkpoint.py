"""The folder in which a stream remembers what it has read, and documents beside it: what the checkpoint is of, by which rules its last batch was
judged, and by how much the numbers of its batches are ahead of the clock.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.job.jvm import java_class

BINDING, RULES, LEADS = "binding.json", "rules.json", "leads.json"


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

    def read(self, name: str, *, or_none: bool = False) -> dict[str, Any] | None:
        """A document beside it; None where there is none, or a damaged one and that will do.

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
        if or_none:
            return None
        raise self._damaged(name, text)

    def write(self, name: str, document: Mapping[str, object]) -> None:
        """Puts a document in the place of the one that is there, if that says something else: who is killed in the middle leaves a damaged one."""
        text = json.dumps(document)
        if self._text(name) == text:
            return
        file = self._files.create(self._path(f"/{name}"), True)
        try:
            file.write(text.encode())
        finally:
            file.close()

    def is_empty(self) -> bool:
        """Whether no batch was ever planned."""
        return self.last_planned() is None

    def is_unfinished(self) -> bool:
        """Whether a batch was planned and not committed, so that the next start repeats it."""
        return self.last_planned() != self.last_finished()

    def last_planned(self) -> int | None:
        """The last batch that was planned; None before the first."""
        return self._last("offsets")

    def last_finished(self) -> int | None:
        """The last batch that was committed; None before the first."""
        return self._last("commits")

    def planned_ms(self, batch: int) -> int:
        """When a batch was planned, by the driver's clock, in milliseconds since 1970.

        Raises:
            JobError: CHECKPOINT_DAMAGED.
        """
        name = f"query/offsets/{batch}"
        text = self._text(name) or ""
        # A version, what Spark says of the batch, and a line for each source.
        try:
            return int(json.loads(text.splitlines()[1])["batchTimestampMs"])
        except (IndexError, KeyError, TypeError, ValueError):
            raise self._damaged(name, text) from None

    def offsets(self) -> list[dict[str, dict[str, int]]]:
        """How far the last batch that is finished reads: for each source the offsets by topic and partition.

        Raises:
            JobError: CHECKPOINT_DAMAGED.
        """
        name = f"query/offsets/{self.last_finished()}"
        text = self._text(name) or ""
        try:
            sources = [json.loads(line) for line in text.splitlines()[2:] if line.startswith("{")]
        except ValueError:
            sources = []
        if not sources and self.last_finished() is not None:
            raise self._damaged(name, text)
        return sources

    def clear(self) -> None:
        """Forgets all."""
        self._files.delete(self._path("/query"), True)
        for name in (BINDING, RULES, LEADS):
            self._files.delete(self._path(f"/{name}"), False)

    def _damaged(self, name: str, text: str) -> JobError:
        message = f"{self.url}/{name} is damaged: it begins with {text[:80]!r}. {BEGIN_ANEW}"
        return JobError("CHECKPOINT_DAMAGED", message)

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
        except Py4JJavaError as error:
            # On one machine Hadoop keeps a checksum beside each file.
            if "ChecksumException" in str(error.java_exception):
                return ""
            raise
        finally:
            file.close()

    def _path(self, name: str) -> JavaObject:
        return self._path_class(self.url + name)


BEGIN_ANEW = (
    'Where the results are to be made again from what the topics hold, start an execution with "rebuild": true; '
    'docs/runbook.md, "A stream that refuses its checkpoint", says what that does.'
)
