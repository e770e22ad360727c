"""What the brokers say of a cluster and its topics, asked from the driver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.job.jvm import java_class
from millrace.kafka.connection import KafkaConnection

Offsets = Mapping[int, int]
"""By partition."""


@dataclass(frozen=True)
class TopicState:
    """A topic as it stands now."""

    id: str
    """Another one after a topic of the same name was made again."""
    first: Offsets
    """The first record that is left."""
    end: Offsets
    """Behind the last record."""


@dataclass(frozen=True)
class Cluster:
    """A cluster, as far as it was asked for."""

    id: str
    topics: Mapping[str, TopicState]


def ask(spark: SparkSession, connection: KafkaConnection, topics: Iterable[str]) -> Cluster:
    """Asks for the cluster and these topics.

    Raises:
        JobError: KAFKA_UNREACHABLE in Kafka's own words.
    """
    names = sorted(set(topics))
    settings = java_class(spark, "java.util.Properties")()
    for name, value in connection.client_options().items():
        settings.setProperty(name.removeprefix("kafka."), value)
    admin = java_class(spark, "org.apache.kafka.clients.admin.AdminClient").create(settings)
    try:
        described = admin.describeTopics(java_class(spark, "java.util.ArrayList")(names)).allTopicNames().get()
        partition_of = java_class(spark, "org.apache.kafka.common.TopicPartition")
        partitions = {
            name: [partition_of(name, number) for number in range(described[name].partitions().size())]
            for name in names
        }
        which = java_class(spark, "org.apache.kafka.clients.admin.OffsetSpec")
        first = _offsets(spark, admin, partitions, which.earliest())
        end = _offsets(spark, admin, partitions, which.latest())
        states = {name: TopicState(str(described[name].topicId()), first[name], end[name]) for name in names}
        return Cluster(str(admin.describeCluster().clusterId().get()), states)
    except Py4JJavaError as error:
        words = str(error.java_exception.getMessage())
        message = f"The brokers at {connection.bootstrap_servers} could not be asked for topics: {words}"
        raise JobError("KAFKA_UNREACHABLE", message) from error
    finally:
        admin.close()


def _offsets(
    spark: SparkSession, admin: JavaObject, partitions: Mapping[str, Sequence[JavaObject]], which: JavaObject
) -> dict[str, dict[int, int]]:
    wanted = java_class(spark, "java.util.HashMap")()
    for each in partitions.values():
        for partition in each:
            wanted.put(partition, which)
    found = admin.listOffsets(wanted).all().get()
    return {
        name: {number: int(found[partition].offset()) for number, partition in enumerate(each)}
        for name, each in partitions.items()
    }
