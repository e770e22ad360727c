"""Where the brokers are and how they are secured, as options of Spark's Kafka source and sink."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from millrace.job.document import Name

LARGEST_BATCH = 5_000_000
"""Records that one micro-batch takes at most. It bounds the work that a crash repeats; a tenth of it costs a third of the throughput."""

LARGEST_REQUEST = 9 * 2**20
"""Bytes of a request, and so of a record, that a producer makes: more than any topic takes, which decides."""

LONGEST_DELIVERY_MS = 24 * 3_600_000
"""Milliseconds that a producer tries to deliver a record. It measures them by a clock that people and time servers set: with the client's own two
minutes, a clock that is set forth by an hour makes it give up on records that have arrived, and Spark sends them again. A job has a time limit of its own."""


@dataclass(frozen=True)
class KafkaConnection:
    """How to reach the brokers."""

    bootstrap_servers: Name
    security: Literal["iam", "none"]
    """`iam` (MSK: TLS, signed with the role of the job) or `none` (a broker on this machine)."""

    def client_options(self) -> dict[str, str]:
        """What producers, consumers and the driver's own lookups need alike."""
        options = {"kafka.bootstrap.servers": self.bootstrap_servers}
        if self.security == "iam":
            options |= {
                "kafka.security.protocol": "SASL_SSL",
                "kafka.sasl.mechanism": "AWS_MSK_IAM",
                "kafka.sasl.jaas.config": "software.amazon.msk.auth.iam.IAMLoginModule required;",
                "kafka.sasl.client.callback.handler.class": "software.amazon.msk.auth.iam.IAMClientCallbackHandler",
                # MSK Serverless allows 100 connection attempts a second: never hammer it.
                "kafka.reconnect.backoff.ms": "1000",
                "kafka.reconnect.backoff.max.ms": "10000",
            }
        return options

    def source_options(self, topics: str, group_id_prefix: str) -> dict[str, str]:
        """Reads a topic, or several with commas between them, from the first record; what a failed transaction has left is passed over.

        The group's prefix is what the job's role may use; Spark makes the rest of the name.
        """
        return self.client_options() | {
            "subscribe": topics,
            "groupIdPrefix": group_id_prefix,
            "startingOffsets": "earliest",
            "failOnDataLoss": "true",
            "kafka.isolation.level": "read_committed",
        }

    def stream_options(self, topics: str, group_id_prefix: str) -> dict[str, str]:
        """The same for a stream, which also wants the headers of the records."""
        return self.source_options(topics, group_id_prefix) | {
            "includeHeaders": "true",
            "maxOffsetsPerTrigger": str(LARGEST_BATCH),
        }

    def sink_options(self, compression: Literal["lz4", "gzip"]) -> dict[str, str]:
        """Writes acknowledged by all replicas (the client's default), in large compressed batches.

        lz4 costs least where much is written; gzip is what every client reads without more, for topics that people look into.
        """
        return self.client_options() | {
            "kafka.compression.type": compression,
            "kafka.linger.ms": "20",
            "kafka.delivery.timeout.ms": str(LONGEST_DELIVERY_MS),
            "kafka.max.request.size": str(LARGEST_REQUEST),
            "kafka.batch.size": str(128 * 1024),
        }
