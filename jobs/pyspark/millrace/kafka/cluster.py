"""What the brokers say of a cluster and its topics, asked from the driver."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from py4j.java_gateway import JavaObject, JVMView
from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.job.jvm import jvm_of
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
    jvm = jvm_of(spark)
    settings = jvm.java.util.Properties()
    for name, value in connection.client_options().items():
        settings.setProperty(name.removeprefix("kafka."), value)
    kafka = jvm.org.apache.kafka.clients.admin
    admin = kafka.AdminClient.create(settings)
    try:
        names = jvm.java.util.ArrayList(sorted(set(topics)))
        described = admin.describeTopics(names).allTopicNames().get()
        states = {}
        for name in names:
            partitions = [
                jvm.org.apache.kafka.common.TopicPartition(name, one.partition())
                for one in described[name].partitions()
            ]
            first, end = (
                _offsets(jvm, admin, partitions, which)
                for which in (kafka.OffsetSpec.earliest(), kafka.OffsetSpec.latest())
            )
            states[str(name)] = TopicState(str(described[name].topicId()), first, end)
        return Cluster(str(admin.describeCluster().clusterId().get()), states)
    except Py4JJavaError as error:
        words = str(error.java_exception.getMessage())
        message = f"The brokers at {connection.bootstrap_servers} could not be asked for topics: {words}"
        raise JobError("KAFKA_UNREACHABLE", message) from error
    finally:
        admin.close()


def _offsets(jvm: JVMView, admin: JavaObject, partitions: Sequence[JavaObject], which: JavaObject) -> dict[int, int]:
    wanted = jvm.java.util.HashMap()
    for partition in partitions:
        wanted.put(partition, which)
    found = admin.listOffsets(wanted).all().get()
    return {int(partition.partition()): int(found[partition].offset()) for partition in partitions}
