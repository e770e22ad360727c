"""What is seen of the columns of a file from which a pipeline is to be made, and the files of which none can be."""

import json
from pathlib import Path
from typing import Any

import pytest
from local.check.columns import described

from millrace.errors import JobError


def columns_of(path: Path, content: str) -> dict[str, dict[str, Any]]:
    path.write_text(content, "utf-8")
    return {column["name"]: column for column in described(path)["columns"]}


@pytest.mark.parametrize(
    ("values", "kind", "words"),
    [
        ("1 2 three", "string", '(not throughout a whole number, see line 4: "three")'),
        ("1.5 2 x", "string", '(not throughout a number, see line 4: "x")'),
        ("1 2.5", "number", "a number with 1 digit behind the point, from 1 to 2.5"),
        ("5.00", "number", "a number with 2 digits behind the point"),
        ("+1 -0", "integer", "a whole number, from -0 to 1"),
        ("01 2", "string", '(zeros in front, as in line 2: "01")'),
        ("9223372036854775807", "integer", "a whole number"),
        ("9223372036854775808", "string", "a text"),
        ("1234567890.1234567890", "string", "(a number has 18 digits, and these need 20)"),
        ("1e5 .5", "string", "a text"),
        ("true FALSE", "boolean", "true or false"),
        ("2026-01-31T13:00:00.5+01:00", "timestamp", "a date and time with an offset"),
        ("2026-01-31T13:00:00", "string", "with its offset)"),
        ("2026-02-30T13:00:00Z", "string", "with its offset)"),
        ("NaN null", "string", "a text"),
    ],
)
def test_texts_of_a_delimited_file_are_what_all_of_them_are(tmp_path: Path, values: str, kind: str, words: str) -> None:
    column = columns_of(tmp_path / "n.csv", "\n".join(["n", *values.split()]))["n"]
    assert (column["kind"], column["nullable"]) == (kind, False)
    assert words in column["words"]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2", '"x"'], "integer"),
        (["1", "1e2", "2.50"], "number"),
        (['"2026-01-31T13:00:00Z"', '"x"'], "string"),
        (['"2026-01-31T13:00:00Z"', "null"], "timestamp"),
        (["true"], "boolean"),
        (["[1]", "{}", "1"], None),
        (["1e20", "0.01"], None),
        (["null"], None),
    ],
)
def test_values_of_objects_are_what_most_of_them_are(tmp_path: Path, values: list[str], kind: str | None) -> None:
    columns = columns_of(tmp_path / "n.jsonl", "\n".join(f'{{"n": {value}, "a": 1}}' for value in values))
    assert columns.get("n", {}).get("kind") == kind


def test_no_two_columns_have_one_name(tmp_path: Path) -> None:
    names = list(columns_of(tmp_path / "n.csv", "a,A,a b,A-B,a,,2,сумма,line,_x\n1,2,3,4,5,6,7,8,9,10\n"))
    assert names == ["a", "A_2", "a_b", "a_b_2", "a_3", "column_6", "column_2", "column_8", "line_2", "x"]


def test_the_separator_is_the_one_that_parts_the_most(tmp_path: Path) -> None:
    path = tmp_path / "n.csv"
    path.write_text('"a,b,c"|d|e\n1|2|3\n')
    assert (described(path)["separator"], described(path)["header"]) == ("|", '"a,b,c"|d|e')


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("empty.csv", b"", "NO_COLUMNS", "names of its columns"),
        ("blank.csv", b"\na,b\n1,2\n", "NO_COLUMNS", "its first line is empty"),
        ("header.csv", b"a,b\r\n\r\n", "NO_COLUMNS", "no line of data with the 2 columns"),
        ("data.csv", b"1,2\n3,4\n", "NO_COLUMNS", "names no columns: 1,2"),
        ("list.json", b' [{"a": 1}]', "NO_COLUMNS", "jq"),
        ("empty.jsonl", b"{}\n{}\n", "NO_COLUMNS", "a name in it"),
        ("wide.csv", ",".join(f"c{number}" for number in range(201)).encode(), "NO_COLUMNS", "can be made of 200"),
        ("picture.png", b"\x89PNG\n\0", "FILE_UNREADABLE", "is not UTF-8"),
        ("utf16.csv", "a,b\n1,2\n".encode("utf-16"), "FILE_UNREADABLE", "is not UTF-8"),
        ("zero.csv", b"a,b\n\0,1\n", "FILE_UNREADABLE", "Line 2 of"),
        ("latin.csv", b"town\nK\xf6ln\n", "FILE_UNREADABLE", "Line 2 of"),
        (
            "nested.avsc",
            b'{"type":"record","name":"R","fields":[{"name":"x","type":"bytes"}]}',
            "WRONG_SCHEMA",
            "field x",
        ),
        (
            "text.avsc",
            b'{"type":"record","name":"R","fields":[{"name":"text","type":"string"}]}',
            "NO_COLUMNS",
            "text cannot be",
        ),
        (
            "wide.avsc",
            json.dumps(
                {
                    "type": "record",
                    "name": "R",
                    "fields": [
                        {"name": "x", "type": {"type": "bytes", "logicalType": "decimal", "precision": 20, "scale": 2}}
                    ],
                }
            ).encode(),
            "NO_COLUMNS",
            "20 digits",
        ),
        (
            "pattern.schema.json",
            b'{"type":"object","required":["a"],"properties":{"a":{"type":"string","pattern":"^[0-9]{5}$"}}}',
            "NO_COLUMNS",
            "bad-a",
        ),
        ("nowhere.csv", None, "FILE_UNREADABLE", "No such file"),
    ],
)
def test_a_file_of_which_no_columns_can_be_told_is_refused(
    tmp_path: Path, name: str, content: bytes | None, code: str, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(JobError) as caught:
        described(tmp_path / name)
    assert caught.value.code == code
    assert words in str(caught.value)
