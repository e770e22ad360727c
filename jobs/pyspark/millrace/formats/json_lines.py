"""Takes the lines of a file, one JSON object each, and a schema, and gives typed rows with the reason why a line is no row. Called by jobs that send
files.
"""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from millrace.formats import json_records
from millrace.formats.json_schema import JsonSchema
from millrace.formats.lines import BYTE_ORDER_MARK


def parsed(lines: DataFrame, schema: JsonSchema) -> DataFrame:
    """line, text, the typed fields, and `reason`: null, or why the line is no row (the codes of `json_records`)."""
    first = F.when(F.col("line") == 1, F.regexp_replace("text", f"^{BYTE_ORDER_MARK}", "")).otherwise(F.col("text"))
    rows = json_records.decoded(lines.select("line", first.alias("text")), "text", schema, "row")
    return rows.select("line", "text", "row.*", F.col("problem").alias("reason"))
