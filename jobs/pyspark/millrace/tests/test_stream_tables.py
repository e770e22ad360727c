"""A stream that writes a table of a real PostgreSQL: each batch is there once, whatever happens in between, and what does not fit is set aside."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.jvm import listening
from millrace.job.stop import Interrupted, StopRequest
from millrace.job.text_table import TableColumn
from millrace.kafka.dead_letters import HEADERS
from millrace.kinds.topic import Output
from millrace.postgres import session
from millrace.streaming.batches import ROW_ID, with_rows
from millrace.streaming.binding import refuse_added, refuse_behind
from millrace.streaming.checkpoint import Checkpoint
from millrace.streaming.progress import ProgressListener, Shown
from millrace.streaming.tables import Derived, Standing, TableResult, TableSink
from millrace.tests.frames import frame_of
from millrace.tests.postgres import POSITION, Server
from millrace.tests.specs import DOCUMENT, spec_of

READING = "town string, level decimal(12,2)"
LETTERS = Output("shop.dead-letters", 1_048_588)
SHOWN = Shown((TableColumn("town", 8), TableColumn("level", 8, is_number=True)), newest="level", key="town")


def sums(readings: DataFrame) -> DataFrame:
    return readings.groupBy("town").agg(F.sum("level").alias("level"))


@dataclass
class Stream:
    """A stream of readings, whose sums by town are added to a table; what it would send to Kafka is kept."""

    spark: SparkSession
    server: Server
    folder: Path
    adds: tuple[str, ...] = ("level",)
    derived: tuple[Derived, ...] = ()
    sent: list[Any] = field(default_factory=list)

    def add(self, *rows: tuple[str | None, float]) -> None:
        """A batch more."""
        path = self.folder / "in"
        frame_of(self.spark, rows, READING).coalesce(1).write.mode("append").parquet(path.as_uri())

    def sink(self, columns: str = "town level") -> TableSink:
        part = self.server.part("levels", columns, "town")
        highest = {"highest": self.server.part("highest", "name level", "name")} if self.derived else {}
        value = {"format": "json", "url": (self.folder / "highest.json").as_uri()}
        tops = {"tops": {"kind": "topic", "topic": "shop.tops", "maxMessageBytes": 1_048_588, "value": value}}
        spec = spec_of(writes=DOCUMENT["writes"] | {"levels": part} | highest | tops)
        path = (self.folder / "in").as_uri()
        readings = self.spark.readStream.schema(READING).option("maxFilesPerTrigger", 1).parquet(path)
        result = TableResult("levels", readings, of_batch=sums, adds=self.adds, shown=SHOWN)
        return TableSink(self.spark, spec, Events("sum"), [result], self.derived)

    @property
    def checkpoint(self) -> Checkpoint:
        return Checkpoint(self.spark, (self.folder / "checkpoint").as_uri())

    def run(self, sink: TableSink | None = None, stop: StopRequest | None = None) -> None:
        """Works through what is there."""
        sink = sink or self.sink()
        write = sink.writer(self.checkpoint.planned_ms, LETTERS, stop or StopRequest())
        readings = sink.rows["levels"]
        copies = readings.select(
            F.lit("shop.copies").alias("topic"),
            F.lit(None).cast("binary").alias("key"),
            F.col("town").cast("binary").alias("value"),
            F.lit(None).cast(HEADERS).alias("headers"),
        )
        both = with_rows(copies, sink.rows)
        writer = both.writeStream.queryName("sum").foreachBatch(write).trigger(availableNow=True)
        listener = ProgressListener(Events("sum"), {}, written=sink.written)
        with listening(self.spark, listener):
            query = writer.option("checkpointLocation", self.checkpoint.query).start()
            try:
                query.awaitTermination(120)
            finally:
                query.stop()
                listener.wait_for_ends(10)

    def levels(self) -> dict[str, str]:
        return {
            str(town): str(level) for town, level in self.server.rows(self.spark, "SELECT town, level FROM shop.levels")
        }

    def letters(self) -> list[tuple[str, Any]]:
        """Reason and row of what was set aside."""
        found = [row for row in self.sent if row.topic == LETTERS.topic]
        reasons = [{one.key: one.value for one in row.headers} for row in found]
        return [
            (bytes(headers["millrace.error.reason"]).decode(), json.loads(bytes(row.value)))
            for headers, row in zip(reasons, found, strict=True)
        ]


@pytest.fixture
def stream(spark: SparkSession, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stream]:
    table = "CREATE TABLE shop.levels (town varchar(5) PRIMARY KEY, level numeric(12,2) NOT NULL CHECK (level < 1000))"
    again = [
        "DROP SCHEMA IF EXISTS shop CASCADE",
        "DROP SCHEMA IF EXISTS millrace CASCADE",
        "CREATE SCHEMA shop",
        table,
    ]
    postgres.run(spark, *again, *POSITION.split(";"))
    (tmp_path / "in").mkdir()
    one = Stream(spark, postgres, tmp_path)
    monkeypatch.setattr(TableSink, "_save", lambda _, records: one.sent.extend(records.collect()))
    yield one
    monkeypatch.undo()


def test_batches_are_added_and_told_and_what_does_not_fit_is_set_aside(
    stream: Stream, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.add(("Ulm", 1), ("Ulm", 2), ("Bonn", 4))
    stream.run()
    stream.add(("Ulm", 0.5), ("Hamburg", 1), ("Bonn", 2000), (None, 3))
    stream.run()
    assert stream.levels() == {"Ulm": "3.50", "Bonn": "4.00"}
    assert sorted(stream.letters(), key=lambda letter: letter[0]) == [
        ("bad-town", {"town": "Hamburg", "level": "1.00"}),
        ("missing-town", {"town": None, "level": "3.00"}),
        ("violates-levels-level-check", {"town": "Bonn", "level": "2000.00"}),
    ]
    copies = [bytes(row.value) for row in stream.sent if row.topic == "shop.copies" and row.value]
    assert sorted(copies) == [b"Bonn", b"Bonn", b"Hamburg", b"Ulm", b"Ulm", b"Ulm"]
    told = capsys.readouterr()
    lines = [json.loads(line) for line in told.out.splitlines()]
    progress = [(one["rowsOut"], one["deadLetterRows"]) for one in lines if one["event"] == "progress"]
    assert progress == [(2, 0), (1, 3)]
    reasons = {one["reason"]: one["rows"] for one in lines if one["event"] == "dead-letters"}
    assert reasons == {"bad-town": 1, "missing-town": 1, "violates-levels-level-check": 1}
    assert "sum: levels: 2 rows\ntown         level" in told.err


def test_a_batch_that_is_repeated_changes_nothing(stream: Stream) -> None:
    stream.add(("Ulm", 1))
    stream.run()
    stream.add(("Ulm", 2))
    stream.run()
    # As after a crash between the commit of the table and that of the checkpoint.
    for name in ("1", ".1.crc"):
        (stream.folder / "checkpoint" / "query" / "commits" / name).unlink(missing_ok=True)
    stream.run()
    assert stream.levels() == {"Ulm": "3.00"}
    stream.add(("Ulm", 4))
    stream.run()
    assert stream.levels() == {"Ulm": "7.00"}


def test_a_row_that_is_set_aside_twice_is_known_by_its_id(stream: Stream, monkeypatch: pytest.MonkeyPatch) -> None:
    # A batch ends without its transaction, when its dead letters are written.
    def crash(_sink: TableSink, records: DataFrame) -> None:
        found = records.collect()
        stream.sent.extend(found)
        if any(row.topic == LETTERS.topic for row in found):
            raise RuntimeError("the driver is gone")

    stream.add(("Hamburg", 1), ("Hamburg", 1), ("Bonn", 2000), ("Ulm", 1))
    with monkeypatch.context() as crashing:
        crashing.setattr(TableSink, "_save", crash)
        with pytest.raises(Exception, match="FOREACH_BATCH"):
            stream.run()
    assert stream.levels() == {}
    stream.run()
    assert stream.levels() == {"Ulm": "1.00"}
    ids = [
        bytes(header.value)
        for row in stream.sent
        if row.topic == LETTERS.topic
        for header in row.headers
        if header.key == ROW_ID
    ]
    assert (len(ids), len(set(ids))) == (4, 2)


def test_a_writer_that_is_behind_another_changes_nothing(stream: Stream) -> None:
    stream.add(("Ulm", 1))
    stream.run()
    stream.server.run(stream.spark, "UPDATE millrace.position SET batch = batch + 1000000")
    stream.add(("Ulm", 2))
    sink = stream.sink()
    with pytest.raises(Exception, match="FOREACH_BATCH"):
        stream.run(sink)
    error = sink.error_of(JobError("STREAM_FAILED", ""))
    assert error.code == "BATCH_SUPERSEDED"
    assert "shop.sum" in error.message
    assert stream.levels() == {"Ulm": "1.00"}


def test_a_database_that_goes_away_stalls_the_stream_and_loses_nothing(stream: Stream) -> None:
    stream.add(("Ulm", 1))
    stream.add(("Ulm", 2))
    sink = stream.sink()
    stream.server.stop()
    back = threading.Timer(3, stream.server.start)
    back.start()
    stream.run(sink)
    back.join()
    assert stream.levels() == {"Ulm": "3.00"}


def test_a_database_without_room_stalls_the_stream_which_says_so_and_sets_nothing_aside(
    stream: Stream, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stream.add(("Ulm", 1))
    stream.add(("Ulm", 2))
    sink = stream.sink()
    with ExitStack() as full:
        full.enter_context(stream.server.full(stream.spark, "shop.levels"))
        # There is room again as soon as somebody waits for it.
        monkeypatch.setattr(session, "_wait", lambda *_: full.close())
        stream.run(sink)
    assert stream.levels() == {"Ulm": "3.00"}
    assert stream.letters() == []
    told, back = (line for line in capsys.readouterr().err.splitlines() if "database" in line)
    assert re.search(r"postgres has no room: .*No space left on device\. It is tried again until it has\.$", told)
    assert "is back after" in back


def test_a_stream_that_waits_for_its_database_ends_when_it_is_asked_to(stream: Stream) -> None:
    stream.add(("Ulm", 1))
    sink, stop = stream.sink(), StopRequest()
    stream.server.stop()
    threading.Timer(1, stop.requested.set).start()
    try:
        with pytest.raises(Exception, match="FOREACH_BATCH"):
            stream.run(sink, stop)
        assert isinstance(sink.failure, Interrupted)
    finally:
        stream.server.start()
    stream.server.run(stream.spark, "SELECT 1")
    stream.run()
    assert stream.levels() == {"Ulm": "1.00"}


def test_what_fails_in_a_batch_is_told_in_its_own_words(stream: Stream) -> None:
    stream.add(("Ulm", 1))
    sink = stream.sink()
    stream.server.run(stream.spark, "ALTER TABLE shop.levels RENAME level TO height")
    with pytest.raises(Exception, match="FOREACH_BATCH"):
        stream.run(sink)
    error = sink.error_of(JobError("STREAM_FAILED", ""))
    assert error.code == "DATABASE_FAILED"
    assert 'column "level" of relation "levels" does not exist (SQLSTATE 42703)' in error.message


def test_a_misspelt_column_is_told_before_anything_is_read(stream: Stream) -> None:
    with pytest.raises(JobError, match=r"has no column levle\. Allowed: town, level"):
        stream.sink("town levle")


def test_what_a_checkpoint_is_of_says_the_table_and_how_it_is_written(stream: Stream) -> None:
    before = stream.sink().standing()
    assert (before.position, before.holding, list(before.ids)) == (None, [], ["shop.levels"])
    assert before.ids["shop.levels"].endswith(", key town, adds level")
    stream.add(("Ulm", 1))
    stream.run()
    after = stream.sink().standing()
    assert (after.position, after.holding) == (stream.checkpoint.planned_ms(0), ["shop.levels"])
    assert after.ids == before.ids
    stream.adds = ()
    assert stream.sink().standing().holding == []


def test_a_table_that_was_put_back_is_refused(stream: Stream) -> None:
    stream.add(("Ulm", 1))
    stream.run()
    checkpoint = stream.checkpoint
    refuse_behind(stream.sink().standing(), checkpoint)
    refuse_behind(None, checkpoint)
    for position in (None, checkpoint.planned_ms(0) - 1):
        with pytest.raises(JobError, match="what came between is not there") as caught:
            refuse_behind(Standing({"shop.levels": "1"}, position, []), checkpoint)
        assert caught.value.code == "TABLE_BEHIND"


def test_a_table_to_which_a_stream_adds_is_emptied_before_it_begins_anew() -> None:
    refuse_added(None)
    refuse_added(Standing({"shop.levels": "1"}, 5, []))
    with pytest.raises(JobError, match="would count them twice") as caught:
        refuse_added(Standing({"shop.levels": "1"}, 5, ["shop.levels"]))
    assert caught.value.code == "TABLE_NOT_EMPTY"


def test_what_the_database_makes_of_a_table_is_in_its_table_and_on_its_topic_with_the_number_of_the_batch(
    stream: Stream, tmp_path: Path
) -> None:
    schema = {
        "type": "object",
        "properties": {"name": {"type": "string"}, "level": {"type": "number", "multipleOf": 0.01}},
    }
    (tmp_path / "highest.json").write_text(json.dumps(schema), "utf-8")
    stream.server.run(
        stream.spark, "CREATE TABLE shop.highest (name varchar(5) PRIMARY KEY, level numeric(12,2) NOT NULL)"
    )
    query = "SELECT 'all' AS name, max(level) AS level FROM {levels}"
    stream.derived = (Derived("highest", query, "name string, level decimal(12,2)", topic="tops", key="name"),)
    stream.add(("Ulm", 1), ("Bonn", 4))
    stream.run()
    stream.add(("Ulm", 5.5))
    stream.run()
    assert stream.server.rows(stream.spark, "SELECT name, level FROM shop.highest") == [("all", "6.50")]
    tops = [row for row in stream.sent if row.topic == "shop.tops"]
    assert [(bytes(row.key), json.loads(row.value)) for row in tops] == [
        (b"all", {"name": "all", "level": 4}),
        (b"all", {"name": "all", "level": 6.5}),
    ]
    numbers = [int(bytes(row.headers[0].value)) for row in tops]
    [(position,)] = stream.server.rows(stream.spark, "SELECT batch FROM millrace.position")
    assert (numbers[0] < numbers[1], numbers[1]) == (True, int(position or 0))
    # What does not fit is no row of a source: nothing of its batch is written.
    stream.server.run(stream.spark, "ALTER TABLE shop.highest ADD CHECK (level < 7)")
    stream.add(("Ulm", 1))
    sink = stream.sink()
    with pytest.raises(Exception, match="FOREACH_BATCH"):
        stream.run(sink)
    assert sink.error_of(JobError("STREAM_FAILED", "")).code == "ROWS_REFUSED"
    assert stream.levels() == {"Ulm": "6.50", "Bonn": "4.00"}
