"""Datasets: standing Iceberg tables, to which batch jobs append what is new on topics, each record once, and which they keep in order.

Where tables are found is a matter of the machine: on AWS in the Glue catalog, elsewhere by `spark.sql.catalog.datasets.type`, such as `hadoop`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.errors import JobError
from millrace.formats.checks import fitting
from millrace.formats.codecs import JsonReference
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import JsonSchema, read_schema
from millrace.job.clock import now_ms
from millrace.job.document import Name, Url, at_least
from millrace.job.events import Events
from millrace.job.jvm import java_class
from millrace.job.spec import Spec
from millrace.kafka.cluster import TopicState, ask
from millrace.kinds import topic

CATALOG = "datasets"
"""The name of the catalog in Spark."""

PREFIX = f"spark.sql.catalog.{CATALOG}"
KIND = f"{PREFIX}.type"
"""Setting of the machine; none where there is a Glue catalog."""

POSITION = "millrace.position"
"""Property of a snapshot: how far topics have been read when it was made, as JSON. Each commit of ours carries it, so the current one always has it."""

DIVIDED_BY = "millrace.partition-by"
"""Property of a table: how its files are divided, as it was declared."""

MEBIBYTE = 2**20
HOUR_MS = 3_600_000

ORPHAN_HOURS = 72
"""Age from which a file that no snapshot has counts as left over; what a run writes is part of a snapshot long before."""


@dataclass(frozen=True)
class Input:
    """A dataset that is read."""

    database: Name
    table: Name
    url: Url


@dataclass(frozen=True)
class Output:
    """A dataset that is written."""

    database: Name
    table: Name
    url: Url
    schema: JsonReference
    file_size: Annotated[int, at_least(1)]
    """MiB of the files that maintenance makes of smaller ones."""
    keep_hours: Annotated[int, at_least(1)]
    """How long maintenance keeps earlier states."""
    partition_by: Name | None = None


@dataclass(frozen=True)
class Position:
    """How far a topic has been read."""

    id: str
    """Of the topic; another one after it was made again."""
    offsets: Mapping[str, int]
    """The next one to be read, by partition."""


@dataclass(frozen=True)
class Appended:
    """What an append has done."""

    rows: int = 0
    """That were added."""
    read: int = 0
    """New records of the topic, those that cannot be read among them."""
    unreadable: Mapping[str, int] = field(default_factory=dict)
    """Records that were passed over, by reason."""
    missed: int = 0
    """Offsets that had left the topic before they were read."""


@dataclass(frozen=True)
class Maintained:
    """What maintenance has done, in files."""

    rewritten: int
    """Small ones that were merged."""
    written: int
    """Larger ones in their place."""
    expired: int
    """Of data, that were in earlier states only."""
    orphans: int
    """Left over by what was ended in the middle of its work."""


def read(spark: SparkSession, spec: Spec, alias: str) -> DataFrame:
    """Reads a dataset as it is now.

    Returns:
        The columns of its schema; null in rows from before a column was declared.

    Raises:
        JobError: DATASET_MISSING when nothing was ever written there.
    """
    source = spec.input(alias, Input)
    name = _named(spark, source)
    if not spark.catalog.tableExists(name):
        message = f"Dataset {alias} has no table {source.table} yet: nothing was ever written to it. Run a job that writes it."
        raise JobError("DATASET_MISSING", message)
    return spark.table(name)


def append_new(
    spark: SparkSession,
    spec: Spec,
    alias: str,
    source: str,
    events: Events,
    rows: Callable[[DataFrame], DataFrame] = lambda records: records.select("value.*"),
    key: Sequence[str] = (),
    *,
    deletions: bool = False,
) -> Appended:
    """Appends the rows of all records that came to a topic since the last append, each exactly once.

    How far the topic was read is part of the commit that adds the rows. Whatever ends a run has added all of them or none, and the next one goes on from
    there. The table is made when it is missing, and gets the columns that its schema has besides. A stream may write a record twice, after a crash: where that
    matters, `key` says by what such rows are known.

    Args:
        spark: the session.
        spec: the job's spec.
        alias: the dataset.
        source: the topic.
        events: where it is said what the topic has lost.
        rows: makes rows with the columns of the dataset's schema of records: `partition`, `offset`, `timestamp`, `batch`, `key` and `value`.
        key: columns by which a row that is there already is left out; these columns of the whole table are read for it.
        deletions: whether a null value of a record is nothing wrong; `rows` is given such records too.

    Raises:
        JobError: DATASET_CHANGED when the table does not fit the declaration, DATASET_POSITION when it cannot be known how far the topic was read.
    """
    output, read_from = spec.output(alias, Output), spec.input(source, topic.Input)
    schema = read_schema(spark, output.schema.url)
    name = _prepared(spark, output, schema, alias)
    positions = _positions(_table(spark, name), alias)
    state = ask(spark, spec.kafka, [read_from.topic]).topics[read_from.topic]
    start, missed = _start(positions.get(read_from.topic), state, alias, read_from.topic, events)
    if start == state.end:
        return Appended(missed=missed)
    records = topic.between(spark, spec, read_from, start, state.end, deletions=deletions).counted()
    made = rows(records.frame)
    if key:
        made = made.dropDuplicates(list(key)).join(spark.table(name).select(*key), list(key), "left_anti")
    # A column that the schema has no more is null from here on.
    kept = {column.name for column in schema.fields}
    names = spark.table(name).schema.names
    columns = [(F.col(column) if column in kept else F.lit(None)).alias(column) for column in names]
    columns[0] = fitting(columns[0], JsonCodec(schema).misfits(made), f"dataset {alias}").alias(names[0])
    reached = Position(state.id, {str(partition): offset for partition, offset in state.end.items()})
    said = _said(positions | {read_from.topic: reached})
    made.select(columns).writeTo(name).option(f"snapshot-property.{POSITION}", said).append()
    added = _table(spark, name).currentSnapshot().summary().get("added-records")
    return Appended(int(added or 0), records.read, records.bad, missed)


def maintain(spark: SparkSession, spec: Spec, alias: str) -> Maintained:
    """Merges small files, forgets states that are older than the dataset keeps them, and removes files that belong to none.

    The rows stay what they are. It may be ended at any time, and be run as often as one likes; not beside a job that writes the dataset, which the lock of the
    pipeline sees to.
    """
    output = spec.output(alias, Output)
    name = _named(spark, output)
    if not spark.catalog.tableExists(name):
        return Maintained(0, 0, 0, 0)
    _set_file_size(spark, name, output)
    table = _table(spark, name)
    actions = java_class(spark, "org.apache.iceberg.spark.actions.SparkActions").get(spark._jsparkSession)
    rewriting = actions.rewriteDataFiles(table).option("min-input-files", "2")
    # A dataset that a connector writes has none: its connector looks for its own beneath.
    if said := _last_said(table):
        rewriting = rewriting.snapshotProperty(POSITION, said)
    rewritten = rewriting.execute()
    table.refresh()
    now = now_ms()
    expiring = actions.expireSnapshots(table).expireOlderThan(now - output.keep_hours * HOUR_MS)
    expired = expiring.retainLast(1).execute()
    orphans = actions.deleteOrphanFiles(table).olderThan(now - ORPHAN_HOURS * HOUR_MS).execute()
    return Maintained(
        rewritten.rewrittenDataFilesCount(),
        rewritten.addedDataFilesCount(),
        expired.deletedDataFilesCount(),
        sum(1 for _ in orphans.orphanFileLocations().iterator()),
    )


def catalog_settings(url: str, kind: str | None, region: str | None) -> dict[str, str]:
    """How a session finds the table at an address: by where it lies, if its catalog is of the kind `hadoop`, else in the Glue catalog."""
    settings = {"": "org.apache.iceberg.spark.SparkCatalog", "cache-enabled": "false"}
    if kind == "hadoop":
        settings["warehouse"] = url.rstrip("/").rsplit("/", 3)[0]
    else:
        settings["catalog-impl"] = "org.apache.iceberg.aws.glue.GlueCatalog"
        # S3A, by which jobs reach S3 everywhere.
        settings["io-impl"] = "org.apache.iceberg.hadoop.HadoopFileIO"
        if region is not None:
            settings["client.region"] = region
    return {f"{PREFIX}.{name}".rstrip("."): value for name, value in settings.items()}


def _named(spark: SparkSession, part: Input | Output) -> str:
    """The table's name in this session, which is told where tables are."""
    kind = spark.conf.get(KIND, None)
    region = spark.conf.get("spark.hadoop.fs.s3a.endpoint.region", None)
    for name, value in catalog_settings(part.url, kind, region).items():
        spark.conf.set(name, value)
    names = part.url.rstrip("/").split("/")[-3:] if kind == "hadoop" else (part.database, part.table)
    return ".".join(f"`{name}`" for name in (CATALOG, *names))


def _table(spark: SparkSession, name: str) -> Any:  # noqa: ANN401  (Java's)
    return java_class(spark, "org.apache.iceberg.spark.Spark3Util").loadIcebergTable(spark._jsparkSession, name)


def _prepared(spark: SparkSession, output: Output, schema: JsonSchema, alias: str) -> str:
    """The name of the table, once it is as its declaration says."""
    name = _named(spark, output)
    if not spark.catalog.tableExists(name):
        _make(spark, name, output, schema)
        return name
    known = {column.name: column.dataType.simpleString() for column in spark.table(name).schema}
    for column in schema.fields:
        if known.get(column.name, column.column_type) != column.column_type:
            said = f"Column {column.name} of dataset {alias} is {known[column.name]}, and {column.column_type} in its schema."
            raise JobError(
                "DATASET_CHANGED", f"{said} A column keeps its type: declare one of another name, or another dataset."
            )
    divided = dict(_table(spark, name).properties()).get(DIVIDED_BY, "")
    if divided != (output.partition_by or ""):
        said = f"The files of dataset {alias} are divided by {divided or 'nothing'}, and in its declaration by {output.partition_by or 'nothing'}."
        raise JobError("DATASET_CHANGED", f"{said} That stays as it is: declare it as it was, or another dataset.")
    added = [f"`{column.name}` {column.column_type}" for column in schema.fields if column.name not in known]
    if added:
        spark.sql(f"ALTER TABLE {name} ADD COLUMNS ({', '.join(added)})")
    _set_file_size(spark, name, output)
    return name


def _make(spark: SparkSession, name: str, output: Output, schema: JsonSchema) -> None:
    columns = ", ".join(f"`{column.name}` {column.column_type}" for column in schema.fields)
    divided = f" PARTITIONED BY ({output.partition_by})" if output.partition_by else ""
    # A table that is found by its place lies nowhere else.
    location = "" if spark.conf.get(KIND, None) == "hadoop" else f" LOCATION '{output.url}'"
    properties = {
        "format-version": "2",
        # Each commit writes a file of metadata: the last hundred are enough.
        "write.metadata.delete-after-commit.enabled": "true",
        DIVIDED_BY: output.partition_by or "",
        **_file_size(output),
    }
    said = ", ".join(f"'{one}' = '{value}'" for one, value in properties.items())
    spark.sql(f"CREATE TABLE {name} ({columns}) USING iceberg{divided}{location} TBLPROPERTIES ({said})")


def _file_size(output: Output) -> dict[str, str]:
    return {"write.target-file-size-bytes": str(output.file_size * MEBIBYTE)}


def _set_file_size(spark: SparkSession, name: str, output: Output) -> None:
    known = _table(spark, name).properties()
    for one, value in _file_size(output).items():
        if known.get(one) != value:
            spark.sql(f"ALTER TABLE {name} SET TBLPROPERTIES ('{one}' = '{value}')")


def _said(positions: Mapping[str, Position]) -> str:
    """Positions as a commit notes them."""
    return json.dumps({topic: asdict(position) for topic, position in positions.items()})


def _positions(table: Any, alias: str) -> dict[str, Position]:  # noqa: ANN401  (Java's)
    """How far topics have been read, by the newest commit of ours; what others committed since says nothing of it."""
    if (said := _last_said(table)) is not None:
        return {name: Position(**one) for name, one in json.loads(said).items()}
    if table.currentSnapshot() is None:
        return {}
    message = f"No state of dataset {alias} says how far its topics were read: others have written it, and what was before is forgotten."
    raise JobError(
        "DATASET_POSITION",
        f"{message} Go back to a state that says so (rollback_to_snapshot), or declare another dataset.",
    )


def _last_said(table: Any) -> str | None:  # noqa: ANN401  (Java's)
    """The positions of the newest commit that has some."""
    snapshot = table.currentSnapshot()
    while snapshot is not None:
        if (said := snapshot.summary().get(POSITION)) is not None:
            return str(said)
        parent = snapshot.parentId()
        snapshot = None if parent is None else table.snapshot(parent)
    return None


def _start(
    known: Position | None, state: TopicState, alias: str, name: str, events: Events
) -> tuple[dict[int, int], int]:
    """Where to go on in each partition, and how many offsets are lost."""
    if known is None:
        return dict(state.first), 0
    if known.id != state.id:
        events.note(f"{name} was made again since the last append to {alias}: all of its records are new")
        return dict(state.first), 0
    start, missed = {}, 0
    for partition, first in state.first.items():
        wanted = known.offsets.get(str(partition), first)
        if wanted > state.end[partition]:
            said = f"Partition {partition} of {name} ends at {state.end[partition]}, and was read up to {wanted} for dataset {alias}"
            raise JobError(
                "DATASET_POSITION", f"{said}: the broker has lost records. Find out which before anything is appended."
            )
        start[partition] = max(wanted, first)
        missed += max(0, first - wanted)
    if missed:
        events.note(
            f"{missed:,} offsets of {name} had left the topic before they were appended to {alias}: run the job more often than records expire"
        )
    return start, missed
