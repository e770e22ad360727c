"""Delimited files: typed rows, line numbers, and a reason for every line that is no row."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.formats.avro_schema import Field
from millrace.formats.delimited import FIRST_DATA_LINE, check_header, parsed
from millrace.formats.lines import WHOLE_FILE, data_lines, numbered_lines

FIELDS = [
    Field("id", "int", required=True),
    Field("total", "decimal", required=True, precision=6, scale=2),
    Field("town", "string", required=False),
]
HEADER = "id|total|town"


@pytest.fixture(autouse=True)
def whole_files(spark: SparkSession) -> Iterator[None]:
    for name, value in WHOLE_FILE.items():
        spark.conf.set(name, value)
    yield
    for name in WHOLE_FILE:
        spark.conf.unset(name)


def written(folder: Path, content: bytes) -> str:
    path = folder / "readings.csv"
    path.write_bytes(content)
    return path.as_uri()


def rows_of(spark: SparkSession, url: str, most: int = 0) -> list[tuple[object, ...]]:
    lines = numbered_lines(spark, url)
    check_header(lines, FIELDS, "|", "readings.csv")
    return [
        (r.line, r.id, r.total, r.town, r.reason)
        for r in parsed(data_lines(lines, most, FIRST_DATA_LINE), FIELDS, "|").collect()
    ]


def test_every_line_is_a_row_or_has_a_reason(spark: SparkSession, tmp_path: Path) -> None:
    lines = {
        "1|9.99|Köln": (1, Decimal("9.99"), "Köln", None),
        " 2 | 10 |": (2, Decimal("10.00"), None, None),
        '3|-0.5|"Washington, D.C."': (3, Decimal("-0.50"), "Washington, D.C.", None),
        '4|1| "a|b ""c"""': (4, Decimal("1.00"), 'a|b "c"', None),
        "5|1.00": (None, None, None, "wrong-number-of-fields"),
        "6|1.00|a|b": (None, None, None, "wrong-number-of-fields"),
        '7|1.00|"a': (None, None, None, "unclosed-quote"),
        '7|1.00|"': (None, None, None, "unclosed-quote"),
        '7|1.00|"a ""b"" ': (None, None, None, "unclosed-quote"),
        '7|"1.00|a': (None, None, None, "unclosed-quote"),
        '7|1.00|a|"b': (None, None, None, "wrong-number-of-fields"),
        '7|1.00|a "b': (7, Decimal("1.00"), 'a "b', None),
        '7|1.00|"a"b': (7, Decimal("1.00"), '"a"b', None),
        '7|1.00|"a ""b"""': (7, Decimal("1.00"), 'a "b"', None),
        "x|1.00|a": (None, None, None, "bad-id"),
        "2147483648|1.00|a": (None, None, None, "bad-id"),
        "1.0|1.00|a": (None, None, None, "bad-id"),
        "|1.00|a": (None, None, None, "missing-id"),
        '""|1.00|a': (None, None, None, "missing-id"),
        "8||a": (None, None, None, "missing-total"),
        "8|ten|a": (None, None, None, "bad-total"),
        "8|1e3|a": (None, None, None, "bad-total"),
        "8|1.001|a": (None, None, None, "bad-total"),
        "8|10000.00|a": (None, None, None, "bad-total"),
        "8|9999.990|a": (8, Decimal("9999.99"), "a", None),
    }
    url = written(tmp_path, "\n".join([HEADER, *lines]).encode())
    for (_line, *values, reason), (text, expected) in zip(rows_of(spark, url), lines.items(), strict=True):
        assert reason == expected[-1], text
        if reason is None:
            assert tuple(values) == expected[:-1], text


@pytest.mark.parametrize(
    "content",
    [
        b"id|total|town\n1|1.00|a\n2|2.00|b\n",
        b"id|total|town\r\n1|1.00|a\r\n2|2.00|b\r\n\r\n",
        b"\xef\xbb\xbfid|total|town\n1|1.00|a\n2|2.00|b",
        b'"id"|"total"|"town"\n1|1.00|a\n2|2.00|b\n   \n\n',
    ],
)
def test_line_ends_byte_order_marks_and_blank_lines_are_no_data(
    spark: SparkSession, tmp_path: Path, content: bytes
) -> None:
    expected = [(2, 1, Decimal("1.00"), "a", None), (3, 2, Decimal("2.00"), "b", None)]
    assert rows_of(spark, written(tmp_path, content)) == expected


def test_a_blank_line_between_rows_counts_as_a_line_but_not_as_a_row(spark: SparkSession, tmp_path: Path) -> None:
    url = written(tmp_path, b"id|total|town\n\n1|1.00|a\n\n2|2.00|b\n3|3.00|c\n")
    assert [row[:2] for row in rows_of(spark, url)] == [(3, 1), (5, 2), (6, 3)]
    assert [row[:2] for row in rows_of(spark, url, most=2)] == [(3, 1), (5, 2)]


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ("id|town", "Missing: total"),
        ("id|town|total", "in this order, id, total, town"),
        ("id|total|town|x", "has the columns"),
        ("", "Missing: id"),
    ],
)
def test_a_file_with_other_columns_is_refused(spark: SparkSession, tmp_path: Path, header: str, told: str) -> None:
    url = written(tmp_path, f"{header}\n1|1.00|a\n".encode())
    with pytest.raises(JobError, match=told) as caught:
        rows_of(spark, url)
    assert caught.value.code == "WRONG_COLUMNS"


def test_an_empty_or_missing_file_is_refused(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"\(none\)"):
        rows_of(spark, written(tmp_path, b""))
    with pytest.raises(JobError, match=r"nothing\.csv") as caught:
        rows_of(spark, (tmp_path / "nothing.csv").as_uri())
    assert caught.value.code == "FILE_UNREADABLE"


def test_a_large_file_keeps_its_order_and_line_numbers(spark: SparkSession, tmp_path: Path) -> None:
    """Spark would split a file of more than 4 MB among the cores."""
    url = written(
        tmp_path, b"id|total|town\n" + b"".join(b"%d|1.00|%050d\n" % (number, 0) for number in range(100_000))
    )
    lines = numbered_lines(spark, url)
    assert lines.rdd.getNumPartitions() == 1
    ids = parsed(data_lines(lines, 0, FIRST_DATA_LINE), FIELDS, "|").where("line <> id + 2").count()
    assert ids == 0
