"""Whatever a spec, a table or a file of rows holds: it is read, or refused by a JobError in words; 1,000 inputs that a machine invents for each."""

import copy
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from hypothesis.configuration import set_hypothesis_home_dir
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.formats import delimited, json_lines
from millrace.formats.avro_schema import Field
from millrace.formats.json_schema import schema_of
from millrace.formats.small_table import keyed_by, parse_table
from millrace.job.spec import read_spec
from millrace.tests.frames import frame_of
from millrace.tests.specs import DOCUMENT

INPUTS = 1_000
SEED = int(os.environ.get("MILLRACE_FAULTS_SEED", "1"))
# What hypothesis keeps lies beside all else that is made.
set_hypothesis_home_dir(str(Path(__file__).parents[4] / "build" / "hypothesis"))
many = settings(
    max_examples=INPUTS,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=8), parts, max_size=3),
    max_leaves=5,
)


def paths_of(value: object, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The paths of all parts of a document."""
    if path:
        yield path
    for key, part in value.items() if isinstance(value, dict) else ():
        yield from paths_of(part, (*path, key))


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A spec with up to three of its parts replaced, left out, or named otherwise."""
    document: Any = copy.deepcopy(DOCUMENT)
    for path in draw(st.lists(st.sampled_from(list(paths_of(DOCUMENT))), min_size=1, max_size=3)):
        *above, name = path
        part = document
        for step in above:
            part = part.get(step) if isinstance(part, dict) else None
        if not isinstance(part, dict):
            continue
        how = draw(st.sampled_from(["replaced", "left out", "beside"]))
        if how == "left out":
            part.pop(name, None)
        else:
            part[name if how == "replaced" else draw(st.text(max_size=8))] = draw(anything)
    return json.dumps(document)


def refused(error: JobError, *codes: str) -> None:
    """Asserts that an error is one that its reader can act on."""
    assert error.code in codes
    assert re.search(r"\S+ \S+", error.message)
    assert "Traceback" not in error.message


@seed(SEED)
@many
@given(damaged() | st.text() | anything.map(json.dumps))
def test_a_spec_is_read_or_refused(text: str) -> None:
    try:
        read_spec(["--spec", text])
    except JobError as error:
        refused(error, "BAD_SPEC")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"pipeline": ' + "9" * 5_000 + "}"], ids=["deep", "long"])
def test_a_spec_that_python_itself_refuses_is_refused_in_words(text: str) -> None:
    with pytest.raises(JobError) as caught:
        read_spec(["--spec", text])
    refused(caught.value, "BAD_SPEC")


@seed(SEED)
@many
@given(
    st.binary(max_size=80)
    | st.lists(
        st.text(alphabet='ab,";\r\n\0 é\ufeff', max_size=12) | st.just("country,region"),
        max_size=6,
    ).map(lambda lines: "\n".join(lines).encode())
    | st.integers(0, 200_000).map(lambda length: b"country,region\nPeru," + b"x" * length)
)
def test_a_small_table_is_read_or_refused(content: bytes) -> None:
    try:
        table = keyed_by(parse_table(content, ("country", "region"), "regions.csv"), "country", "regions.csv")
        assert all(len(row) == 2 and all(row) for row in table.rows)
    except JobError as error:
        refused(error, "WRONG_COLUMNS", "BAD_LINE", "FILE_UNREADABLE", "AMBIGUOUS_KEY")


def lines_like(*rights: str) -> list[str]:
    """Lines of a file: right ones, damaged ones, and texts of any kind."""
    part = st.text(alphabet=st.characters(exclude_characters="\n\r", exclude_categories=["Cs"]), max_size=12)
    right = st.sampled_from(rights)
    cut = st.tuples(right, st.integers(0, 40), part, st.integers(0, 5)).map(
        lambda drawn: drawn[0][: drawn[1]] + drawn[2] + drawn[0][drawn[1] + drawn[3] :]
    )
    found: list[str] = []

    @seed(SEED)
    @many
    @given(st.one_of(right, cut, part))
    def draw(line: str) -> None:
        found.append(line)

    draw()
    return found


def test_every_line_of_a_delimited_file_is_a_row_or_has_a_reason(spark: SparkSession) -> None:
    fields = [
        Field("id", "int", required=True),
        Field("total", "decimal", required=True, precision=6, scale=2),
        Field("town", "string", required=False),
    ]
    texts = lines_like("1|9.99|Köln", '2|-0.5|"Washington, D.C."', "2147483647|9999.99|", '4|1|"a ""b"""')
    lines = frame_of(spark, list(enumerate(texts, 1)), "line BIGINT, text STRING")
    rows = delimited.parsed(lines, fields, "|").collect()
    assert len(rows) == len(texts) >= INPUTS
    reasons = {"unclosed-quote", "wrong-number-of-fields", "missing-id", "bad-id", "missing-total", "bad-total"}
    assert {row.reason for row in rows} - {None} <= reasons
    assert [row for row in rows if row.reason is None and (row.id is None or row.total is None)] == []


def test_a_line_that_leaves_a_quote_open_is_never_a_row_and_is_one_once_it_is_closed(spark: SparkSession) -> None:
    fields = [Field("id", "int", required=True), Field("town", "string", required=False)]
    words = st.lists(st.sampled_from(["a", "é", " ", ",", "\\", '""', "😀"]), max_size=6).map("".join)
    texts: list[str] = []

    @seed(SEED)
    @many
    @given(words, st.sampled_from(["", " ", "\t"]))
    def draw(town: str, blank: str) -> None:
        texts.append(f'1|{blank}"{town}')

    draw()
    opened, closed = ([(number, text + end) for number, text in enumerate(texts, 1)] for end in ("", '"'))
    form = "line BIGINT, text STRING"
    assert {row.reason for row in delimited.parsed(frame_of(spark, opened, form), fields, "|").collect()} == {
        "unclosed-quote"
    }
    found = delimited.parsed(frame_of(spark, closed, form), fields, "|").orderBy("line").collect()
    told = [text.partition('"')[2].replace('""', '"').strip(" ") or None for text in texts]
    assert [(row.id, row.town, row.reason) for row in found] == [(1, town, None) for town in told]


def test_every_line_of_a_file_of_json_lines_is_a_row_or_has_a_reason(spark: SparkSession) -> None:
    properties = {
        "id": {"type": "integer"},
        "amount": {"type": "number", "multipleOf": 0.01},
        "at": {"type": "string", "format": "date-time"},
        "town": {"type": ["string", "null"]},
    }
    schema = schema_of(json.dumps({"type": "object", "properties": properties, "required": ["id", "amount"]}), "it")
    texts = lines_like(
        '{"id": 1, "amount": 9.99, "at": "2026-01-31T13:00:00Z", "town": "Köln"}',
        '{"id": -5, "amount": 1e2, "town": null}',
        '{"amount": 0.5, "id": 9007199254740993}',
    )
    lines = frame_of(spark, list(enumerate(texts, 1)), "line BIGINT, text STRING")
    rows = json_lines.parsed(lines, schema).collect()
    assert len(rows) == len(texts) >= INPUTS
    assert {row.reason for row in rows if row.reason and not re.fullmatch(r"[a-z]+(-[A-Za-z-]+)*", row.reason)} == set()
    assert [row for row in rows if row.reason is None and (row.id is None or row.amount is None)] == []
