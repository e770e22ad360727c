"""Numbers and switches on which others count: EMR Serverless, the state machine, alarms, the brokers."""

import pytest

from millrace.formats import checks
from millrace.job import clock, document, run, session, stop
from millrace.kafka import dead_letters
from millrace.kafka.connection import KafkaConnection
from millrace.kinds import dataset, table
from millrace.postgres import loading
from millrace.postgres import session as postgres
from millrace.sending import pacing
from millrace.streaming import binding, heartbeat, query
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
    assert session.SETTINGS == {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.adaptive.enabled": "false",
        "spark.sql.constraintPropagation.enabled": "false",
        "spark.sql.optimizer.nestedSchemaPruning.enabled": "false",
        "spark.sql.optimizer.expression.nestedPruning.enabled": "false",
    }


def test_a_job_that_was_asked_to_end_is_gone_a_moment_after_its_batch() -> None:
    assert (query.POLL_SECONDS, stop.ANSWER_SECONDS) == (0.1, 0.3)


def test_a_clock_that_is_set_back_is_noticed_by_steps_that_count_and_by_no_smaller_ones() -> None:
    assert clock.STEP_SECONDS == 0.1


def test_an_error_has_room_in_a_line_of_a_log_whatever_a_record_holds() -> None:
    assert (run.LONGEST_MESSAGE, document.LONGEST_SHOWN, checks.LONGEST_SHOWN) == (1_000, 100, 100)


def test_the_first_record_of_a_partition_is_found_behind_offsets_of_none() -> None:
    assert binding.LOOKED_AT == 1_000


def test_a_dead_letter_leaves_room_for_its_own_headers() -> None:
    assert (dead_letters.OWN_BYTES, dead_letters.HEADER_BYTES) == (16_384, 10)


def test_brokers_that_are_away_are_asked_once_a_second_and_every_ten_seconds_at_least() -> None:
    options = KafkaConnection("boot.kafka-serverless:9098", "iam").client_options()
    names = ("kafka.reconnect.backoff.ms", "kafka.reconnect.backoff.max.ms")
    assert [options[name] for name in names] == ["1000", "10000"]


def test_a_database_has_half_a_minute_to_answer_and_ten_for_a_statement() -> None:
    assert postgres.SETTINGS == {
        "connectTimeout": "30",
        "socketTimeout": "600",
        "tcpKeepAlive": "true",
        "stringtype": "unspecified",
    }


def test_a_database_that_is_away_is_asked_again_after_half_a_second_and_every_ten() -> None:
    assert (postgres.FIRST_WAIT_SECONDS, postgres.LONGEST_WAIT_SECONDS, postgres.LOOK_SECONDS) == (0.5, 10.0, 0.1)


@pytest.mark.parametrize("state", ["08001", "08006", "53300", "57P01", "57P03", "25006", "40001", "40P01", "HYT00", ""])
def test_a_state_that_passes_by_itself_is_waited_for(state: str) -> None:
    assert postgres.DatabaseError(state, "").is_away


@pytest.mark.parametrize("state", ["22P02", "23505", "28P01", "42501", "42P01", "57014", "XX000"])
def test_a_state_that_stays_is_an_error(state: str) -> None:
    assert not postgres.DatabaseError(state, "").is_away


def test_a_batch_job_waits_five_minutes_for_its_database_and_three_for_those_who_follow_it() -> None:
    assert (table.AWAY_SECONDS, table.FOLLOWED_SECONDS) == (300, 180)


def test_what_has_a_meaning_in_copied_text_is_escaped_the_escape_first() -> None:
    assert loading.ESCAPES == (("\\", "\\\\"), ("\t", "\\t"), ("\n", "\\n"), ("\r", "\\r"))
    assert loading.PAGE == 5_000


def test_files_that_a_run_may_still_be_writing_are_none_that_are_left_over() -> None:
    assert dataset.ORPHAN_HOURS == 72


def test_a_condition_is_worth_its_compilation_for_many_rows_only() -> None:
    assert (pacing.MANY_ROWS, pacing.CYCLES_AT_ONCE) == (100_000, 10_000)
