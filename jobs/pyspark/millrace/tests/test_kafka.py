"""Options of Kafka's source and sink."""

from millrace.kafka.connection import KafkaConnection

LOCAL = KafkaConnection("127.0.0.1:9092", "none")
MSK = KafkaConnection("boot.kafka-serverless:9098", "iam")


def test_on_aws_every_client_signs_with_its_role() -> None:
    for options in (
        MSK.source_options("readings", "p"),
        MSK.stream_options("readings", "p"),
        MSK.sink_options("lz4"),
    ):
        assert options["kafka.security.protocol"] == "SASL_SSL"
        assert options["kafka.sasl.mechanism"] == "AWS_MSK_IAM"
        assert options["kafka.sasl.client.callback.handler.class"].endswith("IAMClientCallbackHandler")
        assert int(options["kafka.reconnect.backoff.ms"]) >= 1000


def test_a_local_broker_is_reached_without_authentication() -> None:
    assert not [name for name in LOCAL.sink_options("lz4") if "sasl" in name or "security" in name]


def test_a_stream_reads_everything_under_its_own_group_and_refuses_a_gap() -> None:
    options = LOCAL.stream_options("readings", "shop-sum")
    expected = {
        "subscribe": "readings",
        "groupIdPrefix": "shop-sum",
        "startingOffsets": "earliest",
        "failOnDataLoss": "true",
        "includeHeaders": "true",
    }
    assert expected.items() <= options.items()


def test_the_sink_sends_large_compressed_batches() -> None:
    expected = {
        "kafka.compression.type": "lz4",
        "kafka.linger.ms": "20",
        "kafka.batch.size": "131072",
    }
    assert expected.items() <= LOCAL.sink_options("lz4").items()
    assert LOCAL.sink_options("gzip")["kafka.compression.type"] == "gzip"


def test_a_record_is_never_too_large_for_the_producer_only_for_its_topic() -> None:
    assert int(LOCAL.sink_options("gzip")["kafka.max.request.size"]) > 8_388_608 + 65_536


def test_what_a_failed_transaction_left_is_not_read() -> None:
    for options in (LOCAL.source_options("readings", "p"), LOCAL.stream_options("readings", "p")):
        assert options["kafka.isolation.level"] == "read_committed"


def test_a_producer_does_not_give_up_because_the_clock_was_set_forth() -> None:
    # By an hour twice a year, by more where a machine did not know the time.
    assert int(LOCAL.sink_options("lz4")["kafka.delivery.timeout.ms"]) >= 24 * 3_600_000
