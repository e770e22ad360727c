"""Items in a table of DynamoDB, which batch jobs read and write; a stream writes them by `millrace.streaming.items`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.dynamodb.client import Client, credentials_of
from millrace.dynamodb.reading import lines
from millrace.dynamodb.rows import Shape, check_frame, puts
from millrace.dynamodb.writing import Writer
from millrace.errors import JobError
from millrace.job.document import Name, Rule
from millrace.job.events import Events
from millrace.job.jvm import frame_of_lines
from millrace.job.spec import Spec

AWAY_SECONDS = 300.0
"""How long a batch job tries one item."""

TableArn = Annotated[
    str, Rule("the ARN of a table of DynamoDB", lambda text: text.startswith("arn:") and ":dynamodb:" in text)
]


@dataclass(frozen=True)
class Input:
    """Items that are read."""

    table: TableArn
    key: Sequence[Name]
    """The partition key, and the sort key if there is one."""
    version: Name
    """The attribute by which a later state is known."""
    ttl: Name | None = None
    """The attribute that says when an item may go."""

    @property
    def shape(self) -> Shape:
        """What a writer has to know."""
        return Shape(self.table, self.key, self.version)


@dataclass(frozen=True)
class Output(Input):
    """Items that are written."""


def read(spark: SparkSession, spec: Spec, alias: str, columns: str) -> DataFrame:
    """Reads all items as they are now; they have to fit into the driver's memory.

    Args:
        spark: the session.
        spec: the job's spec.
        alias: the items.
        columns: names and types of the attributes that are wanted, as in SQL. One that an item does not have, or has of another type, is null.

    Raises:
        JobError: those of `millrace.dynamodb.reading`.
    """
    shape = spec.input(alias, Input).shape
    found = lines(shape, Client(shape.table, credentials_of(spark)), AWAY_SECONDS)
    return frame_of_lines(spark, found).select(F.from_json("value", columns).alias("one")).select("one.*")


def write(spec: Spec, alias: str, rows: DataFrame, events: Events) -> int:
    """Writes the rows of a batch job: of each key the latest, where it is later than what is there.

    Returns:
        How many items have changed.

    Raises:
        JobError: WRONG_ITEMS when rows have no key or version, ITEMS_REJECTED when one is no item, and those of `millrace.dynamodb.writing`.
    """
    shape = spec.output(alias, Output).shape
    check_frame(shape, rows.schema)
    writer = Writer(shape, Client(shape.table, credentials_of(rows.sparkSession)), events)
    done = writer.put((row.request for row in puts(shape, rows).toLocalIterator()), seconds=AWAY_SECONDS)
    if done.refused:
        told = ", ".join(f"{count:,} {reason}" for reason, count in sorted(done.reasons.items()))
        message = f"Rows are no items of {shape.name}: {told}. All others are written. The first of them: {done.refused[0][1][:300]}"
        raise JobError("ITEMS_REJECTED", message)
    return done.written
