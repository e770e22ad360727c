"""Arguments: typed values, or one clear error."""

from datetime import UTC, datetime

import pytest

from millrace.errors import JobError
from millrace.job.arguments import Arguments, character, kafka_of, moment, one_of, schema_id, text, url, whole

COMMON = ["--kafka-bootstrap-servers", "b-1:9098", "--kafka-security", "iam"]
REGISTRY = ["--registry-url", "http://registry:8080/"]


def error_of(given: list[str]) -> str:
    known = Arguments("send")
    known.add_topic("readings")
    known.add("--rate", whole(0, 20_000), "rows a second")
    known.add("--until", one_of("caught-up"), "when to end", default=None)
    with pytest.raises(JobError) as caught:
        known.read(given)
    assert caught.value.code == "BAD_ARGUMENT"
    return caught.value.message


READINGS = ["--readings-topic", "readings", "--readings-key-schema-id", "3", "--readings-value-schema-id", "4"]


def test_values_are_typed_and_optional_ones_may_be_left_out() -> None:
    known = Arguments("send")
    known.add_registry()
    known.add_topic("readings")
    known.add("--since", moment, "from when", default=None)
    values = known.read([*COMMON, *REGISTRY, *READINGS])
    assert (values.readings_topic, values.readings_key_schema_id, values.since) == ("readings", 3, None)
    assert values.registry_url == "http://registry:8080"
    assert kafka_of(values).bootstrap_servers == "b-1:9098"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--rate", "20001"], "Argument --rate: is 20001; whole numbers from 0 to 20000 are allowed"),
        (["--rate", "-1"], "whole numbers from 0 to 20000 are allowed"),
        (["--rate", "ten"], "Argument --rate: is 'ten'"),
        (["--rate", "1.5"], "is '1.5'"),
        (["--until", "tomorrow"], "Argument --until: is 'tomorrow'; allowed: caught-up"),
        (["--rat", "1"], "arguments are required: --rate"),
        (["--rate", "1", "--speed", "2"], "Unrecognized arguments: --speed 2"),
    ],
)
def test_a_bad_value_is_named_with_what_is_allowed(given: list[str], expected: str) -> None:
    assert expected in error_of([*COMMON, *READINGS, *given])


def test_every_missing_argument_is_named_at_once() -> None:
    message = error_of(COMMON)
    assert "--readings-topic, --readings-key-schema-id, --readings-value-schema-id, --rate" in message


@pytest.mark.parametrize("parse", [text, url, schema_id, moment, one_of("iam", "none")])
def test_an_empty_value_is_no_value(parse: object) -> None:
    with pytest.raises(Exception, match=r"is (empty|'')"):
        parse("")  # type: ignore[operator]


@pytest.mark.parametrize(
    "given", ["2026-05-21T10:00:00Z", "2026-05-21T12:00:00+02:00", "2026-05-21T10:00:00", "2026-05-21 10:00"]
)
def test_a_moment_is_utc_unless_it_says_otherwise(given: str) -> None:
    assert moment(given) == datetime(2026, 5, 21, 10, tzinfo=UTC)


def test_json_and_avro_differ_in_how_their_schemas_are_named() -> None:
    known = Arguments("send")
    known.add_json_topic("readings", key_schema=True)
    known.add_json_topic("totals")
    known.add_json_file("readings")
    given = "--readings-topic p --readings-key-schema s3://b/k --readings-value-schema s3://b/v --totals-topic t --totals-value-schema s3://b/t"
    files = "--readings-file s3://b/f --readings-file-schema s3://b/fs"
    values = known.read([*COMMON, *given.split(), *files.split()])
    assert (values.readings_key_schema, values.totals_value_schema) == ("s3://b/k", "s3://b/t")
    assert (values.readings_file, values.readings_file_schema) == ("s3://b/f", "s3://b/fs")
    with pytest.raises(JobError, match="--registry-url"):
        known.read([*COMMON, *REGISTRY, *given.split(), *files.split()])


def test_what_every_stream_is_told() -> None:
    known = Arguments("sum")
    known.add_stream("readings")
    given = "--readings-retention-ms 604800000 --checkpoint-path /c --group-id-prefix g --allowed-lateness 10 --trigger-seconds 0"
    values = known.read([*COMMON, *given.split()])
    assert (values.readings_retention_ms, values.allowed_lateness, values.until) == (604_800_000, 10, None)
    assert known.read([*COMMON, *given.split(), "--until", "caught-up"]).until == "caught-up"


def test_a_separator_is_one_character() -> None:
    assert [character(given) for given in ("|", ",", " ", "\t")] == ["|", ",", " ", "\t"]
    for given in ("", "||"):
        with pytest.raises(Exception, match="one character is allowed"):
            character(given)
