"""Small tables: checked rows, and a hash of the file."""

import hashlib
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.formats.files import read_file
from millrace.formats.small_table import SmallTable, frame_of, keyed_by, parse_table

COLUMNS = ("country", "region")


def test_quotes_blanks_and_accents() -> None:
    content = '\ufeffcountry,region\r\n"Virgin Islands, U.S.", "Latin America"\r\nRéunion ,Africa\r\n\r\n'.encode()
    table = parse_table(content, COLUMNS, "regions.csv")
    assert table.rows == (("Virgin Islands, U.S.", "Latin America"), ("Réunion", "Africa"))
    assert table.sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("content", "code", "told"),
    [
        (b"country\nFrance\n", "WRONG_COLUMNS", "needed are country, region"),
        (b"region,country\nEurope,France\n", "WRONG_COLUMNS", "has the columns region, country"),
        (b"", "WRONG_COLUMNS", "is empty"),
        (b"country,region\nFrance\n", "BAD_LINE", "line 2"),
        (b"country,region\nFrance,Europe\nPeru,\n", "BAD_LINE", "line 3"),
        (b'country,region\nFrance,Europe\nPeru,"Latin America\n', "BAD_LINE", "line 3 opens a quote"),
        (b'"country,region\nFrance,Europe\n', "BAD_LINE", "line 1 opens a quote"),
        (b"country,region\nC\xf4te,Africa\n", "FILE_UNREADABLE", "is not UTF-8"),
        (b"country,region\nPeru," + b"x" * 200_000, "BAD_LINE", "field larger than field limit"),
    ],
)
def test_a_file_that_would_give_wrong_answers_is_refused(content: bytes, code: str, told: str) -> None:
    with pytest.raises(JobError, match=told) as caught:
        parse_table(content, COLUMNS, "regions.csv")
    assert caught.value.code == code


def test_a_key_may_come_twice_only_with_the_same_row() -> None:
    table = parse_table(b"country,region\nPeru,A\nPeru,A\nChile,A\n", COLUMNS, "regions.csv")
    assert keyed_by(table, "country", "regions.csv").rows == (("Peru", "A"), ("Chile", "A"))
    with pytest.raises(JobError, match="'Peru' twice"):
        keyed_by(parse_table(b"country,region\nPeru,A\nPeru,B\n", COLUMNS, "regions.csv"), "country", "regions.csv")


def test_a_file_becomes_a_frame(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "regions.csv"
    path.write_text("country,region\nPeru,Latin America\n", encoding="utf-8")
    table = parse_table(read_file(spark, path.as_uri()), COLUMNS, "regions.csv")
    assert [row.asDict() for row in frame_of(spark, table).collect()] == [
        {"country": "Peru", "region": "Latin America"}
    ]
    assert frame_of(spark, SmallTable(COLUMNS, (), "")).count() == 0


def test_its_rows_are_part_of_the_plan(spark: SparkSession, capsys: pytest.CaptureFixture[str]) -> None:
    """A frame made of a Python list is delivered by Python workers, which each micro-batch of a stream would start."""
    table = SmallTable(COLUMNS, (("Côte d'Ivoire", 'the "new" \\ Africa'), ("Peru", "Latin America")), "")
    frame = frame_of(spark, table)
    assert [tuple(row) for row in frame.collect()] == list(table.rows)
    frame.explain()
    plan = capsys.readouterr().out
    assert "LocalTableScan" in plan
    assert "RDD" not in plan
