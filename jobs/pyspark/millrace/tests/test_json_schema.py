"""A JSON Schema as columns and rules, and the refusal of what could not be kept."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.formats.json_schema import JsonField, read_schema, schema_of


def document(field: object, **others: object) -> str:
    return json.dumps({"type": "object", "properties": {"x": field}, **others})


@pytest.mark.parametrize(
    ("declared", "expected", "column_type"),
    [
        ({"type": "string"}, JsonField("x", "string", False, False), "string"),
        (
            {"type": ["string", "null"], "minLength": 1, "maxLength": 9, "pattern": r"^a[$]\$?$", "enum": ["a", "ab"]},
            JsonField("x", "string", False, True, shortest=1, longest=9, pattern=r"^a[$]\$?\z", allowed=("a", "ab")),
            "string",
        ),
        ({"type": "string", "format": "date-time"}, JsonField("x", "timestamp", False, False), "timestamp"),
        ({"type": "integer", "minimum": 0}, JsonField("x", "integer", False, False, minimum=Decimal(0)), "bigint"),
        (
            {"type": "number", "multipleOf": 0.01, "maximum": 0.3, "description": "exact"},
            JsonField("x", "number", False, False, digits=2, maximum=Decimal("0.3")),
            "decimal(18,2)",
        ),
        ({"type": ["null", "number"], "multipleOf": 1}, JsonField("x", "number", False, True), "decimal(18,0)"),
        ({"type": "boolean", "title": "x"}, JsonField("x", "boolean", False, False), "boolean"),
    ],
)
def test_a_property_is_a_column_and_its_rules(declared: object, expected: JsonField, column_type: str) -> None:
    schema = schema_of(document(declared), "a schema")
    assert (schema.fields, schema.closed) == ((expected,), False)
    assert schema.fields[0].column_type == column_type


def test_required_fields_and_objects_without_others() -> None:
    schema = schema_of(document({"type": "boolean"}, required=["x"], additionalProperties=False), "a schema")
    assert (schema.fields[0].required, schema.closed) == (True, True)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{", "a schema is not JSON"),
        ("[]", "no object"),
        (json.dumps({"type": "object"}), "no object"),
        (document({"type": "array"}), "property x: the type is 'array'; allowed are string, integer"),
        (document({"type": ["string", "integer"]}), "the type is"),
        (document({"type": "null"}), "the type is"),
        (document({"type": "number"}), "multipleOf is None"),
        (document({"type": "number", "multipleOf": 0.05}), r"multipleOf is 0\.05"),
        (document({"type": "number", "multipleOf": 10}), "multipleOf is 10"),
        (document({"type": "string", "format": "email"}), "the format is 'email'; allowed is date-time"),
        (document({"type": "string", "const": "a"}), "const is not understood; allowed are"),
        (document({"type": "boolean"}, patternProperties={}), "patternProperties is not understood"),
    ],
)
def test_what_could_not_be_kept_is_refused(text: str, told: str) -> None:
    with pytest.raises(JobError, match=told) as caught:
        schema_of(text, "a schema")
    assert caught.value.code == "WRONG_SCHEMA"


def test_a_schema_is_read_from_a_file(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "x.schema.json"
    path.write_text(document({"type": "boolean"}), encoding="utf-8")
    assert [field.name for field in read_schema(spark, path.as_uri()).fields] == ["x"]
