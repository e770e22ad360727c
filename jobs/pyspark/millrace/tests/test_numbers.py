"""Numbers of batches only grow, whatever is done to the clock between two of them."""

import json
import time
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.job.clock import Clock
from millrace.streaming.checkpoint import Checkpoint
from millrace.streaming.numbers import Lead, lead, lead_of_rebuild

NOON = 1_790_000_000_000
HOUR = 3_600_000


@pytest.fixture
def checkpoint(spark: SparkSession, tmp_path: Path) -> Checkpoint:
    for log in ("offsets", "commits"):
        (tmp_path / "query" / log).mkdir(parents=True)
    return Checkpoint(spark, tmp_path.as_uri())


def plan(folder: Path, batch: int, at_ms: int) -> None:
    text = "v1\n" + json.dumps({"batchTimestampMs": at_ms}) + '\n{"shop.readings": {"0": 1}}'
    (folder / "query" / "offsets" / str(batch)).write_text(text)


def finish(folder: Path, batch: int) -> None:
    (folder / "query" / "commits" / str(batch)).write_text("v1\n{}")


def test_a_clock_that_goes_on_needs_no_lead(checkpoint: Checkpoint, tmp_path: Path) -> None:
    assert lead(checkpoint, NOON) == Lead(0)
    plan(tmp_path, 0, NOON)
    assert lead(checkpoint, NOON + 50) == Lead(0)
    finish(tmp_path, 0)
    assert lead(checkpoint, NOON + 90) == Lead(0)
    assert not (tmp_path / "leads.json").exists()


def test_numbers_go_on_after_the_clock_was_set_back(checkpoint: Checkpoint, tmp_path: Path) -> None:
    plan(tmp_path, 0, NOON)
    finish(tmp_path, 0)
    assert lead(checkpoint, NOON - HOUR) == Lead(HOUR + 1)
    # Once more before there was a batch: it does not grow for nothing.
    assert lead(checkpoint, NOON - HOUR) == Lead(HOUR + 1)
    plan(tmp_path, 1, NOON - HOUR + 10)
    finish(tmp_path, 1)
    # The clock is right again: the lead stays, since no number tells why it is so large.
    assert lead(checkpoint, NOON + 20) == Lead(HOUR + 1)
    plan(tmp_path, 2, NOON + 30)
    finish(tmp_path, 2)
    assert lead(checkpoint, NOON - HOUR) == Lead(2 * HOUR + 32)


def test_a_batch_that_is_repeated_has_the_number_of_its_first_try(checkpoint: Checkpoint, tmp_path: Path) -> None:
    plan(tmp_path, 0, NOON)
    finish(tmp_path, 0)
    # Planned before the clock went back, so it is right as it is, but too late for what comes after it.
    plan(tmp_path, 1, NOON + 500)
    assert lead(checkpoint, NOON - HOUR) == Lead(0, is_repeating=True)
    finish(tmp_path, 1)
    assert lead(checkpoint, NOON - HOUR) == Lead(HOUR + 501)


def test_so_has_one_that_was_planned_a_while_after_the_clock_was_set_back(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    plan(tmp_path, 0, NOON)
    finish(tmp_path, 0)
    assert lead(checkpoint, NOON - HOUR) == Lead(HOUR + 1)
    plan(tmp_path, 1, NOON - HOUR + 500)
    assert lead(checkpoint, NOON - HOUR + 9_000) == Lead(HOUR + 1)


def test_a_batch_that_was_planned_by_the_clock_set_back_gets_a_lead(checkpoint: Checkpoint, tmp_path: Path) -> None:
    plan(tmp_path, 0, NOON)
    finish(tmp_path, 0)
    plan(tmp_path, 1, NOON - HOUR)
    assert lead(checkpoint, NOON - HOUR + 9) == Lead(HOUR + 1)


def test_a_rebuild_goes_on_from_the_numbers_of_what_it_replaces(checkpoint: Checkpoint, tmp_path: Path) -> None:
    plan(tmp_path, 7, NOON)
    finish(tmp_path, 7)
    ahead_ms = lead_of_rebuild(checkpoint, NOON - HOUR)
    assert ahead_ms == HOUR + 1
    checkpoint.clear()
    checkpoint.write("leads.json", {"0": ahead_ms})
    assert lead(checkpoint, NOON - HOUR) == Lead(HOUR + 1)


@pytest.mark.parametrize("text", ["", "v1", "v1\n{}", "v1\n[]", 'v1\n{"batchTimestampMs": "x"}'])
def test_a_damaged_log_is_named(checkpoint: Checkpoint, tmp_path: Path, text: str) -> None:
    finish(tmp_path, 3)
    (tmp_path / "query" / "offsets" / "3").write_text(text)
    with pytest.raises(JobError, match=r"query/offsets/3 is damaged: .*\"rebuild\": true"):
        lead(checkpoint, NOON)
    assert lead_of_rebuild(checkpoint, NOON) == 0


def test_a_clock_tells_once_that_it_was_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    shift, real = 0.0, time.time
    monkeypatch.setattr(time, "time", lambda: real() + shift)
    clock = Clock()

    def set_back_by(now_shifted: float) -> int:
        nonlocal shift
        shift = now_shifted
        return round(clock.was_set_back())

    assert [set_back_by(one) for one in (0.0, 3600.0, 3599.99, 0.0, 0.0)] == [0, 0, 0, 3600, 0]
