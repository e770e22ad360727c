"""What is known of a cluster and its topics, from a client of the brokers that answers as it is told."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.kafka import cluster
from millrace.kafka.cluster import Cluster, TopicState, ask
from millrace.kafka.connection import KafkaConnection


class Admin:
    """Kafka's client for administration, of a cluster with the topic `shop.readings` in two partitions."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.settings: dict[str, str] = {}
        self.closed = False

    def create(self, settings: dict[str, str]) -> "Admin":
        self.settings = settings
        return self

    def describeTopics(self, names: list[str]) -> object:  # noqa: N802
        if self.error is not None:
            raise self.error
        topic = SimpleNamespace(partitions=lambda: Partitions([0, 1]), topicId=lambda: "id-of-topic")
        found = dict.fromkeys(names, topic)
        return SimpleNamespace(allTopicNames=lambda: SimpleNamespace(get=lambda: found))

    def listOffsets(self, wanted: dict[tuple[str, int], str]) -> object:  # noqa: N802
        offsets = {("earliest", 0): 3, ("earliest", 1): 0, ("latest", 0): 20, ("latest", 1): 7}
        found = {
            partition: SimpleNamespace(offset=lambda at=offsets[which, partition[1]]: at)
            for partition, which in wanted.items()
        }
        return SimpleNamespace(all=lambda: SimpleNamespace(get=lambda: found))

    def describeCluster(self) -> object:  # noqa: N802
        return SimpleNamespace(clusterId=lambda: SimpleNamespace(get=lambda: "id-of-cluster"))

    def close(self) -> None:
        self.closed = True


class Settings(dict[str, str]):
    def setProperty(self, name: str, value: str) -> None:  # noqa: N802
        self[name] = value


class Offsets(dict[Any, Any]):
    def put(self, name: object, value: object) -> None:
        self[name] = value


class Partitions(list[int]):
    def size(self) -> int:
        return len(self)


def asked(monkeypatch: pytest.MonkeyPatch, admin: Admin, connection: KafkaConnection) -> Cluster:
    classes = {
        "Properties": Settings,
        "AdminClient": admin,
        "ArrayList": list,
        "HashMap": Offsets,
        "TopicPartition": lambda name, number: (name, number),
        "OffsetSpec": SimpleNamespace(earliest=lambda: "earliest", latest=lambda: "latest"),
    }
    monkeypatch.setattr(cluster, "java_class", lambda _, name: classes[name.rpartition(".")[2]])
    return ask(cast("SparkSession", None), connection, ["shop.readings"])


def test_a_topic_is_known_by_its_id_and_by_where_its_partitions_begin_and_end(monkeypatch: pytest.MonkeyPatch) -> None:
    admin = Admin()
    found = asked(monkeypatch, admin, KafkaConnection("b-1:9098", "iam"))
    state = TopicState("id-of-topic", first={0: 3, 1: 0}, end={0: 20, 1: 7})
    assert found == Cluster("id-of-cluster", {"shop.readings": state})
    assert admin.settings["bootstrap.servers"] == "b-1:9098"
    assert admin.settings["sasl.mechanism"] == "AWS_MSK_IAM"
    assert admin.closed


def test_brokers_that_cannot_be_asked_are_named_in_their_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    words = SimpleNamespace(getMessage=lambda: "Timed out waiting for a node assignment", _target_id="o1")
    error = Py4JJavaError.__new__(Py4JJavaError)
    error.java_exception = words
    admin = Admin(error)
    with pytest.raises(JobError, match="The brokers at b-1:9098 could not be asked for topics: Timed out") as caught:
        asked(monkeypatch, admin, KafkaConnection("b-1:9098", "none"))
    assert caught.value.code == "KAFKA_UNREACHABLE"
    assert admin.closed
