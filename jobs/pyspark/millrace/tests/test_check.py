"""What is said of lines without Spark: the same as the jobs say of them, over lines of every kind."""

import io
import json
import random
from pathlib import Path

import pytest
from local.check import rows
from local.check.check import table_key
from pyspark.sql import DataFrame, SparkSession

from millrace.formats import delimited, json_lines
from millrace.formats.avro_schema import Field
from millrace.formats.json_schema import schema_of
from millrace.formats.lines import data_lines

FIELDS = [
    Field("id", "int", required=True),
    Field("total", "decimal", required=True, precision=6, scale=2),
    Field("town", "string", required=False),
    Field("n_l", "long", required=False),
    Field("ok", "boolean", required=False),
    Field("at", "timestamp", required=False),
]
VALUES = [
    *("1 -1 +1 1.0 9.99 9999.99 10000 1.001 0.10 1e3 00 .5 5. - -0 --1 0.1234567890123456789".split()),
    *("2147483647 2147483648 -2147483648 -2147483649 9223372036854775807 9223372036854775808".split()),
    *("12345678901234567890 123456789012345678901 x Köln \u00a01 \x01 \\".split(" ")),
    *("", " ", "\t", "\t1", "1\t", " 1 "),
    *("true FALSE True tru \u0130 2026-01-31T13:00:00Z 2026-01-31t13:00:00.5+01:00 2026-02-30T13:00:00Z".split()),
    *("2026-01-31T13:00:00 2026-01-31T13:00:00+18:01 2026-01-31".split()),
    *(
        '"1"',
        '" 1 "',
        '"2"  ',
        '"a|b"',
        '"a""b"',
        '"a',
        '"1',
        '"1 ',
        '1"',
        'a"b',
        '"a"b',
        '"a"\t',
        "''",
        '""',
        '"""',
        '""""',
        '"',
    ),
    *('"\\"', '"a\\"b"', '"1"1', '1""', '"a"|"b'),
]
SCHEMA = schema_of(
    json.dumps(
        {
            "type": "object",
            "properties": {
                "id": {"type": "integer", "minimum": -5},
                "amount": {"type": ["number", "null"], "multipleOf": 0.01, "maximum": 1000},
                "when": {"type": "string", "format": "date-time"},
                "ok": {"type": "boolean"},
                "name": {"type": "string", "minLength": 1, "maxLength": 4, "pattern": "^[a-zé😀]*$"},
                "kind": {"type": ["string", "null"], "enum": ["a", "b"]},
            },
            "required": ["id", "name"],
            "additionalProperties": False,
        }
    ),
    "a schema",
)
NUMBERS: list[str] = [
    *("1 -1 0 -0 1.0 1.50 1e2 1E-2 12.505 1.5000 1e400 -6 1001 1000.00 1e18 1e19 0e37 0e38 0e9999 0.00e39".split()),
    *("9223372036854775807 9223372036854775808 123456789012345678 99999999999999999e-17 1e-400 5e0000001".split()),
    *("9" * 38, "9" * 39, "9" * 1000, "9" * 1001, "0." + "1" * 1000, "0." + "1" * 1001, "1" + "0" * 40),
    *('NaN Infinity -Infinity 01 +1 1. .5 true null "1" [] {}'.split()),
]
TEXTS: list[str] = [
    *('"a" "b" "A" "abcd" "abcde" "" "é" "😀😀😀😀" "\\ud83d\\ude00" "\\ud83d" "\\ude00" "\\\\ud83d"'.split()),
    *('"a\\n" "\\x" "\\u0000" "\\/" null 1 [] {} "a true'.split()),
    *('"\t"', "'a'"),
]
MOMENTS: list[str] = [
    *('"2026-01-31T13:00:00Z" "2026-02-29T13:00:00Z" "2024-02-29T13:00:00Z" "2026-01-31t13:00:00z"'.split()),
    *('"2026-01-31T13:00:00+18:00" "2026-01-31T13:00:00+18:01" "2026-01-31T13:00:00+05:60"'.split()),
    *('"2026-01-31T24:00:00Z" "2026-01-31T13:60:00Z" "2026-01-31T13:00:60Z" "2026-04-31T13:00:00Z"'.split()),
    *('"2026-01-31T13:00:00.123456789123Z" "2026-01-31T13:00:00.Z" "2026-01-31T13:00:00"'.split()),
    *('"0000-02-29T00:00:00Z" "1900-02-29T00:00:00Z" "9999-12-31T23:59:59-18:00" "2026-13-01T00:00:00Z"'.split()),
    *('"2026-01-31 13:00:00Z"', '"2026-01-31T13:00:00Z "', "1", "null"),
]
OBJECTS = [
    *(
        "{}",
        "[]",
        "1",
        '"a"',
        "null",
        "{id:1}",
        "\x0b{}",
        "[" * 998 + "]" * 998,
        "[" * 999 + "]" * 999,
        "[" * 1000 + "]" * 1000,
    ),
    *('{"id":1,"name":"a"}' + rest for rest in (" ", " x", ",", "]", "//", ", 5", "\x00")),
    *(before + '{"id":1,"name":"a"}' for before in ("\t", "\ufeff", "\u00a0")),
    *(
        '{"id":1,"name":"a",' + rest + "}"
        for rest in ('"x":1', '"id":2', '"x":{"y":1,"y":2}', '"a":NaN', '"\\ud800":1', "")
    ),
]


def lines_of(spark: SparkSession, lines: list[bytes]) -> DataFrame:
    """Lines with their numbers, as they are read from a file."""
    texts = spark.createDataFrame([(number, line) for number, line in enumerate(lines, 1)], "line bigint, bytes binary")
    return data_lines(texts.selectExpr("line", "cast(bytes as string) text"), 0)


def differences(found: DataFrame, judge: rows.Judge, lines: list[bytes]) -> list[tuple[bytes, str | None, str | None]]:
    """Lines of which the two say different things, with what the jobs say and what is said without Spark."""
    jobs = {row.line: row.reason for row in found.select("line", "reason").collect()}
    ours = {number: judge(number, line) for number, line in enumerate(lines, 1) if rows.is_data(line)}
    assert jobs.keys() == ours.keys()
    assert len(set(jobs.values())) > 5
    return [(lines[number - 1], jobs[number], ours[number]) for number in jobs if jobs[number] != ours[number]]


def test_delimited_lines_are_judged_as_the_jobs_judge_them(spark: SparkSession) -> None:
    chosen = random.Random(1)

    def line() -> str:
        if chosen.random() < 0.3:
            return "".join(chosen.choices('"|1 a\t\\,', k=chosen.randint(1, 12)))
        # Mostly right, so that what is behind a mistake is judged too.
        good = ["1", "9.99", "a", "1", "true", "2026-01-31T13:00:00Z"]
        return "|".join(chosen.choice(VALUES) if chosen.random() < 0.4 else value for value in good)

    lines = [*(line().encode() for _ in range(3_000)), b"1|1|K\xf6ln|||", b"   ", b"\t", b"1|1"]
    found = delimited.parsed(lines_of(spark, lines), FIELDS, "|")
    assert differences(found, rows.delimited(FIELDS, "|"), lines) == []


def test_lines_of_json_are_judged_as_the_jobs_judge_them(spark: SparkSession) -> None:
    chosen = random.Random(1)

    def line() -> str:
        if chosen.random() < 0.1:
            return chosen.choice(OBJECTS)
        often: dict[str, tuple[str, list[str], float]] = {
            "id": ("1", NUMBERS, 0.95),
            "name": ('"a"', TEXTS, 0.95),
            "amount": ("1", NUMBERS, 0.4),
        }
        seldom: dict[str, tuple[str, list[str], float]] = {
            "when": (MOMENTS[0], MOMENTS, 0.3),
            "kind": ("null", TEXTS, 0.2),
            "ok": ("true", NUMBERS, 0.2),
        }
        parts = [
            f'"{name}":{chosen.choice(values) if chosen.random() < 0.4 else usual}'
            for name, (usual, values, how_often) in (often | seldom).items()
            if chosen.random() < how_often
        ]
        return "{" + ",".join(parts) + "}"

    lines = [
        b'\xef\xbb\xbf{"id":1,"name":"a"}',
        *(line().encode() for _ in range(3_000)),
        b'{"id":1,"name":"K\xf6"}',
        b" ",
    ]
    found = json_lines.parsed(lines_of(spark, lines), SCHEMA)
    assert differences(found, rows.json_lines(SCHEMA), lines) == []


@pytest.mark.parametrize("block", [b"a\r\nb\n\nc\rd", b"\xef\xbb\xbfa\r\nb\n\nc\rd\r\n", b"a\nb\n\nc\nd\r"])
def test_lines_end_as_in_the_files_that_jobs_read(spark: SparkSession, tmp_path: Path, block: bytes) -> None:
    path = tmp_path / "lines"
    path.write_bytes(block)
    read = [row.value.encode() for row in spark.read.text(path.as_uri()).collect()]
    assert [line for _, line in rows.numbered_lines(io.BytesIO(block))] == read


def test_an_end_of_line_between_two_blocks_is_one() -> None:
    class Halves(io.BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            return super().read(3)

    assert list(rows.numbered_lines(Halves(b"abcde\r\nf"))) == [(1, b"abcde"), (2, b"f")]


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("^[A-Z]{2}\\d+\\z", "AB12", True),
        ("^a.c\\z", "a\u2028c", False),
        ("^\\d\\z", "٣", False),
        ("[^ab]", "ab", False),
    ],
)
def test_patterns_that_both_languages_know_mean_the_same(pattern: str, text: str, fits: bool) -> None:
    translated = rows.python_pattern(pattern)
    assert translated is not None
    assert (translated.search(text) is not None) == fits


@pytest.mark.parametrize("pattern", ["\\p{L}", "a++", "[a&&b]", "(?i)a", "(?=a)", "\\Qa\\E", "[[a]b]", "\\bx", "\\h"])
def test_patterns_that_may_mean_something_else_are_left_to_the_job(pattern: str) -> None:
    assert rows.python_pattern(pattern) is None


def test_a_table_is_known_by_where_a_job_reads_it() -> None:
    job = 'towns = file.read_table(spark, spec, "towns", "town", events)\nfile.read_lines(spark, spec, "readings")\n'
    assert (table_key(job, "towns"), table_key(job, "readings")) == ("town", None)
    assert table_key('read_table(spark, spec, ALIAS, "town", events)', "towns") is None
