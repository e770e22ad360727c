"""Files of JSON lines: typed rows, line numbers, and a reason for every line that is no row."""

import json
from pathlib import Path

from pyspark.sql import SparkSession

from millrace.formats.json_lines import parsed
from millrace.formats.json_schema import schema_of
from millrace.formats.lines import data_lines, numbered_lines

PROPERTIES = {"id": {"type": "integer"}, "town": {"type": ["string", "null"]}}
SCHEMA = schema_of(json.dumps({"type": "object", "properties": PROPERTIES, "required": ["id"]}), "a schema")


def test_every_line_is_a_row_or_has_a_reason(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "readings.jsonl"
    lines = ['\ufeff{"id":1}', "", '{"id":2,"town":"Köln"}\r', "   ", "{'id':3}", '{"town":"Ulm"}', '\ufeff{"id":4}']
    path.write_bytes("\n".join(lines).encode() + b'\n{"id":5,"town":"K\xf6ln"}\n')
    rows = parsed(data_lines(numbered_lines(spark, path.as_uri()), 0), SCHEMA).orderBy("line").collect()
    assert [(row.line, row.id, row.town, row.reason) for row in rows] == [
        (1, 1, None, None),
        (3, 2, "Köln", None),
        (5, None, None, "not-json"),
        (6, None, "Ulm", "missing-id"),
        (7, None, None, "not-json"),
        (8, None, None, "not-json"),
    ]
    assert [row.text for row in rows[2:4]] == ["{'id':3}", '{"town":"Ulm"}']
