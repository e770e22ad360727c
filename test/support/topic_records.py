"""Reads topics as any client would, by Confluent's client: for oracles, which share nothing with the product."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, cast

from confluent_kafka import Consumer, TopicPartition

if TYPE_CHECKING:
    from collections.abc import Iterator

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: What librdkafka calls the end of a partition.
PARTITION_END = "_PARTITION_EOF"


@dataclass(frozen=True)
class Record:
    """One record of a topic."""

    partition: int
    offset: int
    key: bytes
    value: bytes | None
    stamped: datetime
    headers: dict[str, str]

    @property
    def position(self) -> tuple[int, int]:
        """Where it lies in its topic."""
        return self.partition, self.offset

    @property
    def origin(self) -> tuple[int, int]:
        """Of a dead letter: where its source lies."""
        return int(self.headers["millrace.error.partition"]), int(self.headers["millrace.error.offset"])


def records(bootstrap: str, topic: str) -> Iterator[Record]:
    """Every committed record that the topic holds now, partition by partition."""
    group = f"external.oracle-{uuid.uuid4()}"
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": group, "enable.partition.eof": True})
    try:
        for partition in consumer.list_topics(topic, 20).topics[topic].partitions:
            low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), 20)
            consumer.assign([TopicPartition(topic, partition, low)])
            position = low
            while position < high:
                message = consumer.poll(20)
                error = message.error() if message is not None else None
                if message is not None and error is not None and error.name() == PARTITION_END:
                    # What follows the last record are marks of transactions.
                    position = max(position, cast("int", message.offset()))
                    continue
                if message is None or error:
                    raise SystemExit(f"{topic}/{partition} ends at {position}, not at {high}")
                position = cast("int", message.offset()) + 1
                headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
                yield Record(
                    partition,
                    position - 1,
                    message.key() or b"",
                    message.value(),
                    EPOCH + timedelta(milliseconds=message.timestamp()[1]),
                    {name: value.decode() for name, value in headers if value is not None},
                )
    finally:
        consumer.close()
