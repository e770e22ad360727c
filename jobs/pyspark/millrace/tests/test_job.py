"""How a job ends: its exit code and its last line."""

import json
from collections.abc import Sequence

import pytest

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.run import run


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_job_that_did_its_work(capsys: pytest.CaptureFixture[str]) -> None:
    def main(given: Sequence[str], events: Events) -> None:
        events.started()
        events.result(rows=len(given))

    assert run("count", main, ["a", "b"]) == 0
    assert lines(capsys.readouterr().out) == [
        {"event": "started", "job": "count"},
        {"event": "result", "job": "count", "rows": 2},
    ]


def test_a_mistake_is_told_in_one_line_without_a_stack_trace(capsys: pytest.CaptureFixture[str]) -> None:
    def main(_given: Sequence[str], _events: Events) -> None:
        raise JobError("FILE_UNREADABLE", "no.csv cannot be read: it does not exist")

    assert run("count", main, []) == 1
    told = capsys.readouterr()
    assert lines(told.out)[-1] == {
        "event": "failed",
        "job": "count",
        "code": "FILE_UNREADABLE",
        "message": "no.csv cannot be read: it does not exist",
    }
    assert told.err == "count: no.csv cannot be read: it does not exist\n"


def test_an_error_that_nobody_foresaw_leaves_its_stack_trace(capsys: pytest.CaptureFixture[str]) -> None:
    def main(_given: Sequence[str], _events: Events) -> None:
        raise ZeroDivisionError("by zero")

    assert run("count", main, []) == 1
    told = capsys.readouterr()
    assert lines(told.out)[-1]["code"] == "UNEXPECTED"
    assert "Traceback" in told.err
