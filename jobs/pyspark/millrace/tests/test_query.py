"""The one query of a stream: what leaves by it and what is counted, and when it ends, goes on, is started again or fails."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from millrace.errors import JobError
from millrace.formats.checks import Check
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import read_schema
from millrace.formats.registry import Registry
from millrace.job.clock import Clock
from millrace.job.events import Events
from millrace.job.jvm import listening
from millrace.job.run import StartAgain
from millrace.job.stop import StopRequest
from millrace.job.text_table import TableColumn
from millrace.kafka.dead_letters import HEADERS
from millrace.kinds.topic import Output
from millrace.streaming import query
from millrace.streaming.event_time import EventTimeRules, Windows, by_window
from millrace.streaming.numbers import Lead
from millrace.streaming.progress import ProgressListener, Shown
from millrace.streaming.query import Result, result_records, run_query, set_aside, united
from millrace.streaming.source import BatchRules, Source, judge
from millrace.tests.frames import frame_of
from millrace.tests.specs import DOCUMENT, spec_of

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
    monkeypatch.setattr(query, "POLL_SECONDS", 0)


def watch(*queries: Query, ends: bool, stop: StopRequest | None = None) -> None:
    """Watches a query; each start takes the next one."""
    left = list(queries)

    def start() -> StreamingQuery:
        return cast("StreamingQuery", left.pop(0))

    query.watch(start, stop or StopRequest(), Events("sum"), ends=ends)
    assert not left


def test_a_drain_ends_when_its_query_has_ended() -> None:
    watch(Query(polls=5), ends=True)


def test_a_stream_that_ends_by_itself_has_failed() -> None:
    with pytest.raises(JobError, match="failed: it ended by itself"):
        watch(Query(polls=1), ends=False)


def test_a_failed_query_fails_the_job_with_its_own_words() -> None:
    with pytest.raises(JobError, match="failed: topic is gone") as caught:
        watch(Query(error=StreamingQueryException("topic is gone")), ends=True)
    assert caught.value.code == "STREAM_FAILED"


def test_sparks_fault_on_restart_is_answered_with_one_more_start() -> None:
    watch(Query(error=StreamingQueryException(FAULT)), Query(polls=1), ends=True)


def test_the_same_fault_twice_fails_the_job() -> None:
    broken = Query(error=StreamingQueryException(FAULT))
    with pytest.raises(JobError, match="The query failed"):
        watch(broken, broken, ends=True)


def test_a_clock_that_is_set_back_ends_the_batch_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = iter([0.0, 0.0, 3600.0])
    monkeypatch.setattr(Clock, "was_set_back", lambda _: next(steps))
    running = Query(polls=100)
    with pytest.raises(StartAgain, match=r"set back by 3600\.0 s"):
        watch(running, ends=False)
    assert running.stopped


def test_a_request_to_end_lets_the_query_finish_its_batch() -> None:
    stop = StopRequest()
    stop.requested.set()
    busy = Query(polls=100, busy=3)
    watch(busy, ends=False, stop=stop)
    assert busy.stopped
    assert busy.busy < 0


@pytest.mark.parametrize("text", ["None.get", "Connection to node 1 lost", ""])
def test_other_errors_are_not_taken_for_the_fault(text: str) -> None:
    assert not query.is_restart_fault(StreamingQueryException(text))


NOW = datetime(2026, 5, 21, 10, 3, tzinfo=UTC)
RULES = EventTimeRules(lateness_minutes=10, future_minutes=10, replay_minutes=0, watermark_delay_ms=60_000)
KAFKA = f"key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, headers {HEADERS}"
READING = {"town": {"type": "string"}, "level": {"type": "integer"}, "at": {"type": "string", "format": "date-time"}}
SUM = {"town": {"type": "string"}, "sum": {"type": "integer"}}


def schema_file(folder: Path, name: str, properties: object, required: list[str]) -> str:
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"type": "object", "properties": properties, "required": required}))
    return path.as_uri()


def reading(town: str, level: int, at: datetime = NOW) -> bytes:
    return json.dumps({"town": town, "level": level, "at": at.isoformat()}).encode()


BATCHES: list[list[bytes | None]] = [
    [reading("Ulm", 1), reading("Ulm", 2), reading("Bonn", 3), b"hello", None],
    [reading("Ulm", 10), reading("Ulm", 7, NOW - timedelta(hours=1)), reading("Bonn", -1)],
]


def test_every_record_leaves_by_one_query_and_is_counted_once(
    spark: SparkSession, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A union reads its source twice, and Spark's own count of the rows that came in says so."""
    schemas = {"format": "json", "url": schema_file(tmp_path, "sum", SUM, ["town", "sum"])}
    sums = {"kind": "topic", "topic": "shop.sums", "maxMessageBytes": 1_048_588, "value": schemas}
    spec = spec_of(writes=DOCUMENT["writes"] | {"sums": sums})
    for values in BATCHES:
        rows = [(b"k", value, "shop.readings", 0, offset, NOW, None) for offset, value in enumerate(values)]
        frame_of(spark, rows, KAFKA).write.mode("append").parquet((tmp_path / "in").as_uri())
    records = spark.readStream.schema(KAFKA).option("maxFilesPerTrigger", 1).parquet((tmp_path / "in").as_uri())
    reader = JsonCodec(read_schema(spark, schema_file(tmp_path, "reading", READING, ["town", "level", "at"])))
    negative: list[Check] = [("negative", F.col("event.level") < 0)]
    found = judge(records, reader, RULES, "at", negative)
    source = Source("readings", found, found.good().select("event.*"), ("shop.readings",), BatchRules(RULES))
    totals = source.good.groupBy("town").agg(F.sum("level").alias("sum"))
    table = (TableColumn("town", 8), TableColumn("sum", 4, is_number=True))
    result = Result("sums", totals, key="town", shown=Shown(table, newest="sum", key="town"))
    listener = ProgressListener(Events("sum"), {"sums": cast("Shown", result.shown)})

    both = united(
        [result_records(spark, spec, result, 5), set_aside(source, Output("shop.dead-letters", 1_048_588), "sum")]
    )
    stream = both.writeStream.queryName("left").format("memory").outputMode("update").trigger(availableNow=True)
    with listening(spark, listener):
        run = stream.option("checkpointLocation", (tmp_path / "checkpoint").as_uri()).start()
        run.awaitTermination(60)
        listener.wait_for_ends(10)

    left = spark.table("left").collect()
    results = [(bytes(row.key), bytes(row.value)) for row in left if row.topic == "shop.sums"]
    assert [(key, json.loads(value)["sum"]) for key, value in sorted(results)] == [
        (b"Bonn", 3),
        (b"Ulm", 13),
        (b"Ulm", 3),
    ]
    log = tmp_path / "checkpoint" / "offsets"
    moments = [json.loads((log / str(batch)).read_text().splitlines()[1])["batchTimestampMs"] for batch in (0, 1)]
    numbers = {
        tuple((header.key, int(header.value)) for header in row.headers) for row in left if row.topic == "shop.sums"
    }
    assert numbers == {(("millrace.batch", moment + 5),) for moment in moments}
    bad = [row for row in left if row.topic == "shop.dead-letters"]
    reasons = [{header.key: bytes(header.value) for header in row.headers}["millrace.error.reason"] for row in bad]
    assert sorted(reasons) == [b"late", b"negative", b"not-json", b"null-value"]
    assert {row.value for row in bad if row.value} == {b"hello", BATCHES[1][1], BATCHES[1][2]}

    spark_says = [json.loads(batch.json) for batch in run.recentProgress]
    assert [(len(batch["sources"]), batch["numInputRows"]) for batch in spark_says] == [(1, 10), (1, 6)]
    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    by_reason = [(line["reason"], line["rows"]) for line in lines if line["event"] == "dead-letters"]
    assert sorted(by_reason) == [("late", 1), ("negative", 1), ("not-json", 1), ("null-value", 1)]
    progress = [line for line in lines if line["event"] == "progress"]
    assert [(batch["rowsIn"], batch["rowsOut"], batch["deadLetters"]) for batch in progress] == [
        (5, 2, {"null-value": 1, "not-json": 1}),
        (3, 1, {"late": 1, "negative": 1}),
    ]
    assert told.err.splitlines() == [
        "sum: sums: 2 rows",
        "town       sum",
        "Bonn         3",
        "Ulm          3",
        "sum: sums: 1 rows",
        "town       sum",
        "Ulm         13",
    ]


@dataclass
class Shop:
    """A stream of readings, whose records lie in files, with all that it writes but Kafka."""

    spark: SparkSession
    folder: Path
    monkeypatch: pytest.MonkeyPatch
    starts: list[tuple[DataStreamWriter, bool]] = field(default_factory=list)

    def source(self, *, is_repeating: bool = False) -> Source:
        files = self.spark.readStream.schema(KAFKA).option("maxFilesPerTrigger", 1)
        records = files.parquet((self.folder / "in").as_uri())
        reader = JsonCodec(
            read_schema(self.spark, schema_file(self.folder, "reading", READING, ["town", "level", "at"]))
        )
        found = judge(records, reader, RULES, "at")
        good = found.good().select("event.*")
        return Source("readings", found, good, ("shop.readings",), BatchRules(RULES), is_repeating=is_repeating)

    def run(self, source: Source, mode: str, run: Callable[..., bool] | None = None, **parameters: int) -> None:
        """Runs the query as far as to its start, which is kept."""

        def kept(_spark: SparkSession, start: Any, *_others: object, ends: bool) -> bool:  # noqa: ANN401
            self.starts.append((start.__self__, ends))
            return False

        self.monkeypatch.setattr(query, "_run", run or kept)
        schemas = {
            "key": {"format": "json", "url": schema_file(self.folder, "key", WINDOW, ["town", "window_start"])},
            "value": {"format": "json", "url": schema_file(self.folder, "window", WINDOW | SUM, ["town", "sum"])},
        }
        sums = DOCUMENT["writes"]["sums"] | schemas
        spec = spec_of(
            mode=mode,
            writes=DOCUMENT["writes"] | {"sums": sums},
            checkpoint=self.folder.as_uri(),
            parameters=parameters,
        )
        sums_by_window = by_window(source.good, "town", "at", Windows(10, 10), sum=F.sum("level"))
        run_query(spec, Events("sum"), [source], [Result("sums", sums_by_window)])

    def batches(self) -> list[list[tuple[str, str | None]]]:
        """What the batches of the last start hold, topic and town or reason; ends the query when all is read."""
        found: list[list[tuple[str, str | None]]] = []

        def keep(batch: DataFrame, _number: int) -> None:
            said = F.expr("cast(element_at(headers, 1).value AS string)")
            town = F.get_json_object(F.col("value").cast("string"), "$.town")
            reason = F.when(F.col("topic") == "shop.dead-letters", said).otherwise(town)
            found.append(sorted((row.topic, row.of) for row in batch.select("topic", reason.alias("of")).collect()))

        started = self.starts[-1][0].foreachBatch(keep).start()
        started.processAllAvailable()
        self.is_active = started.isActive
        started.stop()
        return found


WINDOW = {"town": {"type": "string"}, "window_start": {"type": "string", "format": "date-time"}}


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    early = NOW - timedelta(minutes=9)
    for values in ([reading("Ulm", 1), reading("Bonn", 2, early)], [reading("Ulm", 5), b"hello"]):
        rows = [(b"k", value, "shop.readings", 0, offset, NOW, None) for offset, value in enumerate(values)]
        frame_of(spark, rows, KAFKA).write.mode("append").parquet((tmp_path / "in").as_uri())
    monkeypatch.setattr(query, "bind", lambda *_: None)
    return Shop(spark, tmp_path, monkeypatch)


def test_a_stream_goes_on_and_its_rules_are_remembered_before_its_first_batch(shop: Shop) -> None:
    shop.run(shop.source(), "stream", triggerSeconds=0)
    remembered = json.loads((shop.folder / "rules.json").read_text())
    assert BatchRules.of(remembered["readings"]) == BatchRules(RULES)
    assert [ends for _, ends in shop.starts] == [False]
    assert shop.batches() == [
        [("shop.sums", "Bonn"), ("shop.sums", "Ulm")],
        [("shop.dead-letters", "not-json"), ("shop.sums", "Ulm")],
    ]
    assert shop.is_active
    assert (shop.folder / "query" / "commits" / "1").exists()


def test_windows_that_cannot_be_seen_whole_are_not_written_and_dead_letters_are(shop: Shop) -> None:
    whole_from = int(NOW.replace(minute=0).timestamp() * 1000)
    shop.monkeypatch.setattr(query, "bind", lambda *_: whole_from)
    shop.run(shop.source(), "drain")
    assert [ends for _, ends in shop.starts] == [True]
    assert shop.batches() == [
        [("shop.sums", "Ulm")],
        [("shop.dead-letters", "not-json"), ("shop.sums", "Ulm")],
    ]


def test_a_batch_that_is_repeated_is_the_only_one_of_its_start(shop: Shop) -> None:
    """What comes after it is judged by other rules."""
    for mode in ("stream", "drain"):
        with pytest.raises(StartAgain, match="those of this start come into force"):
            shop.run(shop.source(is_repeating=True), mode)
    assert [ends for _, ends in shop.starts] == [True, True]
    assert len(shop.batches()) == 1
    # Who was asked to end meanwhile does not begin again.
    shop.run(shop.source(is_repeating=True), "stream", run=lambda *_, **__: True)


def test_the_clock_may_ask_for_a_start_of_its_own(shop: Shop) -> None:
    shop.monkeypatch.setattr(query, "lead", lambda *_: Lead(7, is_repeating=True))
    with pytest.raises(StartAgain, match="those of this start come into force"):
        shop.run(shop.source(), "stream")
    assert [ends for _, ends in shop.starts] == [True]


@pytest.mark.parametrize(("known", "words"), [(True, "it is known now"), (False, "it is of none")])
def test_a_schema_that_comes_up_is_asked_for_and_the_batch_begun_again(shop: Shop, known: bool, words: str) -> None:
    def failing(*_: object, **__: object) -> bool:
        raise JobError("STREAM_FAILED", "The query failed: A schema is to be asked for: shop.readings 9")

    asked: list[tuple[str, int]] = []

    def learn(_: Registry, topic: str, number: int) -> bool:
        asked.append((topic, number))
        return known

    shop.monkeypatch.setattr(Registry, "learn", learn)
    with pytest.raises(StartAgain, match=f"schema id 9; the registry was asked: {words}"):
        shop.run(shop.source(), "stream", run=failing)
    assert asked == [("shop.readings", 9)]


def test_another_failure_of_the_query_stays_one(shop: Shop) -> None:
    def failing(*_: object, **__: object) -> bool:
        raise JobError("STREAM_FAILED", "The query failed: topic is gone")

    with pytest.raises(JobError, match="topic is gone"):
        shop.run(shop.source(), "stream", run=failing)
