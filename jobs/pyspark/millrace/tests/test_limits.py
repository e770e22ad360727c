"""Numbers and switches on which others count: EMR Serverless, the state machine, alarms, the brokers."""

from millrace.job import session, stop
from millrace.kafka.connection import KafkaConnection
from millrace.streaming import heartbeat, query
from millrace.tests.specs import spec_of


def test_a_request_to_end_is_answered_within_the_grace_of_emr_serverless() -> None:
    # It gives a running stream 120 s, of which a batch has 50 and its last words ten.
    assert (query.FINISH_SECONDS, query.LAST_EVENTS_SECONDS, stop.GRACE_SECONDS) == (50, 5, 60)


def test_who_waits_for_the_batch_is_asked_before_spark_and_its_file_systems_end() -> None:
    # Hadoop's manager asks the highest first: Spark's own hooks have 40, file systems 10.
    assert stop.FIRST_OF_ALL > 40


def test_a_heart_beats_in_each_minute_that_the_alarm_looks_at() -> None:
    assert heartbeat.EVERY_SECONDS == 60


def test_a_batch_is_as_large_as_a_crash_may_repeat() -> None:
    assert KafkaConnection("b:9092", "none").stream_options("t", "g")["maxOffsetsPerTrigger"] == "5000000"


def test_a_stream_keeps_a_list_of_commits_that_the_state_machine_can_hold_and_restarts_over_a_planned_batch() -> None:
    manager = "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    expected = {
        "spark.sql.streaming.disabledV2MicroBatchReaders": "org.apache.spark.sql.kafka010.KafkaSourceProvider",
        "spark.sql.streaming.disabledV2Writers": "org.apache.spark.sql.kafka010.KafkaSourceProvider",
        "spark.sql.streaming.noDataMicroBatches.enabled": "false",
        "spark.sql.streaming.minBatchesToRetain": "20",
        "spark.sql.streaming.checkpointFileManagerClass": manager,
        "spark.sql.streaming.checkpoint.fileChecksum.enabled": "false",
    }
    assert expected == session.STREAM_SETTINGS


def test_state_has_as_many_partitions_as_the_declaration_makes_of_it() -> None:
    assert session.settings_of(spec_of(statePartitions=7))["spark.sql.shuffle.partitions"] == "7"
    assert session.settings_of(spec_of())["spark.sql.shuffle.partitions"] == "4"


def test_times_are_utc_and_what_is_no_state_has_four_partitions() -> None:
    assert session.SETTINGS["spark.sql.session.timeZone"] == "UTC"
    assert session.SETTINGS["spark.sql.shuffle.partitions"] == "4"
