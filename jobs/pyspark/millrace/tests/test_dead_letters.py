"""Dead letters: original bytes, and headers that say why, where from and when."""

from datetime import UTC, datetime, timedelta

import pytest
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from millrace.formats.checks import first_reason
from millrace.kafka.dead_letters import FIRST_TIMESTAMP, dead_letters, first_timestamp
from millrace.tests.frames import frame_of

MOMENT = datetime(2026, 5, 21, 10, tzinfo=UTC)
MOMENT_MS = str(int(MOMENT.timestamp() * 1000))
SCHEMA = """key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, first_timestamp timestamp, reason string,
    headers array<struct<key:string,value:binary>>"""


def test_bytes_stay_and_headers_tell_the_rest(spark: SparkSession) -> None:
    old = [("trace", b"\x01"), ("millrace.error.reason", b"late"), (FIRST_TIMESTAMP, b"1")]
    rows = [
        (b"k", b"\xff\x00", "readings", 2, 17, MOMENT, MOMENT, "not-framed", old),
        (None, None, "readings", 0, 3, MOMENT, MOMENT, "null-value", None),
    ]
    first, second = dead_letters(frame_of(spark, rows, SCHEMA), "sum", 1_000_000).collect()
    assert (bytes(first.key), bytes(first.value), second.key, second.value) == (b"k", b"\xff\x00", None, None)
    assert [(header.key, bytes(header.value)) for header in first.headers] == [
        ("trace", b"\x01"),
        ("millrace.error.reason", b"not-framed"),
        ("millrace.error.topic", b"readings"),
        ("millrace.error.partition", b"2"),
        ("millrace.error.offset", b"17"),
        ("millrace.error.job", b"sum"),
        (FIRST_TIMESTAMP, MOMENT_MS.encode()),
    ]
    assert {header.key: bytes(header.value) for header in second.headers}["millrace.error.offset"] == b"3"


def test_what_is_too_large_is_cut_and_says_so(spark: SparkSession) -> None:
    def letter(key: int, value: int, headers: list[tuple[str, bytes]] | None = None) -> Row:
        row = (b"k" * key, b"v" * value, "readings", 2, 17, MOMENT, MOMENT, "not-framed", headers)
        return dead_letters(frame_of(spark, [row], SCHEMA), "sum", 30_000).collect()[0]

    def truncated(row: Row) -> bytes | None:
        said = {header.key: bytes(header.value) for header in row.headers}
        return said.get("millrace.error.truncated")

    room = 30_000 - 16_384
    whole, cut, cut_key = letter(6, room - 6), letter(6, room - 5), letter(room, 40_000)
    crowded = letter(6, 6, [("trace", b"h" * room)])
    assert (len(whole.value), truncated(whole)) == (room - 6, None)
    assert (len(cut.value), truncated(cut)) == (
        room - 6,
        f"key of 6 bytes, value of {room - 5} bytes, headers of 0 bytes".encode(),
    )
    assert (len(cut_key.key), len(cut_key.value)) == (room // 2, room - room // 2)
    assert (len(crowded.value), [header.key for header in crowded.headers if header.key == "trace"]) == (6, [])
    assert truncated(crowded) == f"key of 6 bytes, value of 6 bytes, headers of {room + 15} bytes".encode()


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (None, MOMENT),
        ([], MOMENT),
        ([(FIRST_TIMESTAMP, str(int(MOMENT_MS) - 3_600_000).encode())], MOMENT - timedelta(hours=1)),
        ([(FIRST_TIMESTAMP, str(int(MOMENT_MS) + 1).encode())], MOMENT),
        ([(FIRST_TIMESTAMP, b"yesterday")], MOMENT),
        ([(FIRST_TIMESTAMP, None)], MOMENT),
        ([(FIRST_TIMESTAMP, b"9223372036854775807")], MOMENT),
    ],
)
def test_only_a_sensible_first_timestamp_is_believed(spark: SparkSession, said: object, expected: datetime) -> None:
    frame = frame_of(spark, [(MOMENT, said)], "timestamp timestamp, headers array<struct<key:string,value:binary>>")
    row = frame.select(F.unix_millis(first_timestamp(F.col("headers"), F.col("timestamp"))).alias("ms")).collect()[0]
    assert row.ms == int(expected.timestamp() * 1000)


def test_the_first_reason_counts_and_what_cannot_be_judged_is_bad(spark: SparkSession) -> None:
    frame = frame_of(spark, [(1, 1), (2, 1), (2, 2), (2, None)], "a int, b int")
    checks = [("a-is-one", F.col("a") == 1), ("b-is-one", F.col("b") == 1)]
    rows = frame.select(first_reason(checks).alias("reason")).collect()
    assert [row.reason for row in rows] == ["a-is-one", "b-is-one", None, "b-is-one"]
