"""Takes the strings that a job is started with and gives typed values, or one clear error. Used by the entry points to declare their arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NoReturn

from millrace.errors import JobError
from millrace.kafka import KafkaConnection

LARGEST_ID = 2**31 - 1


class Arguments(argparse.ArgumentParser):
    """A parser without abbreviations that raises `JobError` instead of leaving the process."""

    def __init__(self, job: str) -> None:
        super().__init__(prog=job, allow_abbrev=False)
        self.add("--kafka-bootstrap-servers", text, "where the brokers are: HOST:PORT, several separated by commas")
        self.add("--kafka-security", one_of("iam", "none"), "iam on AWS, none for a broker on this machine")
        self.add("--registry-url", url, "address of the schema registry")

    def add(
        self, name: str, value: Callable[[str], object], explanation: str, *, default: object = argparse.SUPPRESS
    ) -> None:
        """Declares an argument: required unless there is a default."""
        required = default is argparse.SUPPRESS
        self.add_argument(name, type=value, required=required, default=None if required else default, help=explanation)

    def add_topic(self, role: str) -> None:
        """Declares what a job must know about a topic: its name, and the schemas of its keys and values."""
        self.add(f"--{role}-topic", text, f"name of the topic of the {role}")
        self.add(f"--{role}-key-schema-id", schema_id, "id of the schema of its keys in the registry")
        self.add(f"--{role}-value-schema-id", schema_id, "id of the schema of its values in the registry")

    def read(self, arguments: Sequence[str]) -> argparse.Namespace:
        """The values, checked."""
        return self.parse_args(arguments)

    def error(self, message: str) -> NoReturn:
        """What argparse found, as our error."""
        raise JobError("BAD_ARGUMENT", f"{message[:1].upper()}{message[1:]}.")


def kafka_of(values: argparse.Namespace) -> KafkaConnection:
    """The connection that the common arguments describe."""
    return KafkaConnection(values.kafka_bootstrap_servers, values.kafka_security)


def text(value: str) -> str:
    """Any text but an empty one."""
    if not value.strip():
        raise argparse.ArgumentTypeError("is empty; leave the argument out instead")
    return value


def url(value: str) -> str:
    """An http or https address."""
    if not value.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"is {value!r}; an address that starts with http:// or https:// is allowed")
    return value.rstrip("/")


def whole(lowest: int, highest: int) -> Callable[[str], int]:
    """A whole number in a range, both ends included."""

    def parse(value: str) -> int:
        allowed = f"whole numbers from {lowest} to {highest} are allowed"
        try:
            number = int(value)
        except ValueError:
            raise argparse.ArgumentTypeError(f"is {value!r}; {allowed}") from None
        if not lowest <= number <= highest:
            raise argparse.ArgumentTypeError(f"is {number}; {allowed}")
        return number

    return parse


schema_id = whole(1, LARGEST_ID)


def one_of(*allowed: str) -> Callable[[str], str]:
    """One of the words given."""

    def parse(value: str) -> str:
        if value not in allowed:
            raise argparse.ArgumentTypeError(f"is {value!r}; allowed: {', '.join(allowed)}")
        return value

    return parse


def moment(value: str) -> datetime:
    """A point in time in ISO 8601; without an offset it is UTC."""
    try:
        parsed = datetime.fromisoformat(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"is {value!r}; a time like 2026-05-21T10:00:00Z is allowed") from None
    return parsed.replace(tzinfo=UTC) if parsed.tzinfo is None else parsed.astimezone(UTC)
