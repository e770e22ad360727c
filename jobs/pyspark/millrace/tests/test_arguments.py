"""Arguments: typed values, or one clear error."""

from datetime import UTC, datetime

import pytest

from millrace.arguments import Arguments, kafka_of, moment, one_of, schema_id, text, url, whole
from millrace.errors import JobError

COMMON = ["--kafka-bootstrap-servers", "b-1:9098", "--kafka-security", "iam", "--registry-url", "http://registry:8080/"]


def error_of(given: list[str]) -> str:
    known = Arguments("send")
    known.add_topic("orders")
    known.add("--rate", whole(0, 20_000), "rows a second")
    known.add("--until", one_of("caught-up"), "when to end", default=None)
    with pytest.raises(JobError) as caught:
        known.read(given)
    assert caught.value.code == "BAD_ARGUMENT"
    return caught.value.message


ORDERS = ["--orders-topic", "orders", "--orders-key-schema-id", "3", "--orders-value-schema-id", "4"]


def test_values_are_typed_and_optional_ones_may_be_left_out() -> None:
    known = Arguments("send")
    known.add_topic("orders")
    known.add("--since", moment, "from when", default=None)
    values = known.read([*COMMON, *ORDERS])
    assert (values.orders_topic, values.orders_key_schema_id, values.since) == ("orders", 3, None)
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
    assert expected in error_of([*COMMON, *ORDERS, *given])


def test_every_missing_argument_is_named_at_once() -> None:
    message = error_of(COMMON)
    assert "--orders-topic, --orders-key-schema-id, --orders-value-schema-id, --rate" in message


@pytest.mark.parametrize("parse", [text, url, schema_id, moment, one_of("iam", "none")])
def test_an_empty_value_is_no_value(parse: object) -> None:
    with pytest.raises(Exception, match=r"is (empty|'')"):
        parse("")  # type: ignore[operator]


@pytest.mark.parametrize(
    "given", ["2026-05-21T10:00:00Z", "2026-05-21T12:00:00+02:00", "2026-05-21T10:00:00", "2026-05-21 10:00"]
)
def test_a_moment_is_utc_unless_it_says_otherwise(given: str) -> None:
    assert moment(given) == datetime(2026, 5, 21, 10, tzinfo=UTC)
