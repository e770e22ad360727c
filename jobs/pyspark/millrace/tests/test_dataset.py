"""Datasets: each record of a topic in it once, whatever ended a run; columns that come and go; maintenance that keeps the rows; readers that are not Spark."""

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from py4j.protocol import Py4JJavaError
from pyiceberg.table import StaticTable
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.errors import JobError
from millrace.formats.checks import Judged
from millrace.job.events import Events
from millrace.job.spec import Spec
from millrace.kafka.cluster import Cluster, TopicState
from millrace.kinds import dataset, topic
from millrace.tests.frames import frame_of
from millrace.tests.specs import DOCUMENT, spec_of

VALUE = "struct<id:bigint,price:decimal(18,2),at:timestamp>"
FORM = f"partition int, offset bigint, value {VALUE}, reason string"
SCHEMA = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "price": {"type": "number", "multipleOf": 0.01, "maximum": 100},
        "at": {"type": "string", "format": "date-time"},
    },
    "required": ["id", "price", "at"],
}
NOTE = {"type": ["string", "null"]}


def at(day: int) -> datetime:
    return datetime(2026, 1, day, 12, tzinfo=UTC)


class Topic:
    """What stands for the topic and the brokers."""

    def __init__(self, spark: SparkSession) -> None:
        self.spark = spark
        self.name, self.id = "shop.tickets", "first"
        self.records: dict[int, list[tuple[Any, ...]]] = {0: [], 1: []}
        self.first = {0: 0, 1: 0}

    def send(self, partition: int, number: int, price: str = "1.50", reason: str | None = None) -> None:
        value = None if reason else (number, Decimal(price), at(number))
        self.records[partition].append((partition, len(self.records[partition]), value, reason))

    def ask(self, *_: object) -> Cluster:
        end = {partition: len(records) for partition, records in self.records.items()}
        return Cluster("c", {self.name: TopicState(self.id, {number: self.first[number] for number in end}, end)})

    def between(
        self,
        _s: object,
        _spec: object,
        _t: object,
        start: Mapping[int, int],
        end: Mapping[int, int],
        *,
        deletions: bool,
    ) -> Judged:
        assert not deletions
        rows = [one for number, all_ in self.records.items() for one in all_[start[number] : end[number]]]
        return Judged(frame_of(self.spark, rows, FORM), ("bad-json",))


class Notes(Events):
    """Keeps what people are told."""

    def __init__(self, noted: list[str]) -> None:
        super().__init__("sum")
        self._noted = noted

    def note(self, text: str) -> None:
        self._noted.append(text)


class Shop:
    """A job that appends tickets to a dataset."""

    def __init__(self, spark: SparkSession, folder: Path, tickets: Topic) -> None:
        self.spark, self.folder, self.tickets = spark, folder, tickets
        self.noted: list[str] = []
        self.schema: dict[str, Any] = json.loads(json.dumps(SCHEMA))
        self.output: dict[str, Any] = {"partitionBy": "days(at)", "fileSize": 1, "keepHours": 1}

    @property
    def spec(self) -> Spec:
        schema = self.folder / "tickets.schema.json"
        schema.write_text(json.dumps(self.schema))
        place = {
            "kind": "dataset",
            "database": "millrace_dev",
            "table": "shop_tickets",
            "url": (self.folder / "shop/tickets/iceberg/table").as_uri(),
        }
        written = {**place, "schema": {"format": "json", "url": schema.as_uri()}, **self.output}
        tickets = {"kind": "topic", "topic": self.tickets.name, "groupIdPrefix": "g"}
        reads = {"tickets": tickets, "kept": place}
        return spec_of(**DOCUMENT | {"mode": "batch", "reads": reads, "writes": {"kept": written}})

    def append(
        self,
        rows: Callable[[DataFrame], DataFrame] = lambda records: records.select("value.*"),
        key: Sequence[str] = (),
    ) -> dataset.Appended:
        return dataset.append_new(self.spark, self.spec, "kept", "tickets", Notes(self.noted), rows, key)

    def rows(self) -> list[tuple[Any, ...]]:
        return sorted(tuple(row) for row in dataset.read(self.spark, self.spec, "kept").collect())

    def ids(self) -> list[int]:
        return [row[0] for row in self.rows()]

    def sql(self, text: str) -> list[Any]:
        return self.spark.sql(text.replace("KEPT", "datasets.tickets.iceberg.table")).collect()

    def files(self, ending: str) -> list[Path]:
        return list(self.folder.glob(f"shop/tickets/iceberg/table/**/*{ending}"))


@pytest.fixture
def shop(spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    tickets = Topic(spark)
    monkeypatch.setattr(dataset, "ask", tickets.ask)
    monkeypatch.setattr(topic, "between", tickets.between)
    # Each test has a warehouse of its own, and a catalog keeps its first one.
    spark._jsparkSession.sessionState().catalogManager().reset()
    yield Shop(spark, tmp_path, tickets)
    spark._jsparkSession.sessionState().catalogManager().reset()


def test_a_table_is_looked_up_in_the_glue_catalog_unless_the_machine_finds_it_by_its_place() -> None:
    url = "s3://data/datasets/shop/kept/iceberg/table"
    catalog = "spark.sql.catalog.datasets"
    common = {catalog: "org.apache.iceberg.spark.SparkCatalog", f"{catalog}.cache-enabled": "false"}
    assert dataset.catalog_settings(url, None, "eu-west-1") == common | {
        f"{catalog}.catalog-impl": "org.apache.iceberg.aws.glue.GlueCatalog",
        f"{catalog}.io-impl": "org.apache.iceberg.hadoop.HadoopFileIO",
        f"{catalog}.client.region": "eu-west-1",
    }
    place = {f"{catalog}.warehouse": "s3://data/datasets/shop"}
    assert dataset.catalog_settings(url, "hadoop", None) == common | place


def test_what_is_new_on_the_topic_is_appended_once_however_often_the_job_runs(shop: Shop) -> None:
    shop.tickets.send(0, 1)
    shop.tickets.send(1, 2)
    assert shop.append() == dataset.Appended(rows=2, read=2)
    assert shop.append() == dataset.Appended()
    shop.tickets.send(1, 3)
    assert shop.append() == dataset.Appended(rows=1, read=1)
    assert shop.rows() == [(number, Decimal("1.50"), at(number).replace(tzinfo=None)) for number in (1, 2, 3)]


def test_a_run_that_is_killed_before_its_commit_leaves_nothing_and_the_next_one_appends_all(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.tickets.send(0, 1)
    shop.append()
    shop.tickets.send(0, 2)

    def killed(records: DataFrame) -> DataFrame:
        return records.select("value.*").where(F.raise_error(F.lit("killed")).isNull())

    with pytest.raises((PySparkException, Py4JJavaError)):
        shop.append(rows=killed)
    assert shop.ids() == [1]
    assert shop.append().rows == 1
    assert shop.ids() == [1, 2]


def test_a_run_that_is_killed_behind_its_commit_is_not_repeated(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.tickets.send(0, 1)
    with monkeypatch.context() as context:
        context.setattr(dataset, "Appended", lambda *_: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception, match="killed"):
            shop.append()
    assert shop.append() == dataset.Appended()
    assert shop.ids() == [1]


def test_records_that_cannot_be_read_are_counted_and_passed_once(shop: Shop) -> None:
    shop.tickets.send(0, 1, reason="bad-json")
    assert shop.append() == dataset.Appended(rows=0, read=1, unreadable={"bad-json": 1})
    assert shop.append() == dataset.Appended()
    assert shop.ids() == []


def test_a_record_that_a_stream_wrote_twice_is_one_row_where_a_key_says_so(shop: Shop) -> None:
    for number in (1, 1, 2):
        shop.tickets.send(0, number)
    assert shop.append(key=["id"]) == dataset.Appended(rows=2, read=3)
    for number in (2, 3):
        shop.tickets.send(1, number)
    assert shop.append(key=["id"]) == dataset.Appended(rows=1, read=2)
    assert shop.ids() == [1, 2, 3]


def test_what_left_the_topic_before_it_was_appended_is_told(shop: Shop) -> None:
    shop.tickets.send(0, 1)
    shop.append()
    for number in (2, 3, 4):
        shop.tickets.send(0, number)
    shop.tickets.first[0] = 3
    assert shop.append() == dataset.Appended(rows=1, read=1, missed=2)
    assert shop.ids() == [1, 4]
    assert shop.noted == [
        "2 offsets of shop.tickets had left the topic before they were appended to kept: run the job more often than records expire"
    ]


def test_a_topic_that_was_made_again_is_read_from_its_first_record(shop: Shop) -> None:
    shop.tickets.send(0, 1)
    shop.append()
    shop.tickets.id, shop.tickets.records = "second", {0: [], 1: []}
    shop.tickets.send(0, 2)
    shop.append()
    assert shop.ids() == [1, 2]
    assert shop.noted == ["shop.tickets was made again since the last append to kept: all of its records are new"]


def test_a_topic_that_ends_before_what_was_read_is_refused(shop: Shop) -> None:
    shop.tickets.send(0, 1)
    shop.append()
    shop.tickets.records = {0: [], 1: []}
    with pytest.raises(JobError, match=r"Partition 0 of shop\.tickets ends at 0, and was read up to 1") as refused:
        shop.append()
    assert refused.value.code == "DATASET_POSITION"


def test_partitions_that_a_topic_got_are_read_from_their_first_record(shop: Shop) -> None:
    shop.tickets.send(0, 1)
    shop.append()
    shop.tickets.records[2], shop.tickets.first[2] = [], 0
    shop.tickets.send(2, 2)
    shop.append()
    assert shop.ids() == [1, 2]


def test_a_schema_may_get_columns_and_lose_some(shop: Shop) -> None:
    shop.tickets.send(0, 1)
    shop.append()
    shop.schema["properties"] |= {"note": NOTE}
    shop.tickets.send(0, 2)
    shop.append(rows=lambda records: records.select("value.*", F.lit("x").alias("note")))
    assert [(row[0], row[3]) for row in shop.rows()] == [(1, None), (2, "x")]
    del shop.schema["properties"]["price"], shop.schema["required"][1]
    shop.tickets.send(0, 3)
    shop.append(rows=lambda records: records.select("value.id", "value.at", F.lit("y").alias("note")))
    assert [(row[0], row[1], row[3]) for row in shop.rows()][2] == (3, None, "y")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (
            lambda shop: shop.schema["properties"]["price"].update(multipleOf=0.001),
            "Column price of dataset kept is decimal(18,2), and decimal(18,3) in its schema. A column keeps its type",
        ),
        (
            lambda shop: shop.output.pop("partitionBy"),
            "The files of dataset kept are divided by days(at), and in its declaration by nothing. That stays as it is",
        ),
    ],
)
def test_another_type_or_division_is_refused_before_anything_is_written(
    shop: Shop, change: Callable[[Shop], object], told: str
) -> None:
    shop.tickets.send(0, 1)
    shop.append()
    change(shop)
    shop.tickets.send(0, 2)
    with pytest.raises(JobError) as refused:
        shop.append()
    assert refused.value.code == "DATASET_CHANGED"
    assert refused.value.message.startswith(told)
    assert shop.ids() == [1]


def test_a_row_that_its_schema_forbids_is_not_written(shop: Shop) -> None:
    shop.tickets.send(0, 1, price="100.01")
    with pytest.raises(PySparkException, match=r"does not fit the schema of dataset kept: price is 100\.01"):
        shop.append()
    assert shop.ids() == []


def test_a_dataset_that_nobody_has_written_is_told_by_its_name(shop: Shop) -> None:
    with pytest.raises(JobError, match="Dataset kept has no table shop_tickets yet") as refused:
        shop.rows()
    assert refused.value.code == "DATASET_MISSING"
    assert dataset.maintain(shop.spark, shop.spec, "kept") == dataset.Maintained(0, 0, 0, 0)


def test_maintenance_merges_and_forgets_and_keeps_rows_and_position(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        shop.tickets.send(0, 1)
        shop.append()
    before = shop.rows()
    assert len(shop.files(".parquet")) == 3
    left, of_now = (
        shop.folder / "shop/tickets/iceberg/table/data" / name for name in ("left.parquet", "of_now.parquet")
    )
    left.write_text("of a run that was ended")
    of_now.write_text("of a run that goes on")
    # Four days later what was merged is older than it is kept, and what was left older than any run.
    later = time.time() + 4 * 24 * 3600
    os.utime(of_now, (later - 3600, later - 3600))
    monkeypatch.setattr(dataset, "now_ms", lambda: int(later * 1000))
    assert dataset.maintain(shop.spark, shop.spec, "kept") == dataset.Maintained(3, 1, 3, 1)
    assert of_now in shop.files(".parquet")
    assert len(shop.files(".parquet")) == 2
    assert shop.rows() == before
    assert dataset.maintain(shop.spark, shop.spec, "kept") == dataset.Maintained(0, 0, 0, 0)
    assert shop.append() == dataset.Appended()
    shop.tickets.send(0, 2)
    assert shop.append().rows == 1


def test_states_that_are_kept_can_still_be_read_after_maintenance(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in (1, 2):
        shop.tickets.send(0, number)
        shop.append()
    [first, _] = [row.snapshot_id for row in shop.sql("SELECT snapshot_id FROM KEPT.snapshots ORDER BY committed_at")]
    shop.output["keepHours"] = 48
    later = time.time() + 47 * 3600
    monkeypatch.setattr(time, "time", lambda: later)
    dataset.maintain(shop.spark, shop.spec, "kept")
    assert [row.id for row in shop.sql(f"SELECT id FROM KEPT VERSION AS OF {first}")] == [1]


def test_a_commit_of_others_hides_no_position_and_without_any_nothing_is_appended(shop: Shop) -> None:
    for number in (1, 2):
        shop.tickets.send(0, number)
    shop.append()
    shop.sql("DELETE FROM KEPT WHERE id = 1")
    assert shop.append() == dataset.Appended()
    shop.sql(
        "CALL datasets.system.expire_snapshots(table => 'tickets.iceberg.table', older_than => TIMESTAMP '2100-01-01', retain_last => 1)"
    )
    with pytest.raises(JobError, match="No state of dataset kept says how far its topics were read") as refused:
        shop.append()
    assert refused.value.code == "DATASET_POSITION"
    assert shop.ids() == [2]


def test_maintenance_keeps_a_dataset_in_order_that_a_connector_writes(shop: Shop) -> None:
    shop.tickets.send(0, 1)
    shop.append()
    for number in (2, 3):
        shop.sql(f"INSERT INTO KEPT SELECT {number}, * EXCEPT (id) FROM KEPT WHERE id = 1")
    shop.sql(
        "CALL datasets.system.expire_snapshots(table => 'tickets.iceberg.table', older_than => TIMESTAMP '2100-01-01', retain_last => 1)"
    )
    rewritten = dataset.maintain(shop.spark, shop.spec, "kept").rewritten
    assert (rewritten, sorted(shop.ids())) == (3, [1, 2, 3])


def test_two_topics_have_a_position_each(shop: Shop) -> None:
    shop.tickets.send(0, 1)
    shop.append()
    tickets, shop.tickets.records = shop.tickets.records, {0: []}
    shop.tickets.name = "shop.returns"
    shop.tickets.send(0, 2)
    shop.append()
    shop.tickets.name, shop.tickets.records = "shop.tickets", tickets
    assert shop.append() == dataset.Appended()
    assert shop.ids() == [1, 2]


def test_other_files_of_another_size_are_made_when_the_declaration_says_so(shop: Shop) -> None:
    shop.append()
    shop.output["fileSize"] = 7
    shop.append()
    properties = {row.key: row.value for row in shop.sql("SHOW TBLPROPERTIES KEPT")}
    assert properties["write.target-file-size-bytes"] == str(7 * 2**20)
    # Or each commit leaves a file of metadata for ever.
    assert properties["write.metadata.delete-after-commit.enabled"] == "true"


def test_pyiceberg_and_duckdb_read_the_same_rows(shop: Shop) -> None:
    for number in (1, 2, 2):
        shop.tickets.send(0, number)
        shop.append()
    shop.sql("DELETE FROM KEPT WHERE id = 1")
    dataset.maintain(shop.spark, shop.spec, "kept")
    hint = (shop.folder / "shop/tickets/iceberg/table/metadata/version-hint.text").read_text().strip()
    table = StaticTable.from_metadata(str(shop.folder / f"shop/tickets/iceberg/table/metadata/v{hint}.metadata.json"))
    rows = [tuple(row.values()) for row in table.scan().to_arrow().to_pylist()]
    assert [(number, price, when.astimezone(UTC).replace(tzinfo=None)) for number, price, when in rows] == shop.rows()
    files = [task.file.file_path.removeprefix("file:") for task in table.scan().plan_files()]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        [found] = connection.execute("SELECT count(*), sum(price) FROM read_parquet($1)", [files]).fetchall()
    assert found == (2, Decimal("3.00"))
