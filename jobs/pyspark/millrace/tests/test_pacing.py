"""Which rows are due, and that a paced run sends each of them once and ends."""

import tempfile
import time

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.sending import pacing
from millrace.sending.pacing import all_rows, due_rows, send_paced


def numbered(spark: SparkSession, count: int) -> DataFrame:
    return spark.range(count, numPartitions=1).withColumnRenamed("id", "position")


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (0, 3, [(0, 0), (1, 0), (2, 0)]),
        (3, 5, [(3, 0), (4, 0)]),
        (4, 7, [(4, 0), (0, 1), (1, 1)]),
        (3, 13, [(3, 0), (4, 0), (0, 1), (1, 1), (2, 1), (3, 1), (4, 1), (0, 2), (1, 2), (2, 2)]),
    ],
)
def test_due_rows_follow_each_other_through_the_cycles(
    spark: SparkSession, start: int, end: int, expected: list[tuple[int, int]]
) -> None:
    due = due_rows(numbered(spark, 5), spark.range(start, end).toDF("value"), start, end, 5)
    assert sorted((row.cycle, row.position) for row in due.collect()) == sorted(
        (cycle, position) for position, cycle in expected
    )


@pytest.mark.parametrize(("total", "last_cycle"), [(3, 0), (5, 0), (12, 2)])
def test_all_rows_are_as_many_as_asked_for(spark: SparkSession, total: int, last_cycle: int) -> None:
    rows = {(row.cycle, row.position) for row in all_rows(numbered(spark, 5), 5, total).collect()}
    assert rows == {(number // 5, number % 5) for number in range(total)}
    assert max(cycle for cycle, _ in rows) == last_cycle


def test_cycles_that_are_made_in_several_steps_are_all_there(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pacing, "CYCLES_AT_ONCE", 3)
    rows = [(row.cycle, row.position) for row in all_rows(numbered(spark, 2), 2, 15).collect()]
    assert sorted(rows) == [(number // 2, number % 2) for number in range(15)]


def test_a_row_that_is_sent_very_often_fits_into_memory(spark: SparkSession) -> None:
    """Its cycles are more than an array has elements."""
    assert len(all_rows(numbered(spark, 1), 1, 3 * 10**9).limit(3).collect()) == 3


def test_a_paced_run_sends_every_row_once_at_its_rate_and_ends(spark: SparkSession) -> None:
    sent: list[tuple[int, int]] = []
    steps: list[int] = []

    def send(due: DataFrame, so_far: int) -> None:
        sent.extend((row.cycle, row.position) for row in due.collect())
        steps.append(so_far)

    rows = numbered(spark, 4).cache()
    begun = time.monotonic()
    send_paced(spark, rows, 4, 10, 5, send)
    rows.unpersist()
    assert sorted(sent) == [(number // 4, number % 4) for number in range(10)]
    assert (steps[0], steps[-1]) == (0, 10)
    assert steps == sorted(set(steps))
    assert time.monotonic() - begun >= 2


def test_a_clock_that_is_set_back_repeats_no_row_and_is_not_waited_for(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[int, int]] = []
    shift, real = 0.0, time.time
    monkeypatch.setattr(time, "time", lambda: real() + shift)
    started, make = [], tempfile.mkdtemp

    def counted(*, prefix: str) -> str:
        started.append(prefix)
        return make(prefix=prefix)

    monkeypatch.setattr(tempfile, "mkdtemp", counted)

    def send(due: DataFrame, so_far: int) -> None:
        nonlocal shift
        sent.extend((row.cycle, row.position) for row in due.collect())
        if so_far >= 4:
            shift = -3600.0
        # It is seen now: who is cut off here has sent these rows, and does not know it.
        spark.range(1).select(F.expr("reflect('java.lang.Thread', 'sleep', id + 500)")).collect()

    rows = numbered(spark, 4).cache()
    send_paced(spark, rows, 4, 10, 4, send)
    rows.unpersist()
    assert sorted(sent) == [(number // 4, number % 4) for number in range(10)]
    assert len(started) == 2


def test_what_goes_wrong_in_a_batch_ends_the_run(spark: SparkSession) -> None:
    def send(_due: DataFrame, _so_far: int) -> None:
        raise ConnectionError("the broker is gone")

    with pytest.raises(Exception, match="the broker is gone"):
        send_paced(spark, numbered(spark, 4), 4, 4, 100, send)
