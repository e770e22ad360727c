"""Takes Avro bytes and gives framed ones (a zero byte, the schema's id in four bytes, the body), and back. Pure column expressions, used for keys
and values alike.

The frame is the one of Confluent's clients; the id is the registry's content id.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql.avro.functions import from_avro, to_avro

HEADER_LENGTH = 5


def header(schema_id: int) -> bytes:
    """The five bytes in front of the body."""
    return b"\x00" + schema_id.to_bytes(4, "big")


def encoded(value: Column, schema_id: int, schema: str) -> Column:
    """The value as framed Avro."""
    return F.concat(F.lit(header(schema_id)), to_avro(value, schema))


def decoded(framed: Column, writers: Mapping[int, str], reader_id: int) -> Column:
    """The framed value as the reader's schema has it, whichever of the known schemas wrote it.

    Null when the id is unknown. A body that cannot be decoded gives a struct whose fields are all null (Spark's PERMISSIVE mode), so test a
    required field, never the struct.
    """
    body = F.substring(framed, F.lit(HEADER_LENGTH + 1), F.length(framed) - HEADER_LENGTH)
    reader = writers[reader_id]
    first, *others = sorted(writers)

    def written_by(schema_id: int) -> tuple[Column, Column]:
        options = {"mode": "PERMISSIVE"} if schema_id == reader_id else {"mode": "PERMISSIVE", "avroSchema": reader}
        return _header_of(framed) == F.lit(header(schema_id)), from_avro(body, writers[schema_id], options)

    result = F.when(*written_by(first))
    for schema_id in others:
        result = result.when(*written_by(schema_id))
    return result


def framing_checks(framed: Column, known_ids: Sequence[int]) -> list[tuple[str, Column]]:
    """What can be wrong before the body is looked at, as code and condition, in the order in which they must be tested."""
    return [
        ("null-value", framed.isNull()),
        ("not-framed", (F.length(framed) <= HEADER_LENGTH) | (F.substring(framed, 1, 1) != F.lit(b"\x00"))),
        ("unknown-schema-id", ~_header_of(framed).isin([header(schema_id) for schema_id in sorted(known_ids)])),
    ]


def _header_of(framed: Column) -> Column:
    return F.substring(framed, 1, HEADER_LENGTH)
