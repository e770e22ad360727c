"""Files of JSON lines, one object each."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from millrace.formats.checks import judged
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import JsonSchema
from millrace.formats.lines import BYTE_ORDER_MARK


def parsed(lines: DataFrame, schema: JsonSchema) -> DataFrame:
    """The lines (`line` and `text`) with the schema's fields in their types and `reason` (string): null, or why the line is no row."""
    first = F.when(F.col("line") == 1, F.regexp_replace("text", f"^{BYTE_ORDER_MARK}", "")).otherwise(F.col("text"))
    frame, checks = JsonCodec(schema).decoded(lines.select("line", first.alias("text")), "text", "row")
    return judged(frame, ["line", "text", "row"], checks).frame.select("line", "text", "row.*", "reason")
