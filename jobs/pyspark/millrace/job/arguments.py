"""Takes the strings that a job is started with and gives typed values, or one clear error. Used by the entry points to declare their arguments."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NoReturn

from millrace.errors import JobError
from millrace.kafka.connection import KafkaConnection

LARGEST_ID = 2**31 - 1


class Arguments(argparse.ArgumentParser):
    """A parser without abbreviations that raises `JobError` instead of leaving the process."""

    def __init__(self, job: str) -> None:
        super().__init__(prog=job, allow_abbrev=False)
        self.add("--kafka-bootstrap-servers", text, "where the brokers are: HOST:PORT, several separated by commas")
        self.add("--kafka-security", one_of("iam", "none"), "iam on AWS, none for a broker on this machine")

    def add(
        self, name: str, value: Callable[[str], object], explanation: str, *, default: object = argparse.SUPPRESS
    ) -> None:
        """Declares an argument: required unless there is a default."""
        required = default is argparse.SUPPRESS
        self.add_argument(name, type=value, required=required, default=None if required else default, help=explanation)

    def add_registry(self) -> None:
        """Declares where the schema registry is; only for jobs with Avro schemas."""
        self.add("--registry-url", url, "address of the schema registry")

    def add_topic(self, role: str) -> None:
        """Declares what a job must know about a topic of Avro records: its name, and the schemas of its keys and values."""
        self.add(f"--{role}-topic", text, f"name of the topic of the {role}")
        self.add(f"--{role}-key-schema-id", schema_id, "id of the schema of its keys in the registry")
        self.add(f"--{role}-value-schema-id", schema_id, "id of the schema of its values in the registry")

    def add_json_topic(self, role: str, *, key_schema: bool = False) -> None:
        """Declares what a job must know about a topic of JSON records: its name, and where the schemas of its values and, if it has one, its keys lie."""
        self.add(f"--{role}-topic", text, f"name of the topic of the {role}")
        if key_schema:
            self.add(f"--{role}-key-schema", text, "where the JSON Schema of its keys lies")
        self.add(f"--{role}-value-schema", text, "where the JSON Schema of its values lies")

    def add_delimited_file(self, role: str) -> None:
        """Declares what a job must know about a delimited file: where it lies, the schema of its lines, and what separates its fields."""
        self.add(f"--{role}-file", text, f"where the {role} file lies")
        self.add(f"--{role}-file-schema-id", schema_id, "id of the schema of its lines in the registry")
        self.add(f"--{role}-file-separator", character, "the character between its fields")

    def add_json_file(self, role: str) -> None:
        """Declares what a job must know about a file of JSON lines: where it lies, and where the schema of its lines does."""
        self.add(f"--{role}-file", text, f"where the {role} file lies")
        self.add(f"--{role}-file-schema", text, "where the JSON Schema of its lines lies")

    def add_stream(self, source: str) -> None:
        """Declares what every streaming job must be told besides its topics: how long its source keeps records, and how it runs."""
        explanation = f"how long the {source} topic keeps a record; the watermark's delay follows from it"
        self.add(f"--{source}-retention-ms", whole(1, 2**53), explanation)
        self.add("--checkpoint-path", text, "folder that remembers what was read; one for ever, never shared")
        self.add_group()
        self.add("--allowed-lateness", whole(0, 24 * 60), "minutes that an event may be older than its record")
        self.add("--trigger-seconds", whole(0, 3600), "seconds from one batch to the next; 0: at once")
        until = "caught-up: end when all that is in the topic now is summed"
        self.add("--until", one_of("caught-up"), until, default=None)

    def add_group(self) -> None:
        """Declares what every job that reads a topic must be told."""
        self.add("--group-id-prefix", text, "how the names of this job's consumer groups begin")

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


def character(value: str) -> str:
    """One character, which may be a blank."""
    if len(value) != 1:
        raise argparse.ArgumentTypeError(f"is {value!r}; one character is allowed")
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
