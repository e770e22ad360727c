"""Items in a real DynamoDB Local: the latest state of each key is there, whatever is repeated, comes late or has to wait."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.dynamodb import writing
from millrace.dynamodb.client import Answer, Client, Credentials
from millrace.dynamodb.rows import Shape, check_frame, puts
from millrace.dynamodb.writing import Writer
from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.jvm import java_class
from millrace.job.stop import Interrupted, StopRequest
from millrace.kafka.dead_letters import HEADERS
from millrace.kinds import items
from millrace.kinds.topic import Output
from millrace.streaming.batches import ROW_ID, BatchSink, Together, with_rows
from millrace.streaming.items import ItemsResult, ItemsSink
from millrace.tests.dynamodb import REGION, Server, front
from millrace.tests.frames import frame_of
from millrace.tests.specs import DOCUMENT, spec_of

TABLE = "shop-states"
STATE = "town string, at bigint, level decimal(12,2)"
LETTERS = Output("shop.dead-letters", 1_048_588)


@pytest.fixture
def shape(dynamodb: Server, monkeypatch: pytest.MonkeyPatch) -> Shape:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.url)
    return Shape(dynamodb.make(TABLE, "town"), ("town",), "at")


def nobody() -> Credentials:
    return Credentials("none", "none")


def writer(shape: Shape) -> Writer:
    return Writer(shape, Client(shape.table, nobody), Events("sum"))


def asked(shape: Shape, rows: DataFrame) -> list[str]:
    check_frame(shape, rows.schema)
    return [row.request for row in puts(shape, rows).collect()]


def states(server: Server) -> dict[str, tuple[int, str]]:
    return {one["town"]["S"]: (int(one["at"]["N"]), one["level"]["N"]) for one in server.items(TABLE)}


def test_of_several_states_the_latest_is_there_and_the_same_once_more_changes_nothing(
    spark: SparkSession, dynamodb: Server, shape: Shape
) -> None:
    rows = frame_of(spark, [("Ulm", 1, 10), ("Ulm", 3, 30), ("Ulm", 2, 20), ("Bonn", 7, 70)], STATE)
    first = writer(shape).put(asked(shape, rows))
    assert (first.written, first.superseded) == (2, 0)
    assert states(dynamodb) == {"Ulm": (3, "30"), "Bonn": (7, "70")}
    again = writer(shape).put(asked(shape, rows))
    assert (again.written, again.superseded) == (0, 2)
    late = frame_of(spark, [("Ulm", 2, 99), ("Bonn", 8, 80), ("Bern", 0, 5)], STATE)
    done = writer(shape).put(asked(shape, late))
    assert (done.written, done.superseded, done.refused) == (2, 1, [])
    assert states(dynamodb) == {"Ulm": (3, "30"), "Bonn": (8, "80"), "Bern": (0, "5")}


def test_each_column_is_an_attribute_of_its_own_type_and_one_without_a_value_is_none(
    spark: SparkSession, dynamodb: Server, shape: Shape
) -> None:
    columns = "town string, at bigint, warm boolean, since timestamp, day date, raw binary, share double, rest string, left decimal(38,2)"
    since = datetime(2026, 1, 31, 13, 0, 0, 250_000, tzinfo=UTC)
    largest = Decimal("123456789012345678901234567890123456.78")
    row = ("Ulm", 2**62, True, since.isoformat(), date(2026, 2, 1), b"\x00\xff", 0.1, None, largest)
    assert writer(shape).put(asked(shape, frame_of(spark, [row], columns))).written == 1
    assert dynamodb.items(TABLE) == [
        {
            "town": {"S": "Ulm"},
            "at": {"N": str(2**62)},
            "warm": {"BOOL": True},
            "since": {"S": "2026-01-31T13:00:00.250000Z"},
            "day": {"S": "2026-02-01"},
            "raw": {"B": b"\x00\xff"},
            "share": {"N": "0.1"},
            "left": {"N": str(largest)},
        }
    ]


def test_what_is_no_item_is_refused_alone_and_none_hides_another(
    spark: SparkSession, dynamodb: Server, shape: Shape
) -> None:
    rows = frame_of(
        spark,
        [(None, 1, 1), (None, 2, 2), ("", 3, 3), ("Ulm", None, 4), ("Ulm", 5, 5), ("x" * 3_000, 6, 6)],
        STATE,
    )
    done = writer(shape).put(asked(shape, rows))
    assert done.written == 1
    assert done.reasons == {"missing-town": 2, "missing-at": 1, "refused-item": 2}
    assert states(dynamodb) == {"Ulm": (5, "5")}


def test_items_with_a_sort_key_are_told_apart_by_it(
    spark: SparkSession, dynamodb: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.url)
    both = Shape(dynamodb.make(TABLE, "town", "day"), ("town", "day"), "at")
    rows = [("Ulm", "mo", 1), ("Ulm", "tu", 1), ("Ulm", "tu", 2)]
    assert writer(both).put(asked(both, frame_of(spark, rows, "town string, day string, at int"))).written == 2
    assert {(one["day"]["S"], one["at"]["N"]) for one in dynamodb.items(TABLE)} == {("mo", "1"), ("tu", "2")}


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ("town string, level int", "have no column at"),
        ("town int, at int", "have a key town of type int; allowed: a text"),
        ("town string, at double", "have a version at of type double; allowed: a whole number"),
        ("town string, at int, more array<int>", "have a column more of type array<int>"),
    ],
)
def test_rows_that_are_no_items_are_refused_before_anything_is_read(
    spark: SparkSession, columns: str, told: str
) -> None:
    with pytest.raises(JobError, match="The rows for items states") as refused:
        check_frame(
            Shape(f"arn:aws:dynamodb:{REGION}:1:table/states", ("town",), "at"), frame_of(spark, [], columns).schema
        )
    assert refused.value.code == "WRONG_ITEMS"
    assert told in refused.value.message


def test_nothing_is_lost_where_dynamodb_asks_for_patience_or_breaks_off(
    spark: SparkSession,
    dynamodb: Server,
    shape: Shape,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows = frame_of(spark, [(f"town {number}", 1, number) for number in range(200)], STATE)
    refusals = [
        (400, "ThrottlingException"),
        None,
        (400, "ProvisionedThroughputExceededException"),
        (500, "InternalServerError"),
        (503, "ServiceUnavailable"),
    ]
    monkeypatch.setattr(writing, "FIRST_WAIT_SECONDS", 0.001)
    with front(dynamodb, refusals) as before:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", before.url)
        done = writer(shape).put(asked(shape, rows))
        # A connection that was not new is tried once more at once.
        assert set(before.asked.values()) == {len(refusals) + 1}
    assert (done.written, done.superseded, done.refused) == (200, 0, [])
    assert len(states(dynamodb)) == 200
    said = capsys.readouterr().err
    assert f"items {TABLE} cannot be written now: " in said
    assert f"items {TABLE} can be written again" in said


def test_a_server_that_is_away_is_waited_for_and_keeps_what_it_was_given(
    spark: SparkSession, dynamodb: Server, shape: Shape
) -> None:
    one = writer(shape)
    assert one.put(asked(shape, frame_of(spark, [("Ulm", 1, 1)], STATE))).written == 1
    dynamodb.stop()
    back = threading.Timer(1, dynamodb.start)
    back.start()
    assert one.put(asked(shape, frame_of(spark, [("Bonn", 1, 1)], STATE))).written == 1
    back.join()
    assert set(states(dynamodb)) == {"Ulm", "Bonn"}


def test_who_waits_ends_when_it_is_asked_to_or_when_the_time_is_over(
    spark: SparkSession, dynamodb: Server, shape: Shape, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = asked(shape, frame_of(spark, [("Ulm", 1, 1)], STATE))
    with front(dynamodb, [(400, "ThrottlingException")] * 1_000) as before:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", before.url)
        over = threading.Event()
        threading.Timer(0.5, over.set).start()
        with pytest.raises(Interrupted):
            writer(shape).put(requests, over.is_set)
        with pytest.raises(JobError, match=r"could not be written for 0 s: ThrottlingException\.") as away:
            writer(shape).put(requests, seconds=0.2)
    assert away.value.code == "ITEMS_AWAY"
    assert states(dynamodb) == {}


@pytest.mark.parametrize(
    ("error", "code"), [("AccessDeniedException", "ITEMS_REFUSED"), ("ResourceNotFoundException", "ITEMS_FAILED")]
)
def test_what_does_not_pass_by_itself_ends_the_work_at_once(
    spark: SparkSession, dynamodb: Server, shape: Shape, monkeypatch: pytest.MonkeyPatch, error: str, code: str
) -> None:
    requests = asked(shape, frame_of(spark, [(str(number), 1, 1) for number in range(100)], STATE))
    with front(dynamodb, [(400, error)] * 1_000) as before:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", before.url)
        with pytest.raises(JobError, match=error) as failed:
            writer(shape).put(requests)
        assert len(before.asked) <= writing.REQUESTS_AT_ONCE
    assert failed.value.code == code


@pytest.mark.parametrize("token", [None, "a/+="])
def test_a_request_is_signed_as_another_library_signs_it(token: str | None) -> None:
    client = Client(
        f"arn:aws:dynamodb:eu-west-1:123456789012:table/{TABLE}", lambda: Credentials("KEY", "secret", token)
    )
    body = b'{"TableName":"x"}'
    headers = client.headers("PutItem", body)
    given = headers.pop("authorization")
    request = AWSRequest("POST", "https://dynamodb.eu-west-1.amazonaws.com/", headers, body)
    request.context["timestamp"] = headers["x-amz-date"]
    signer = SigV4Auth(BotocoreCredentials("KEY", "secret", token), "dynamodb", "eu-west-1")
    signed = {name: value for name, value in headers.items() if name != "content-type"}
    request.headers = AWSRequest("POST", request.url, signed, body).headers
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    assert given.endswith(f"Signature={signature}")


def test_an_error_is_known_by_its_name_alone() -> None:
    assert Answer(200, b"{}").error == ""
    assert Answer(400, b'{"__type":"com.amazon.coral.service#AccessDeniedException"}').error == "AccessDeniedException"
    assert Answer(400, b'{"__type":"ThrottlingException","message":"#"}').error == "ThrottlingException"
    assert Answer(502, b"<html>").error == "HTTP 502"


@pytest.fixture
def signed_in(spark: SparkSession) -> Iterator[None]:
    """As a warm JVM is told whose job it runs."""
    properties = java_class(spark, "java.lang.System")
    names = ("aws.accessKeyId", "aws.secretAccessKey", "aws.sessionToken")
    for name in names:
        properties.setProperty(name, "none")
    yield
    for name in names:
        properties.clearProperty(name)


class Stream:
    """A stream of states; what it would send to Kafka is kept."""

    def __init__(self, spark: SparkSession, folder: Path, table: str) -> None:
        self.spark, self.folder = spark, folder
        part = {"kind": "items", "table": table, "key": ["town"], "version": "at"}
        self.spec_part = part
        self.spec = spec_of(writes=DOCUMENT["writes"] | {"states": part})
        self.sent: list[Any] = []

    def add(self, *rows: tuple[str | None, int, float]) -> None:
        frame_of(self.spark, rows, STATE).coalesce(1).write.mode("append").parquet((self.folder / "in").as_uri())

    def sink(self) -> ItemsSink:
        source = self.spark.readStream.schema(STATE).option("maxFilesPerTrigger", 1)
        rows = source.parquet((self.folder / "in").as_uri())
        return ItemsSink(self.spark, self.spec, Events("sum"), [ItemsResult("states", rows)])

    def run(self, sink: BatchSink | None = None, stop: StopRequest | None = None) -> BatchSink:
        sink = sink or self.sink()
        write = sink.writer(lambda batch: 1_000 + batch, LETTERS, stop or StopRequest())
        copies = next(iter(sink.rows.values())).select(
            F.lit("shop.copies").alias("topic"),
            F.lit(None).cast("binary").alias("key"),
            F.col("town").cast("binary").alias("value"),
            F.lit(None).cast(HEADERS).alias("headers"),
        )
        writer = with_rows(copies, sink.rows).writeStream.foreachBatch(write).trigger(availableNow=True)
        query = writer.option("checkpointLocation", (self.folder / "checkpoint").as_uri()).start()
        try:
            query.awaitTermination(120)
        finally:
            query.stop()
        return sink


@pytest.fixture
def stream(
    spark: SparkSession,
    dynamodb: Server,
    shape: Shape,
    signed_in: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Stream:
    del dynamodb, signed_in
    one = Stream(spark, tmp_path, shape.table)
    monkeypatch.setattr(ItemsSink, "_save", lambda _, records: one.sent.extend(records.collect()))
    return one


def test_a_stream_writes_the_latest_states_and_sets_aside_what_is_no_item(stream: Stream, dynamodb: Server) -> None:
    stream.add(("Ulm", 1, 1), ("Ulm", 2, 2), (None, 3, 3), (None, 3, 3))
    stream.add(("Ulm", 1, 9), ("Bonn", 1, 1))
    sink = stream.run()
    assert states(dynamodb) == {"Ulm": (2, "2"), "Bonn": (1, "1")}
    assert sum(written.rows for written in sink.written.values()) == 2
    letters = [row for row in stream.sent if row.topic == LETTERS.topic]
    headers = [{one.key: bytes(one.value or b"").decode() for one in row.headers} for row in letters]
    assert [one["millrace.error.reason"] for one in headers] == ["missing-town"] * 2
    assert {one["millrace.error.topic"] for one in headers} == {TABLE}
    assert len({one[ROW_ID] for one in headers}) == 2
    assert json.loads(bytes(letters[0].value)) == {"at": {"N": "3"}, "level": {"N": "3.00"}}
    assert len([row for row in stream.sent if row.topic == "shop.copies"]) == 6


def test_a_batch_of_a_stream_that_is_repeated_changes_nothing(stream: Stream, dynamodb: Server) -> None:
    stream.add(("Ulm", 1, 1))
    stream.run()
    stream.add(("Ulm", 2, 2))
    stream.run()
    for name in ("1", ".1.crc"):
        (stream.folder / "checkpoint" / "commits" / name).unlink(missing_ok=True)
    again = stream.run()
    assert [written.rows for written in again.written.values()] == [0]
    assert states(dynamodb) == {"Ulm": (2, "2")}


def test_a_stream_that_waits_for_its_items_ends_when_it_is_asked_to(
    stream: Stream, dynamodb: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.add(("Ulm", 1, 1))
    stop = StopRequest()
    with front(dynamodb, [(400, "ThrottlingException")] * 1_000) as before:
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", before.url)
        sink = stream.sink()
        threading.Timer(2, stop.requested.set).start()
        with pytest.raises(Exception, match="FOREACH_BATCH"):
            stream.run(sink, stop)
    assert isinstance(sink.failure, Interrupted)
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynamodb.url)
    stream.run()
    assert states(dynamodb) == {"Ulm": (1, "1")}


def test_a_checkpoint_is_of_one_table_with_its_key_and_version(stream: Stream, shape: Shape) -> None:
    stream.add(("Ulm", 1, 1))
    assert stream.sink().identities() == {"states": f"{shape.table}, key town, version at"}


def test_a_stream_writes_to_several_places_and_tells_of_all(
    stream: Stream, spark: SparkSession, dynamodb: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream.add(("Ulm", 1, 1), (None, 1, 1))
    events = Events("sum")
    monkeypatch.setattr(Together, "_save", lambda _, records: stream.sent.extend(records.collect()))
    other = ItemsResult("others", stream.sink().rows["states"].where("at = 1"))
    part = {"kind": "items", "table": dynamodb.make("shop-others", "town"), "key": ["town"], "version": "at"}
    spec = spec_of(writes=DOCUMENT["writes"] | {"others": part})
    both = Together(spark, stream.spec, events, [stream.sink(), ItemsSink(spark, spec, events, [other])])
    stream.run(both)
    assert [(written.rows, written.dead_letters) for written in both.written.values()] == [(2, {"missing-town": 2})]
    assert states(dynamodb) == {"Ulm": (1, "1")}
    assert len(dynamodb.items("shop-others")) == 1


def test_a_batch_job_writes_items_and_fails_by_those_that_are_none(
    stream: Stream, spark: SparkSession, dynamodb: Server
) -> None:
    events = Events("load")
    good = frame_of(spark, [("Ulm", 1, 1), ("Bonn", 1, 1)], STATE)
    assert items.write(stream.spec, "states", good, events) == 2
    assert items.write(stream.spec, "states", good, events) == 0
    bad = frame_of(spark, [("Bern", 1, 1), (None, 1, 1)], STATE)
    with pytest.raises(JobError, match=r"1 missing-town\. All others are written") as refused:
        items.write(stream.spec, "states", bad, events)
    assert refused.value.code == "ITEMS_REJECTED"
    assert set(states(dynamodb)) == {"Ulm", "Bonn", "Bern"}


def test_a_batch_job_reads_all_items_to_the_last_digit(stream: Stream, spark: SparkSession, dynamodb: Server) -> None:
    spec = spec_of(reads=DOCUMENT["reads"] | {"states": stream.spec_part})
    assert items.read(spark, spec, "states", STATE).collect() == []
    # More than one page of each part: a page of DynamoDB has a megabyte.
    rows = [(f'town {number} \n"ü"', number, number / 8) for number in range(3_000)]
    many = frame_of(spark, rows, STATE).withColumn("note", F.repeat(F.lit("n"), 2_500))
    assert items.write(stream.spec, "states", many, Events("load")) == 3_000
    dynamodb.client().put_item(
        TableName=TABLE,
        Item={"town": {"S": "x"}, "at": {"N": "1"}, "level": {"NULL": True}, "more": {"L": [{"N": "1"}]}},
    )
    found = items.read(spark, spec, "states", f"{STATE}, more array<int>, none int").orderBy("at", "town").collect()
    assert len(found) == 3_001
    assert [tuple(row) for row in found[:3]] == [
        ('town 0 \n"ü"', 0, Decimal("0.00"), None, None),
        ('town 1 \n"ü"', 1, Decimal("0.13"), None, None),
        ("x", 1, None, [1], None),
    ]
    assert {row.town for row in found} == {"x", *[town for town, _, _ in rows]}
