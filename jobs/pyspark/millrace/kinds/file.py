"""Text files that jobs read: delimited, or of JSON lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pyspark.sql import DataFrame, SparkSession

from millrace.errors import JobError
from millrace.formats import delimited, json_lines, lines, small_table
from millrace.formats.avro_schema import fields_of, header_of
from millrace.formats.codecs import AvroReference, JsonReference, Reference
from millrace.formats.files import read_file
from millrace.formats.json_schema import read_schema
from millrace.job.document import Rule, Url
from millrace.job.events import Events
from millrace.job.spec import Spec


@dataclass(frozen=True)
class Input:
    """A file with the schema of its lines: Avro for delimited ones, else JSON."""

    url: Url
    schema: Reference
    separator: Annotated[str, Rule("one character", lambda text: len(text) == 1)] | None = None
    """Between the fields of delimited lines."""


def read_lines(spark: SparkSession, spec: Spec, alias: str, most: int = 0) -> DataFrame:
    """Reads a large file line by line, in a session with `millrace.formats.lines.WHOLE_FILE`; `most` lines of data, or all (0).

    Returns:
        `line` (bigint), `text` (string), the fields that the file's schema names, and `reason` (string): null, or why the line is no row.

    Raises:
        JobError: FILE_UNREADABLE, or WRONG_COLUMNS.
    """
    file = spec.input(alias, Input)
    read = lines.numbered_lines(spark, file.url)
    if isinstance(file.schema, JsonReference):
        return json_lines.parsed(lines.data_lines(read, most), read_schema(spark, file.schema.url))
    schema, separator = _schema(spec, file.schema), spec.declared(file.separator, f"separator of {alias}")
    fields = fields_of(schema, f"the schema of file {alias}")
    delimited.check_header(read, fields, separator, file.url, header_of(schema))
    return delimited.parsed(lines.data_lines(read, most, delimited.FIRST_DATA_LINE), fields, separator)


def read_table(spark: SparkSession, spec: Spec, alias: str, key: str, events: Events) -> DataFrame:
    """Reads a small delimited file once; which one it was is noted with its hash.

    Returns:
        The columns that the file's schema names, as strings, each value of the column `key` once; the rows are part of the plan.

    Raises:
        JobError: FILE_UNREADABLE, WRONG_COLUMNS, BAD_LINE, or AMBIGUOUS_KEY.
    """
    file = spec.input(alias, Input)
    if not isinstance(file.schema, AvroReference):
        raise JobError("WRONG_SCHEMA", f"{alias} is a file of JSON lines; a table is delimited, with an Avro schema.")
    columns = [field.name for field in fields_of(_schema(spec, file.schema), f"the schema of file {alias}")]
    separator = spec.declared(file.separator, f"separator of {alias}")
    parsed = small_table.parse_table(read_file(spark, file.url), columns, file.url, separator)
    table = small_table.keyed_by(parsed, key, file.url)
    events.note(f"{alias}: {len(table.rows)} rows, sha256 {table.sha256}")
    return small_table.frame_of(spark, table)


def _schema(spec: Spec, schema: AvroReference) -> str:
    return spec.declared(spec.registry, "registry").schema(schema.id)
