"""What a checkpoint is of, and what a stream is told that finds one of something else, or none where there are results."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, SparkSession

from millrace.errors import JobError
from millrace.job.run import StartAgain
from millrace.kafka.cluster import Cluster, Offsets, TopicState
from millrace.streaming import binding
from millrace.streaming.binding import Bound, identity, only_whole, refuse_another, refuse_gap, refuse_results
from millrace.streaming.checkpoint import Checkpoint
from millrace.streaming.source import recorded_rules
from millrace.streaming.tables import Standing
from millrace.tests.frames import frame_of
from millrace.tests.specs import spec_of

BOUND = Bound(("shop.readings",), ("shop.sums",), {"sums": ["town", "window_start"]})


def cluster(
    first: int = 0, end: int = 20, results: int = 0, deleted: int = 0, topic_id: str = "a", cluster_id: str = "c"
) -> Cluster:
    topics = {
        "shop.readings": TopicState(topic_id, {0: first, 1: 0}, {0: end, 1: 20}),
        "shop.sums": TopicState("s", {0: deleted}, {0: results}),
    }
    return Cluster(cluster_id, topics)


@pytest.fixture
def checkpoint(spark: SparkSession, tmp_path: Path) -> Checkpoint:
    return Checkpoint(spark, tmp_path.as_uri() + "/")


def batches(folder: Path, log: str, *numbers: int, offset: int = 10) -> None:
    (folder / "query" / log).mkdir(parents=True, exist_ok=True)
    for number in numbers:
        text = 'v1\n{"batchWatermarkMs":0}\n' + json.dumps({"shop.readings": {"0": offset, "1": 3}})
        (folder / "query" / log / str(number)).write_text(text)


def test_a_checkpoint_says_what_was_planned_and_what_is_finished(checkpoint: Checkpoint, tmp_path: Path) -> None:
    assert (checkpoint.is_empty(), checkpoint.is_unfinished(), checkpoint.offsets()) == (True, False, [])
    batches(tmp_path, "offsets", 8, 9)
    batches(tmp_path, "offsets", 10, offset=12)
    batches(tmp_path, "commits", 8, 9)
    (tmp_path / "query" / "offsets" / ".11.crc").write_text("")
    assert (checkpoint.is_empty(), checkpoint.is_unfinished()) == (False, True)
    assert checkpoint.offsets() == [{"shop.readings": {"0": 10, "1": 3}}]
    batches(tmp_path, "commits", 10)
    assert not checkpoint.is_unfinished()
    checkpoint.write("binding.json", {"cluster": "c"})
    checkpoint.write("binding.json", {"cluster": "d"})
    assert checkpoint.read("binding.json") == {"cluster": "d"}
    checkpoint.clear()
    assert (checkpoint.is_empty(), checkpoint.read("binding.json")) == (True, None)


def test_what_stays_the_same_is_not_written_again_so_that_no_start_can_damage_it(
    checkpoint: Checkpoint, tmp_path: Path
) -> None:
    checkpoint.write("rules.json", {"readings": {"schemas": [1]}})
    before = (tmp_path / "rules.json").stat().st_ino, (tmp_path / "rules.json").stat().st_mtime_ns
    checkpoint.write("rules.json", {"readings": {"schemas": [1]}})
    assert ((tmp_path / "rules.json").stat().st_ino, (tmp_path / "rules.json").stat().st_mtime_ns) == before
    checkpoint.write("rules.json", {"readings": {"schemas": [1, 2]}})
    assert checkpoint.read("rules.json") == {"readings": {"schemas": [1, 2]}}


def test_a_damaged_document_is_named_with_the_way_on(checkpoint: Checkpoint, tmp_path: Path) -> None:
    (tmp_path / "binding.json").write_text('{"cluster": ')
    with pytest.raises(JobError, match=r'binding\.json is damaged: .*"rebuild": true') as caught:
        checkpoint.read("binding.json")
    assert caught.value.code == "CHECKPOINT_DAMAGED"
    assert checkpoint.read("binding.json", or_none=True) is None
    checkpoint.write("rules.json", {"readings": {}})
    (tmp_path / "rules.json").write_text('{"readings"')
    with pytest.raises(JobError, match=r"rules\.json is damaged"):
        checkpoint.read("rules.json")
    batches(tmp_path, "commits", 3)
    for text in ("", "v1\n{}\n", 'v1\n{}\n{"shop.readings": {"0"'):
        (tmp_path / "query" / "offsets").mkdir(parents=True, exist_ok=True)
        (tmp_path / "query" / "offsets" / "3").write_text(text)
        with pytest.raises(JobError, match=r"query/offsets/3 is damaged: .*\"rebuild\": true"):
            checkpoint.offsets()


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"cluster_id": "other"}, "cluster was 'c' and is 'other'"),
        ({"topic_id": "again"}, "topics shop.readings was 'a' and is 'again'. "),
        ({"windows": {"minutes": 15, "every": 5}}, "windows minutes was 10 and is 15. "),
        (
            {"keys": {"sums": ["region", "window_start"]}},
            "keys sums was ['town', 'window_start'] and is ['region', 'window_start']. ",
        ),
        ({"partitions": "8"}, "statePartitions was 2 and is 8"),
    ],
)
def test_a_checkpoint_of_another_stream_is_refused(
    spark: SparkSession, changed: dict[str, object], told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recorded = json.loads(json.dumps(identity(spark, spec_of(), cluster(), BOUND)))
    refuse_another(identity(spark, spec_of(), cluster(), BOUND), recorded, "s3://c")
    spec = spec_of(windows=changed.get("windows", {"minutes": 10, "every": 5}))
    of_cluster = {name: value for name, value in changed.items() if name in {"cluster_id", "topic_id"}}
    bound = Bound(BOUND.sources, BOUND.results, changed.get("keys", BOUND.keys))  # type: ignore[arg-type]
    partitions = spark.conf.get("spark.sql.shuffle.partitions")
    spark.conf.set("spark.sql.shuffle.partitions", str(changed.get("partitions", partitions)))
    try:
        now = identity(spark, spec, cluster(**of_cluster), bound)  # type: ignore[arg-type]
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", str(partitions))
    with pytest.raises(JobError) as caught:
        refuse_another(now, recorded, "s3://c")
    assert caught.value.code == "CHECKPOINT_OF_ANOTHER"
    assert f"The checkpoint s3://c is of another stream: {told}" in caught.value.message


def test_nothing_is_begun_over_results_that_exist() -> None:
    refuse_results(cluster(results=0), BOUND, "s3://c")
    refuse_results(cluster(results=9, deleted=9), BOUND, "s3://c")
    with pytest.raises(JobError, match=r"s3://c is empty, but shop.sums holds results") as caught:
        refuse_results(cluster(results=1), BOUND, "s3://c")
    assert caught.value.code == "CHECKPOINT_MISSING"
    tables = Standing({"shop.levels": "17, key town"}, None, [])
    refuse_results(cluster(results=0), replace(BOUND, tables=tables), "s3://c")
    with pytest.raises(JobError, match=r"s3://c is empty, but shop.levels holds results"):
        refuse_results(cluster(results=0), replace(BOUND, tables=replace(tables, position=5)), "s3://c")


def test_a_table_that_was_made_again_is_another(spark: SparkSession) -> None:
    def bound_to(told: str | None) -> dict[str, object]:
        tables = None if told is None else Standing({"shop.levels": told}, None, [])
        return identity(spark, spec_of(), cluster(), replace(BOUND, tables=tables))

    assert "tables" not in bound_to(None)
    refuse_another(bound_to("17, key town"), bound_to("17, key town"), "s3://c")
    for before in ("16, key town", None):
        with pytest.raises(JobError, match="tables"):
            refuse_another(bound_to("17, key town"), bound_to(before), "s3://c")


@pytest.mark.parametrize(
    ("first", "end", "told"),
    [
        (11, 20, "read up to offset 10 and begins at 11: 1 records that the stream had not read were deleted"),
        (0, 9, "read up to offset 10 and ends at 9: what the stream had read was deleted"),
        (10, 20, None),
        (0, 10, None),
    ],
)
def test_records_that_are_gone_are_told(
    checkpoint: Checkpoint, tmp_path: Path, first: int, end: int, told: str | None
) -> None:
    batches(tmp_path, "offsets", 3)
    batches(tmp_path, "commits", 3)
    batches(tmp_path, "offsets", 4, offset=15)
    if told is None:
        refuse_gap(cluster(first, end), checkpoint)
        return
    with pytest.raises(JobError) as caught:
        refuse_gap(cluster(first, end), checkpoint)
    assert (caught.value.code, told in caught.value.message) == ("RECORDS_LOST", True)


def test_only_windows_that_can_be_seen_whole_are_written(spark: SparkSession) -> None:
    starts = spark.sql("SELECT timestamp_millis(t) AS window_start FROM VALUES (1000L), (2000L), (3000L) AS t(t)")
    assert only_whole(starts, 2000).count() == 2
    assert only_whole(starts, None).count() == 3
    assert only_whole(spark.range(3), 2000).count() == 3


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Cluster]:
    """What the brokers answer, the last one for ever."""
    answers = [cluster()]
    monkeypatch.setattr(binding, "ask", lambda *_: answers[-1])
    monkeypatch.setattr(binding, "_oldest", lambda *_: 5_000)
    return answers


def test_a_rebuild_forgets_the_checkpoint_once_in_an_execution_and_writes_whole_windows_only(
    spark: SparkSession, checkpoint: Checkpoint, tmp_path: Path, asked: list[Cluster]
) -> None:
    assert binding.bind(spark, spec_of(), checkpoint, BOUND) is None
    batches(tmp_path, "offsets", 3)
    batches(tmp_path, "commits", 3)
    assert binding.bind(spark, spec_of(), checkpoint, BOUND) is None
    asked.append(cluster(first=11, results=9))
    with pytest.raises(JobError, match="were deleted"):
        binding.bind(spark, spec_of(), checkpoint, BOUND)
    assert not checkpoint.is_empty()
    with pytest.raises(StartAgain, match="hold every event since 1970-01-01 00:10:05 UTC"):
        binding.bind(spark, spec_of(rebuild=True), checkpoint, BOUND)
    assert checkpoint.is_empty()
    # Ten minutes are what an event may be in the future.
    assert binding.bind(spark, spec_of(rebuild=True), checkpoint, BOUND) == 605_000
    batches(tmp_path, "offsets", 0, offset=12)
    batches(tmp_path, "commits", 0, offset=12)
    assert binding.bind(spark, spec_of(rebuild=True), checkpoint, BOUND) == 605_000
    assert binding.bind(spark, spec_of(execution="x2"), checkpoint, BOUND) == 605_000


def test_what_was_deleted_is_not_younger_than_the_latest_beginning_of_a_partition(
    spark: SparkSession, checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Records lie there in no order of time, and of one partition nothing may be left."""
    looked_at: list[tuple[Offsets, Offsets]] = []
    left = [(0, 9_000), (0, 6_000), (1, 8_000), (1, 7_000)]

    def records(_spark: SparkSession, _spec: object, _source: object, start: Offsets, end: Offsets) -> DataFrame:
        looked_at.append((start, end))
        rows = [(partition, at) for partition, at in left if partition in start]
        return frame_of(spark, rows, "partition int, at bigint").selectExpr(
            "partition", "timestamp_millis(at) AS timestamp"
        )

    def rebuilt(execution: str, first: Offsets, end: Offsets) -> dict[str, object] | None:
        found = TopicState("a", first, end)
        answer = Cluster("c", {"shop.readings": found, "shop.sums": TopicState("s", {0: 0}, {0: 0})})
        monkeypatch.setattr(binding, "ask", lambda *_: answer)
        with pytest.raises(StartAgain):
            binding.bind(spark, spec_of(rebuild=True, execution=execution), checkpoint, BOUND)
        bound = checkpoint.read("binding.json")
        checkpoint.clear()
        return bound

    monkeypatch.setattr(binding, "_records", records)
    monkeypatch.setattr(binding, "now_ms", lambda: 50_000)
    future_ms = 600_000
    # Where the first records are there still, a partition has lost nothing.
    assert (rebuilt("x1", {0: 0, 1: 0}, {0: 20, 1: 20}) or {})["wholeFrom"] is None
    assert (rebuilt("x2", {0: 3, 1: 0}, {0: 5_000, 1: 20}) or {})["wholeFrom"] == 6_000 + future_ms
    assert (rebuilt("x3", {0: 3, 1: 1}, {0: 5_000, 1: 20}) or {})["wholeFrom"] == 7_000 + future_ms
    assert looked_at == [({0: 3}, {0: 1_003}), ({0: 3, 1: 1}, {0: 1_003, 1: 20})]
    left[2:] = []
    assert (rebuilt("x4", {0: 3, 1: 20}, {0: 5_000, 1: 20}) or {})["wholeFrom"] == 50_000 + future_ms


def test_a_topic_that_was_made_again_has_lost_what_was_in_the_old_one(
    spark: SparkSession, checkpoint: Checkpoint, asked: list[Cluster]
) -> None:
    assert binding.bind(spark, spec_of(), checkpoint, BOUND) is None
    asked.append(cluster(results=9, topic_id="again"))
    with pytest.raises(StartAgain, match="hold every event since 1970-01-01 00:10:05 UTC"):
        binding.bind(spark, spec_of(rebuild=True), checkpoint, BOUND)
    # A second rebuild finds the topic that it knows, and what was lost is still lost.
    with pytest.raises(StartAgain, match="hold every event since 1970-01-01 00:10:05 UTC"):
        binding.bind(spark, spec_of(rebuild=True, execution="x2"), checkpoint, BOUND)


def test_what_is_damaged_can_be_rebuilt(
    spark: SparkSession, checkpoint: Checkpoint, tmp_path: Path, asked: list[Cluster]
) -> None:
    batches(tmp_path, "offsets", 3)
    for name in ("binding.json", "rules.json"):
        (tmp_path / name).write_text("{")
    assert recorded_rules(checkpoint, "readings", or_none=True) is None
    with pytest.raises(StartAgain, match="beginning anew"):
        binding.bind(spark, spec_of(rebuild=True), checkpoint, BOUND)
    assert (checkpoint.is_empty(), checkpoint.read("rules.json")) == (True, None)


def test_a_lost_checkpoint_is_refused_until_the_execution_says_rebuild(
    spark: SparkSession, checkpoint: Checkpoint, asked: list[Cluster]
) -> None:
    assert binding.bind(spark, spec_of(), checkpoint, BOUND) is None
    asked.append(cluster(results=9))
    with pytest.raises(JobError) as caught:
        binding.bind(spark, spec_of(), checkpoint, BOUND)
    assert caught.value.code == "CHECKPOINT_MISSING"
    with pytest.raises(StartAgain, match="still hold their first records"):
        binding.bind(spark, spec_of(rebuild=True), checkpoint, BOUND)
    assert binding.bind(spark, spec_of(rebuild=True), checkpoint, BOUND) is None


def test_a_checkpoint_of_an_earlier_version_is_bound_as_it_is(
    spark: SparkSession, checkpoint: Checkpoint, tmp_path: Path, asked: list[Cluster]
) -> None:
    batches(tmp_path, "offsets", 3)
    batches(tmp_path, "commits", 3)
    asked.append(cluster(results=9))
    assert binding.bind(spark, spec_of(), checkpoint, BOUND) is None
    asked.append(cluster(results=9, topic_id="again"))
    with pytest.raises(JobError, match="of another stream"):
        binding.bind(spark, spec_of(), checkpoint, BOUND)
