"""How a spec names a schema, and the codec that reads and writes what is of that schema."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal, Protocol

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.formats.checks import Decoded, Misfit
from millrace.formats.framing import AvroCodec
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import read_schema
from millrace.job.document import Url, at_least
from millrace.job.spec import Spec


@dataclass(frozen=True)
class AvroReference:
    """A schema in the registry."""

    format: Literal["avro"]
    id: Annotated[int, at_least(1)]


@dataclass(frozen=True)
class JsonReference:
    """A JSON Schema in a file."""

    format: Literal["json"]
    url: Url


Reference = AvroReference | JsonReference


class Codec(Protocol):
    """Reads and writes keys or values of one schema."""

    @property
    def names(self) -> list[str]:
        """The fields of a record; none where the schema is of none."""

    def decoded(self, records: DataFrame, column: str, name: str) -> Decoded:
        """The records with what is in a column (binary, or string) as `name`, and with hidden columns `_NAME...` that the checks need."""

    def encoded(self, column: str | None = None) -> Column:
        """The bytes of a record made of the columns that the schema names; of this one column where the schema is of no record."""

    def misfits(self, rows: DataFrame, column: str | None = None) -> list[Misfit]:
        """What these columns of the rows may hold that `decoded` would refuse."""


class TextCodec:
    """Reads and writes keys without a schema, as text."""

    names: ClassVar[list[str]] = []

    def decoded(self, records: DataFrame, column: str, name: str) -> Decoded:
        """See `Codec`; nothing can be wrong."""
        return Decoded(records.withColumn(name, F.col(column).cast("string")), [])

    def encoded(self, column: str | None = None) -> Column:
        """See `Codec`; null without a column."""
        return F.lit(None).cast("binary") if column is None else F.col(column).cast("string").cast("binary")

    def misfits(self, _rows: DataFrame, _column: str | None = None) -> list[Misfit]:
        """See `Codec`; there are none."""
        return []


def codec_of(spark: SparkSession, spec: Spec, reference: Reference | None, topic: str | None = None) -> Codec:
    """Fetches what a codec needs; once, at the start of a job.

    Args:
        spark: the session.
        spec: the job's spec, which says where the registry is.
        reference: the schema; None for text without one.
        topic: the topic whose values are read: its older and newer schemas must be known as well.
    """
    if reference is None:
        return TextCodec()
    if isinstance(reference, JsonReference):
        return JsonCodec(read_schema(spark, reference.url))
    registry = spec.declared(spec.registry, "registry")
    if topic is None:
        return AvroCodec(reference.id, {reference.id: registry.schema(reference.id)})
    return AvroCodec(reference.id, registry.schemas_of_values(topic, reference.id))
