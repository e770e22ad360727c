"""When a job with streams ends, goes on, starts a query again or fails; with queries that do as they are told. And what is done with a batch."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import pytest
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.stop import StopRequest
from millrace.streaming import streams
from millrace.streaming.progress import ROWS_OUT, progress_fields

FAULT = """Cannot invoke "scala.collection.IterableOps.map(scala.Function1)" because the return value of "scala.Option.get()" is null
=== Streaming Query ==="""


@dataclass
class Query:
    """A query that is active for so many questions, then ends with its error or without one."""

    polls: int = 0
    error: Exception | None = None
    busy: int = 0
    batch: int = 0
    stopped: bool = False
    asked: list[str] = field(default_factory=list)

    @property
    def isActive(self) -> bool:  # noqa: N802
        self.polls -= 1
        return self.polls >= 0 and not self.stopped

    @property
    def status(self) -> dict[str, Any]:
        self.busy -= 1
        return {"isTriggerActive": self.busy >= 0}

    @property
    def lastProgress(self) -> dict[str, Any] | None:  # noqa: N802
        return {"batchId": self.batch}

    def exception(self) -> Exception | None:
        return self.error

    def stop(self) -> None:
        self.stopped = True


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "POLL_SECONDS", 0)


def stream(name: str) -> streams.Stream:
    return streams.Stream(name, cast("Any", None), "append", {}, "")


def watch(
    queries: dict[str, Query], *, until_caught_up: bool, again: Query | None = None, stop: StopRequest | None = None
) -> list[str]:
    """Watches the queries; gives the names of those that were started again."""
    started: list[str] = []

    def start(one: streams.Stream) -> StreamingQuery:
        started.append(one.name)
        return cast("StreamingQuery", again)

    running = {name: (stream(name), cast("StreamingQuery", query)) for name, query in queries.items()}
    streams.watch(running, start, stop or StopRequest(), Events("sum"), until_caught_up=until_caught_up)
    return started


def test_a_drain_ends_when_both_queries_have_ended() -> None:
    queries = {"summaries": Query(polls=5), "dead-letters": Query(polls=1)}
    assert watch(queries, until_caught_up=True) == []


def test_a_stream_that_ends_by_itself_has_failed() -> None:
    with pytest.raises(JobError, match="summaries failed: it ended by itself"):
        watch({"summaries": Query(polls=1)}, until_caught_up=False)


def test_a_failed_query_fails_the_job_with_its_own_words() -> None:
    with pytest.raises(JobError, match="dead-letters failed: topic is gone") as caught:
        watch(
            {"summaries": Query(polls=9), "dead-letters": Query(error=StreamingQueryException("topic is gone"))},
            until_caught_up=True,
        )
    assert caught.value.code == "STREAM_FAILED"


def test_sparks_fault_on_restart_is_answered_with_one_more_start() -> None:
    queries = {"summaries": Query(error=StreamingQueryException(FAULT)), "dead-letters": Query(polls=1)}
    assert watch(queries, until_caught_up=True, again=Query(polls=1)) == ["summaries"]


def test_the_same_fault_twice_fails_the_job() -> None:
    broken = Query(error=StreamingQueryException(FAULT))
    with pytest.raises(JobError, match="summaries failed"):
        watch({"summaries": broken}, until_caught_up=True, again=broken)


def test_a_request_to_end_lets_each_query_finish_its_batch() -> None:
    stop = StopRequest()
    stop.requested.set()
    query = Query(polls=100, busy=3)
    watch({"summaries": query}, until_caught_up=False, stop=stop)
    assert query.stopped
    assert query.busy < 0


@pytest.mark.parametrize("text", ["None.get", "Connection to node 1 lost", ""])
def test_other_errors_are_not_taken_for_the_fault(text: str) -> None:
    assert not streams.is_restart_fault(StreamingQueryException(text))


def test_a_batch_that_is_shown_is_written_and_counted_once(spark: SparkSession, tmp_path: Path) -> None:
    for number in range(3):
        (tmp_path / "in").mkdir(exist_ok=True)
        (tmp_path / "in" / f"{number}.json").write_text(f'{{"town":"Ulm","level":{number}}}\n' * 2)
    shown: list[list[tuple[str, int]]] = []
    source = spark.readStream.schema("town string, level int").option("maxFilesPerTrigger", 2)
    totals = source.json((tmp_path / "in").as_uri()).groupBy("town").agg(F.count("*").alias("readings"))
    counted = totals.observe(ROWS_OUT, F.count("*").alias("rows"))

    def show(rows: DataFrame) -> None:
        assert rows.count() == 1
        shown.append([tuple(row) for row in rows.collect()])

    write = streams.written_and_shown({"path": (tmp_path / "out").as_uri()}, show, "json")
    query = counted.writeStream.foreachBatch(write).outputMode("update").trigger(availableNow=True)
    run = query.option("checkpointLocation", (tmp_path / "checkpoint").as_uri()).start()
    run.awaitTermination(60)
    assert shown == [[("Ulm", 4)], [("Ulm", 6)]]
    written = [line for part in (tmp_path / "out").glob("part-*") for line in part.read_text().splitlines()]
    assert sorted(json.loads(line)["readings"] for line in written) == [4, 6]
    told = [progress_fields(json.loads(batch.json)) for batch in run.recentProgress]
    assert [(fields["rowsIn"], fields["rowsOut"]) for fields in told if fields] == [(4, 1), (2, 1)]


def test_a_batch_that_cannot_be_shown_fails(spark: SparkSession, tmp_path: Path) -> None:
    def show(_rows: DataFrame) -> None:
        raise ConnectionError("nobody looks")

    write = streams.written_and_shown({"path": (tmp_path / "out").as_uri()}, show, "json")
    with pytest.raises(ConnectionError):
        write(spark.range(1).toDF("level"), 0)
