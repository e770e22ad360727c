"""What the writer makes, what the stream keeps of changes, and what goes into the history, on frames of a few rows."""

import json
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from customers import transforms
from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import schema_of
from millrace.kafka.dead_letters import HEADERS
from millrace.kinds.topic import decoded
from millrace.postgres.session import quoted, transaction
from millrace.streaming.event_time import EventTimeRules
from millrace.streaming.source import judge
from millrace.tests.frames import frame_of
from millrace.tests.postgres import Server

SCHEMAS = Path(__file__).parents[4] / "pipelines/customers/schemas"
TABLES = Path(__file__).parents[4] / "pipelines/customers/tables"
NOON = datetime(2026, 5, 21, 12, tzinfo=UTC)
RECORD = f"key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, headers {HEADERS}"
CHANGE = "id bigint, gender string, birthdate string, dt_update timestamp, __deleted string, __lsn bigint"
STATE = "id bigint, gender string, age int, deleted boolean, lsn bigint"


def made(spark: SparkSession, count: int, seed: int = 1) -> list[dict[str, Any]]:
    numbers = spark.range(count).toDF("position")
    return [row.asDict() for row in transforms.changes(numbers, seed).orderBy("position").collect()]


def change(**of: object) -> bytes:
    customer = {"id": 1, "name": "Ada Rossi", "gender": "F", "birthdate": "1990-05-21", "profession": None}
    told = {"dt_update": "2026-05-21T10:00:00.123456Z", "__deleted": "false", "__op": "c", "__lsn": 7}
    return json.dumps({**customer, **told, **of}).encode()


# --- the writer


def test_the_same_seed_makes_the_same_changes_and_another_makes_others(spark: SparkSession) -> None:
    first = made(spark, 60)
    assert made(spark, 120)[:60] == first
    assert made(spark, 60, seed=2) != first


def test_of_ten_changes_seven_take_customers_on_two_correct_and_the_last_deletes_one_of_them(
    spark: SparkSession,
) -> None:
    rows = made(spark, 1_000)
    assert Counter(row["kind"] for row in rows) == {"insert": 700, "update": 200, "delete": 100}
    for start in range(0, 1_000, 10):
        block = rows[start : start + 10]
        taken_on = {row["customer"]: row for row in block[:7]}
        assert sorted(taken_on) == list(range(start, start + 7))
        assert all(row["customer"] in taken_on for row in block)
        # Two corrections of one customer would be one, where they are made at once.
        assert block[7]["customer"] != block[8]["customer"]
        for row in block[7:]:
            before = taken_on[row["customer"]]
            assert all(row[name] == before[name] for name in ("name", "gender", "email", "photo"))


def test_customers_are_of_both_genders_and_of_some_the_birthdate_is_not_known(spark: SparkSession) -> None:
    rows = made(spark, 2_000)
    assert {row["gender"] for row in rows} == {"F", "M"}
    assert {row["name"].split()[0] for row in rows} == {*transforms.FIRST_NAMES["F"], *transforms.FIRST_NAMES["M"]}
    born = [row["birthdate"] for row in rows]
    assert 10 < born.count(None) < 100
    known = [day for day in born if day is not None]
    assert date(1940, 1, 1) <= min(known) <= max(known) <= date(2005, 9, 16)


# --- the stream


def test_what_the_connector_sends_is_read_and_what_is_none_is_told_apart(spark: SparkSession) -> None:
    values = [
        change(),
        change(birthdate=None),
        change(birthdate="1990-05-21Z"),
        change(more="than declared"),
        change(__deleted="true", __op="d"),
        None,
        change(gender="X"),
        change(birthdate="1990-02-30"),
        change(birthdate="2026-05-22"),
        change(name=None),
        b"hello",
    ]
    rows = [(b"{}", value, "c", 0, offset, NOON, None) for offset, value in enumerate(values)]
    codec = JsonCodec(schema_of((SCHEMAS / "change.schema.json").read_text("utf-8"), "change"))
    # Of a day long ago: nothing is late.
    checks = transforms.birthdate_checks()
    found = judge(
        frame_of(spark, rows, RECORD), codec, EventTimeRules(None, 10, 0, None), checks=checks, deletions=True
    )
    assert [row.reason for row in found.frame.orderBy("offset").collect()] == [
        *[None] * 6,
        "bad-gender",
        "bad-birthdate",
        "bad-birthdate",
        "bad-name",
        "not-json",
    ]


def test_a_record_without_a_value_is_a_dead_letter_where_nobody_says_that_it_deletes(spark: SparkSession) -> None:
    codec = JsonCodec(schema_of((SCHEMAS / "change.schema.json").read_text("utf-8"), "change"))
    rows = frame_of(spark, [(b"{}", None, "c", 0, 0, NOON, None)], RECORD)
    assert judge(rows, codec, EventTimeRules(None, 10, 0, None)).bad().count() == 1


@pytest.mark.parametrize(
    ("birthdate", "age"),
    [("1990-05-21", 36), ("1990-05-21Z", 36), ("1990-12-01", 35), ("1989-11-01", 37), ("2026-05-21", 0), (None, None)],
)
def test_an_age_is_of_the_day_of_the_change_and_to_the_nearest_year(
    spark: SparkSession, birthdate: str | None, age: int | None
) -> None:
    changes = frame_of(spark, [(1, "F", birthdate, NOON, "false", 7)], CHANGE)
    assert [tuple(row) for row in transforms.states(changes).collect()] == [(1, "F", age, False, 7)]


def test_of_a_customer_the_last_state_by_the_log_counts_however_often_and_in_whatever_order_it_came(
    spark: SparkSession,
) -> None:
    states = [
        (1, "F", 30, False, 10),
        (1, "F", 31, False, 20),
        (1, "F", 30, False, 10),
        (2, "M", 40, False, 11),
        (2, "M", 40, True, 21),
        (2, "M", 40, True, 21),
        (3, "F", None, False, 5),
    ]
    found = transforms.latest(frame_of(spark, states, STATE)).orderBy("id").collect()
    assert [tuple(row) for row in found] == [
        (1, "F", 31, False, 20),
        (2, "M", 40, True, 21),
        (3, "F", None, False, 5),
    ]


def test_sums_are_of_those_who_are_there_and_deletions_are_counted(spark: SparkSession, postgres: Server) -> None:
    migrations = [part for path in sorted(TABLES.glob("*.sql")) for part in path.read_text("utf-8").split(";\n")]
    latest = "(1, 'F', 30, false), (2, 'F', 31, false), (3, 'F', 33, false), (4, 'F', NULL, false), (5, 'F', 99, true)"
    postgres.run(
        spark,
        "DROP SCHEMA IF EXISTS customers CASCADE",
        "CREATE SCHEMA customers",
        "SET LOCAL search_path = customers",
        *[part for part in migrations if part.strip()],
        f"INSERT INTO customers.customer_latest VALUES {latest}",
    )
    query = transforms.BY_GENDER.format(latest=quoted("customers", "customer_latest"))
    with transaction(spark, postgres.database) as session:
        found = session.query(f"SELECT gender, customers, average_age, deleted FROM ({query}) t ORDER BY gender")
    assert found == [("F", "4", "31.33", "1"), ("M", "0", None, "0")]


# --- the history


def test_the_history_has_each_change_and_nothing_of_a_forgotten_key(spark: SparkSession) -> None:
    key = JsonCodec(schema_of((SCHEMAS / "customer-key.schema.json").read_text("utf-8"), "key"))
    value = JsonCodec(schema_of((SCHEMAS / "change.schema.json").read_text("utf-8"), "change"))
    values = [change(), change(__deleted="true", __lsn=9), None]
    rows = [(b'{"id":1}', value, "c", 0, offset, NOON, None) for offset, value in enumerate(values)]
    records = decoded(frame_of(spark, rows, RECORD), key, value, deletions=True)
    kept = transforms.history(records.good())
    assert [(row.id, row.deleted, row.lsn) for row in kept.orderBy("lsn").collect()] == [(1, False, 7), (1, True, 9)]
    schema = schema_of((SCHEMAS / "history.schema.json").read_text("utf-8"), "history")
    assert kept.columns == [field.name for field in schema.fields]
