"""How a job ends: its exit code and its last line."""

import json
from pathlib import Path

import pytest
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.run import StartAgain, run
from millrace.job.spec import Spec
from millrace.tests.specs import DOCUMENT

GIVEN = ["--spec", json.dumps(DOCUMENT)]


def lines(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_job_that_did_its_work(capsys: pytest.CaptureFixture[str]) -> None:
    def main(spec: Spec, events: Events) -> None:
        events.started()
        events.result(rows=len(spec.reads))

    assert run(main, GIVEN) == 0
    assert lines(capsys.readouterr().out) == [
        {"event": "started", "job": "sum"},
        {"event": "result", "job": "sum", "rows": 2},
    ]


def test_what_happens_is_told_at_once(tmp_path: Path) -> None:
    """A job that is killed a moment later has told it."""
    path = tmp_path / "stdout.jsonl"
    with path.open("w", encoding="utf-8") as out:
        events = Events("sum", out)
        events.started()
        events.failed("X", "größer")
        assert [line["event"] for line in lines(path.read_text(encoding="utf-8"))] == ["started", "failed"]


def test_a_mistake_is_told_in_one_line_without_a_stack_trace(capsys: pytest.CaptureFixture[str]) -> None:
    def main(_spec: Spec, _events: Events) -> None:
        raise JobError("FILE_UNREADABLE", "no.csv cannot be read: it does not exist")

    assert run(main, GIVEN) == 1
    told = capsys.readouterr()
    assert lines(told.out)[-1] == {
        "event": "failed",
        "job": "sum",
        "code": "FILE_UNREADABLE",
        "message": "no.csv cannot be read: it does not exist",
    }
    assert told.err == "sum: no.csv cannot be read: it does not exist\n"


def test_an_error_that_nobody_foresaw_leaves_its_stack_trace(capsys: pytest.CaptureFixture[str]) -> None:
    def main(_spec: Spec, _events: Events) -> None:
        raise ZeroDivisionError("by zero")

    assert run(main, GIVEN) == 1
    told = capsys.readouterr()
    assert lines(told.out)[-1]["code"] == "UNEXPECTED"
    assert "Traceback" in told.err


def test_a_job_without_a_spec_is_told_apart_by_its_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["/jobs/count.py", "--rate", "1"])
    assert run(lambda _spec, _events: None) == 1
    told = lines(capsys.readouterr().out)[-1]
    assert (told["job"], told["code"]) == ("count", "BAD_SPEC")
    assert "--rate 1" in str(told["message"])


def test_a_job_that_is_to_begin_once_more_does_so_and_tells_its_start_once(capsys: pytest.CaptureFixture[str]) -> None:
    registries = []

    def main(spec: Spec, events: Events) -> None:
        registries.append(spec.registry)
        events.started()
        if len(registries) < 3:
            raise StartAgain("the registry knows more now")

    assert run(main, GIVEN) == 0
    told = capsys.readouterr()
    assert lines(told.out) == [{"event": "started", "job": "sum"}]
    assert told.err == "sum: the registry knows more now\n" * 2
    # What it has learned stays.
    assert registries[0] is registries[2]


def test_what_a_job_refuses_to_write_is_told_in_its_own_words(
    spark: SparkSession, capsys: pytest.CaptureFixture[str]
) -> None:
    def main(_spec: Spec, _events: Events) -> None:
        spark.range(1).select(F.raise_error(F.lit("level is 1.15; allowed: 0.1."))).collect()

    assert run(main, GIVEN) == 1
    told = capsys.readouterr()
    failed = lines(told.out)[-1]
    assert (failed["code"], failed["message"]) == ("WRONG_RESULT", "level is 1.15; allowed: 0.1.")
    assert "Traceback" not in told.err
