"""JSON records: exact values, or the first thing that is wrong; and records made of columns."""

import json
from datetime import UTC, datetime
from decimal import Decimal

from pyspark.sql import DataFrame, Row, SparkSession

from millrace.formats.checks import Judged, judged
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import JsonSchema, schema_of
from millrace.tests.frames import frame_of

PROPERTIES = {
    "id": {"type": "integer", "minimum": 0, "maximum": 2**53},
    "level": {"type": "number", "multipleOf": 0.01, "minimum": -50.5},
    "taken_at": {"type": "string", "format": "date-time"},
    "place": {"type": ["string", "null"], "minLength": 2, "maxLength": 4, "pattern": "^[A-Zé]"},
    "code": {"type": "string", "pattern": "^[A-Z$]+$"},
    "kind": {"type": "string", "enum": ["air", "sea"]},
    "checked": {"type": ["boolean", "null"]},
}
SCHEMA = schema_of(
    json.dumps({"type": "object", "properties": PROPERTIES, "required": ["id", "level", "taken_at"]}), "a schema"
)
CLOSED = schema_of(
    json.dumps({"type": "object", "properties": {"id": {"type": "integer"}}, "additionalProperties": False}), "closed"
)
TIME = '"taken_at":"2026-05-21T10:00:00Z"'


def reading(level: str = "1", more: str = "", number: str = "7") -> bytes:
    return f'{{"id":{number},"level":{level},{TIME}{more}}}'.encode()


def decoded(records: DataFrame, column: str, schema: JsonSchema, name: str) -> Judged:
    found, checks = JsonCodec(schema).decoded(records, column, name)
    return judged(found, [*records.columns, name], checks)


def rows_of(spark: SparkSession, values: list[bytes | None]) -> list[Row]:
    rows = frame_of(spark, list(enumerate(values)), "number int, value binary")
    return decoded(rows, "value", SCHEMA, "reading").frame.orderBy("number").collect()


def test_numbers_are_exact_however_they_are_written(spark: SparkSession) -> None:
    zeros = "0" * 40
    levels = {
        "12.50": "12.50",
        "12.5": "12.50",
        "12": "12.00",
        "1e1": "10.00",
        "1.25E+1": "12.50",
        "1250e-2": "12.50",
        f"12.5{zeros}": "12.50",
        "-0.0": "0.00",
        "0e0": "0.00",
        "1e15": "1000000000000000.00",
        "9007199254740993.01": "9007199254740993.01",
        "0.29": "0.29",
        "12.505": None,
        "1255e-3": None,
        f"12.5{zeros}1": None,
        f"1.25{zeros}1e1": None,
        "99999999999999999.99": None,
        "1e16": None,
        "1e400": None,
        "1e-400": None,
        "1e999999999": None,
        "1e-999999999": None,
        '"12.50"': None,
        "true": None,
        "null": None,
        "[1]": None,
        "-50.51": None,
        "-50.5": "-50.50",
    }
    rows = rows_of(spark, [reading(level) for level in levels])
    found = {level: None if row.reason else str(row.reading.level) for level, row in zip(levels, rows, strict=True)}
    assert found == levels
    assert {row.reason for row in rows} == {None, "bad-level"}


def test_the_text_of_a_number_is_taken_from_its_own_field(spark: SparkSession) -> None:
    values = [
        reading("1e1", ',"more":{"level":1.005,"list":[2e3,null,true,{"level":3}]}'),
        reading("1e1", ',"note":"\\"level\\":5e5 \\\\"'),
        reading("1e1", number="2e0"),
        reading("1", ',"note":1e400'),
        reading("1").replace(b'"level":1', b'"\\u006cevel":1e1'),
    ]
    rows = rows_of(spark, list(values))
    assert [(row.reason, str(row.reading.level), row.reading.id) for row in rows] == [
        (None, "10.00", 7),
        (None, "10.00", 7),
        (None, "10.00", 2),
        (None, "1.00", 7),
        (None, "10.00", 7),
    ]


def test_every_value_is_good_or_has_the_first_thing_that_is_wrong(spark: SparkSession) -> None:
    cases: dict[str, tuple[bytes | None, str | None]] = {
        "no value": (None, "null-value"),
        "empty": (b"", "not-json"),
        "blank": (b" \t", "not-json"),
        "text": (b"hello", "not-json"),
        "cut off": (reading()[:-1], "not-json"),
        "text behind": (reading() + b" x", "not-json"),
        "a brace behind": (reading() + b"}", "not-json"),
        "a second object": (reading() + reading(), "not-json"),
        "a second object after a comma": (reading() + b"," + reading(), "not-json"),
        "a closed list": (reading() + b"],[1", "not-json"),
        "a number after a comma": (reading() + b",5", "not-json"),
        "a number and a closed list": (reading() + b",0] x", "not-json"),
        "a comment": (reading() + b"//", "not-json"),
        "a line break behind": (reading() + b" \r\n", None),
        "a name twice": (reading(more=',"id":8'), "not-json"),
        "a name twice, once escaped": (reading(more=',"i\\u0064":8'), "not-json"),
        "a name twice further down": (reading(more=',"more":{"a":1,"a":2}'), "not-json"),
        "not UTF-8": (reading(more=',"place":"K\xf6ln"').decode().encode("latin-1"), "not-json"),
        "single quotes": (b"{'id':7}", "not-json"),
        "a leading zero": (reading("01"), "not-json"),
        "not a number": (reading("NaN"), "not-json"),
        "a list": (b"[" + reading() + b"]", "not-an-object"),
        "null": (b"null", "not-an-object"),
        "a number": (b"7", "not-an-object"),
        "nothing in it": (b"{}", "missing-id"),
        "a name in capitals": (reading().replace(b"level", b"LEVEL"), "missing-level"),
        "null for a required field": (reading(number="null"), "bad-id"),
        "two wrong fields": (reading(number="-1", level='"x"'), "bad-id"),
        "a fraction": (reading(number="7.5"), "bad-id"),
        "a whole number with a point": (reading(number="7.0"), None),
        "too large for its rule": (reading(number="9007199254740993"), "bad-id"),
        "too large for its column": (reading(number="9223372036854775808"), "bad-id"),
        "a time without offset": (reading().replace(b"00Z", b"00"), "bad-taken-at"),
        "a time with a blank": (reading().replace(b"T", b" "), "bad-taken-at"),
        "a time with a line break behind": (reading().replace(b'00Z"', b'00Z\\n"'), "bad-taken-at"),
        "a day that does not exist": (reading().replace(b"05-21", b"02-30"), "bad-taken-at"),
        "a time with an offset": (reading().replace(b"00Z", b"00.5+02:00"), None),
        "a text too short": (reading(more=',"place":"A"'), "bad-place"),
        "a text too long": (reading(more=',"place":"ABCDE"'), "bad-place"),
        "four characters of more bytes": (reading(more=',"place":"é😀éé"'), None),
        "a text that does not match": (reading(more=',"place":"abc"'), "bad-place"),
        "a text with a line break behind": (reading(more=',"code":"AB\\n"'), "bad-code"),
        "half a surrogate pair": (reading(more=',"place":"U\\ud800"'), "not-json"),
        "its other half": (reading(more=',"place":"U\\udc00\\ud83d"'), "not-json"),
        "a surrogate pair": (reading(more=',"place":"U\\ud83d\\uDE00"'), None),
        "a backslash before the letter u": (reading(more=',"note":"\\\\ud800"'), None),
        "a number for a text": (reading(more=',"place":12'), "bad-place"),
        "null where it may be": (reading(more=',"place":null,"checked":null'), None),
        "null where it may not be": (reading(more=',"kind":null'), "bad-kind"),
        "a word that is not allowed": (reading(more=',"kind":"land"'), "bad-kind"),
        "a text for a boolean": (reading(more=',"checked":"true"'), "bad-checked"),
        "all fields": (reading(more=',"place":"Ulm","kind":"sea","checked":true,"more":[]'), None),
    }
    rows = rows_of(spark, [value for value, _ in cases.values()])
    assert {name: row.reason for name, row in zip(cases, rows, strict=True)} == {
        name: problem for name, (_, problem) in cases.items()
    }
    assert {row.reason for row in rows if row.reason} <= set(
        decoded(frame_of(spark, [], "value binary"), "value", SCHEMA, "reading").reasons
    )
    *others, moment = (rows[-1].reading[name] for name in ("id", "level", "place", "kind", "checked", "taken_at"))
    assert others == [7, Decimal("1.00"), "Ulm", "sea", True]
    assert f"{moment:%H:%M:%S.%f}" == "10:00:00.000000"
    with_offset = rows[list(cases).index("a time with an offset")].reading.taken_at
    assert f"{with_offset:%H:%M:%S.%f}" == "08:00:00.500000"


def test_unknown_fields_are_wrong_only_where_the_schema_says_so(spark: SparkSession) -> None:
    rows = frame_of(spark, [(1, '{"id":1}'), (2, '{"id":1,"x":2}'), (3, "{}")], "number int, text string")
    found = decoded(rows, "text", CLOSED, "object")
    assert [row.reason for row in found.frame.orderBy("number").collect()] == [None, "unknown-field", None]
    assert found.reasons == ("null-value", "not-json", "not-an-object", "bad-id", "unknown-field")


def test_columns_become_an_object_in_the_order_of_the_schema_and_come_back(spark: SparkSession) -> None:
    moment = datetime(2026, 5, 21, 10, tzinfo=UTC)
    rows = [("sea", Decimal("10.50"), 7, moment, None, "x"), ("air", Decimal("0.00"), 8, moment, 'é"\n', "x")]
    columns = "kind string, level decimal(28,2), id bigint, taken_at timestamp, place string, other string"
    frame = frame_of(spark, rows, columns).selectExpr("*", "cast(null as boolean) checked", "cast(null as string) code")
    made = frame.orderBy("id").select(JsonCodec(SCHEMA).encoded().alias("value")).cache()
    texts = [bytes(row.value).decode() for row in made.collect()]
    assert texts[0] == (
        '{"id":7,"level":10.50,"taken_at":"2026-05-21T10:00:00.000Z","place":null,"code":null,"kind":"sea","checked":null}'
    )
    assert json.loads(texts[1])["place"] == 'é"\n'
    assert '"level":0.00,' in texts[1]
    back = decoded(made, "value", SCHEMA, "reading").frame.collect()
    assert [str(row.reading.level) for row in back] == ["10.50", "0.00"]
