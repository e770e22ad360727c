"""Fields of a line from an Avro schema."""

import json

import pytest

from millrace.errors import JobError
from millrace.formats.avro_schema import Field, fields_of


def record(field_type: object) -> str:
    return json.dumps({"type": "record", "name": "Line", "fields": [{"name": "x", "type": field_type}]})


@pytest.mark.parametrize(
    ("declared", "expected"),
    [
        ("int", Field("x", "int", required=True)),
        (["null", "string"], Field("x", "string", required=False)),
        ("boolean", Field("x", "boolean", required=True)),
        ({"type": "long", "logicalType": "timestamp-millis"}, Field("x", "timestamp", required=True)),
        ({"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}, Field("x", "decimal", True, 10, 2)),
        (["null", {"type": "bytes", "logicalType": "decimal", "precision": 4}], Field("x", "decimal", False, 4, 0)),
    ],
)
def test_types_that_a_file_can_hold(declared: object, expected: Field) -> None:
    assert fields_of(record(declared), "a schema") == [expected]


@pytest.mark.parametrize(
    "schema", ['"int"', record("bytes"), record(["int", "string"]), record({"type": "array", "items": "int"})]
)
def test_other_types_are_refused(schema: str) -> None:
    with pytest.raises(JobError) as caught:
        fields_of(schema, "a schema")
    assert caught.value.code == "WRONG_SCHEMA"
