"""Spark's progress as our progress events."""

from typing import Any

from pyspark.sql import Row

from millrace.job.text_table import TableColumn
from millrace.streaming.progress import Shown, progress_fields


def progress(**changed: object) -> dict[str, Any]:
    told = {
        "name": "enrich",
        "batchId": 3,
        "batchDuration": 1234,
        "numInputRows": 18,
        "stateOperators": [{"numRowsDroppedByWatermark": 0, "numRowsTotal": 7}, {"numRowsTotal": 4}],
        "sources": [{"latestOffset": {"t": {"0": 12, "1": 5}}, "endOffset": {"t": {"0": 10, "1": 5}}}],
        "observedMetrics": {"rows_in_sales": {"rows": 9}, "rows_out_sums": {"rows": 5}, "rows_out_tops": {"rows": 3}},
    }
    return told | changed


def test_a_batch_tells_rows_seconds_and_lag() -> None:
    assert progress_fields(progress()) == {
        "query": "enrich",
        "batch": 3,
        "rowsIn": 9,
        "rowsOut": 8,
        "deadLetterRows": 0,
        "deadLetters": {},
        "droppedByWatermark": 0,
        "stateRows": 11,
        "unreadable": 0,
        "batchSeconds": 1.234,
        "lag": 2,
    }


def test_dead_letters_are_counted_by_reason_and_zeros_left_out() -> None:
    fields = progress_fields(
        progress(
            observedMetrics={
                "rows_in_sales": {"rows": 9},
                "dead_letters_sales": {"late": 2, "future": 0, "not-framed": 1},
                "dead_letters_refunds": {"late": 1},
            }
        )
    )
    assert fields is not None
    assert fields["deadLetterRows"] == 4
    assert (fields["deadLetters"], fields["rowsOut"]) == ({"late": 3, "not-framed": 1}, 0)


def test_offsets_may_come_as_the_text_of_a_python_dict() -> None:
    fields = progress_fields(progress(sources=[{"latestOffset": "{'t': {'0': 12}}", "endOffset": "{'t': {'0': 5}}"}]))
    assert fields is not None
    assert fields["lag"] == 7


def test_a_batch_that_moved_nothing_is_not_told() -> None:
    assert progress_fields(progress(numInputRows=0, observedMetrics={})) is None
    assert progress_fields(progress(numInputRows=0, observedMetrics=None, sources=[])) is None


def test_dropped_rows_are_always_told() -> None:
    fields = progress_fields(
        progress(numInputRows=0, observedMetrics={}, stateOperators=[{"numRowsDroppedByWatermark": 2}])
    )
    assert fields is not None
    assert fields["droppedByWatermark"] == 2


def test_of_what_a_batch_changed_a_dozen_rows_are_shown_the_newest_first() -> None:
    columns = (TableColumn("town", 4), TableColumn("at", 2, is_number=True))
    shown = Shown(columns, newest="at", key="town")
    rows = [Row(town=town, at=at) for town, at in (("Ulm", 1), ("Rom", 2), ("Bonn", 2))]
    observed = Row(rows=1_200, shown_0=rows[0], shown_1=None, shown_2=rows[1], shown_3=rows[2])
    told = ["1,200 rows", "town  at", "Bonn   2", "Rom    2", "Ulm    1", "... and 1,197 more"]
    assert shown.text(observed).splitlines() == told
    assert shown.most == 12
