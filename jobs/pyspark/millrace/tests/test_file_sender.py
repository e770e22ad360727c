"""What every producer does with the lines that are no rows."""

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.sending import file_sender
from millrace.sending.file_sender import Sending
from millrace.sending.numbering import Numbering
from millrace.tests.frames import frame_of
from millrace.tests.specs import DOCUMENT, spec_of

LINE = "line bigint, text string, reason string"


def test_rejects_are_written_with_line_reason_and_text_and_all_lines_counted(
    spark: SparkSession, tmp_path: Path
) -> None:
    lines = [(2, "a", None), (3, "b|ü", "bad-amount"), (4, "c", None), (5, "d", "wrong-number-of-fields")]
    counts = file_sender.write_rejects(frame_of(spark, lines, LINE), (tmp_path / "rejects").as_uri())
    assert counts == (4, 2)
    written = [
        json.loads(text)
        for part in (tmp_path / "rejects").glob("part-*")
        for text in part.read_text("utf-8").splitlines()
    ]
    assert written == [
        {"line": 3, "reason": "bad-amount", "text": "b|ü"},
        {"line": 5, "reason": "wrong-number-of-fields", "text": "d"},
    ]


def test_without_rejects_there_is_an_empty_file(spark: SparkSession, tmp_path: Path) -> None:
    counts = file_sender.write_rejects(frame_of(spark, [(2, "a", None)], LINE), (tmp_path / "rejects").as_uri())
    assert counts == (1, 0)
    assert not "".join(part.read_text() for part in (tmp_path / "rejects").glob("part-*"))


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([], "The file has no line of data"),
        (
            [(2, "a", "bad-amount"), (3, "b|c", "not-json"), (4, "d", "bad-amount")],
            "2 bad-amount, 1 not-json. All of them are in s3://rejects; correct the file. The first is line 2, bad-amount: a",
        ),
    ],
)
def test_a_file_without_a_row_is_told_at_once_with_its_reasons(
    spark: SparkSession, lines: list[tuple[int, str, str]], told: str
) -> None:
    error = file_sender.nothing_to_send(frame_of(spark, lines, LINE), "s3://rejects")
    assert (error.code, told in error.message) == ("NOTHING_TO_SEND", True)


def test_nothing_is_begun_with_a_file_without_a_row(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rejects = (tmp_path / "rejects").as_uri()
    writes = DOCUMENT["writes"] | {"results": {"kind": "folder", "url": rejects}}
    spec = spec_of(writes=writes, parameters={"rate": 0, "rows": 0})
    sending = Sending("deadLetters", (), Numbering("line", 9), lambda rows, *_: rows, rejects="results")
    with pytest.raises(JobError) as caught:
        file_sender.send_file(spec, Events("send"), frame_of(spark, [(2, "a", "bad-amount")], LINE), sending)
    assert (caught.value.code, rejects in caught.value.message) == ("NOTHING_TO_SEND", True)
    assert capsys.readouterr().out == ""
