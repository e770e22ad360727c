"""The spec: typed values, or one error that names everything that is wrong."""

import copy
import json
from dataclasses import MISSING
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from millrace.errors import JobError
from millrace.formats.codecs import AvroReference, JsonReference
from millrace.job import spec as spec_module
from millrace.job.document import camel
from millrace.job.spec import Spec, read_spec
from millrace.kinds import file, folder, lookup, table, topic
from millrace.streaming.event_time import EventTimeRules, Windows
from millrace.tests.specs import DOCUMENT, spec_of

SCHEMA = Path(spec_module.__file__).with_name("spec.schema.json")


def error_of(*arguments: str) -> str:
    with pytest.raises(JobError) as caught:
        read_spec(arguments)
    assert caught.value.code == "BAD_SPEC"
    return caught.value.message


def changed(path: str, value: object) -> str:
    """The spec as JSON with another value at a path; without it for the value `...`."""
    document: Any = copy.deepcopy(DOCUMENT)
    *above, name = path.split(".")
    part = document
    for step in above:
        part = part[step]
    if value is ...:
        del part[name]
    else:
        part[name] = value
    return json.dumps(document)


def test_every_part_has_its_type() -> None:
    spec = spec_of()
    assert spec.input("readings", topic.Input) == topic.Input(
        "shop.readings", "millrace.shop.sum", None, AvroReference("avro", 2), EventTimeRules(10, 10, 10_080, 1)
    )
    assert spec.input("towns", file.Input).separator == ","
    assert spec.output("sums", topic.Output).key == JsonReference("json", "s3://a/key.json")
    assert spec.output("results", folder.Output) == folder.Output("s3://data/results/shop/x1")
    assert (spec.kafka.bootstrap_servers, spec.windows) == ("b-1:9098", Windows(10, 5))


def test_what_may_be_left_out_is_none_and_null_means_never_late() -> None:
    document = json.loads(changed("reads.readings.rules.latenessMinutes", None))
    for name in ("registry", "checkpoint", "windows"):
        del document[name]
    spec = read_spec(["--spec", json.dumps(document)])
    assert (spec.registry, spec.checkpoint, spec.windows) == (None, None, None)
    rules = spec.input("readings", topic.Input).rules
    assert rules is not None
    assert rules.lateness_minutes is None


def test_a_lookup_and_a_standing_folder_can_be_read() -> None:
    town = {
        "kind": "lookup",
        "topic": "shop.towns",
        "groupIdPrefix": "g",
        "value": {"format": "json", "url": "file:///t"},
    }
    spec = spec_of(reads={"towns": town, "photos": {"kind": "folder", "url": "s3a://data/photos"}})
    assert spec.input("towns", lookup.Input).topic == "shop.towns"
    assert spec.input("photos", folder.Input).url == "s3a://data/photos"


TABLE = {
    "kind": "table",
    "url": "jdbc:aws-wrapper:postgresql://db:5432/shop?wrapperPlugins=iam",
    "user": "shop_sum",
    "schema": "shop",
    "table": "sums",
    "columns": ["town", "sum"],
    "key": ["town"],
}


def test_a_table_says_its_columns_and_its_key() -> None:
    output = spec_of(writes={"sums": TABLE}).output("sums", table.Output)
    assert (output.columns, output.key) == (("town", "sum"), ("town",))
    assert (output.database.place, output.database.driver()) == ("db:5432/shop", "software.amazon.jdbc.Driver")


@pytest.mark.parametrize(
    ("part", "value", "told"),
    [
        ("columns", [], "writes.sums.columns is []; allowed: a list that is not empty."),
        ("columns", "town", 'writes.sums.columns is "town"; allowed: a list'),
        ("key", ["town", 7], "writes.sums.key.1 is 7; allowed: a text that is not empty."),
        ("url", "postgresql://db", 'writes.sums.url is "postgresql://db"; allowed: an address that begins with jdbc:'),
    ],
)
def test_a_mistake_in_a_table_is_named(part: str, value: object, told: str) -> None:
    with pytest.raises(JobError) as caught:
        spec_of(writes={"sums": TABLE | {part: value}})
    assert told in caught.value.message


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("execution", ..., "execution is missing; allowed: a text that is not empty."),
        ("job", "", 'job is ""; allowed: a text that is not empty.'),
        ("speed", 3, "speed is unknown; allowed: pipeline, job, execution, mode, kafka"),
        ("mode", "streaming", 'mode is "streaming"; allowed: "batch", "stream", "drain".'),
        ("kafka", None, "kafka is null; allowed: an object with bootstrapServers, security."),
        ("kafka.security", True, 'kafka.security is true; allowed: "iam", "none".'),
        ("kafka.bootstrap_servers", "b", "kafka.bootstrap_servers is unknown"),
        ("registry", None, "registry is null"),
        ("registry.url", "ftp://r", 'registry.url is "ftp://r"; allowed: an address that begins with s3://'),
        ("checkpoint", "/data", 'checkpoint is "/data"; allowed: an address'),
        ("windows.every", 0, "windows.every is 0; allowed: a whole number from 1."),
        ("windows.every", True, "windows.every is true"),
        ("windows.every", 1.5, "windows.every is 1.5"),
        ("windows.every", "5", 'windows.every is "5"'),
        ("reads", [], "reads is []; allowed: an object."),
        (
            "reads.readings.kind",
            "queue",
            'reads.readings.kind is "queue"; allowed: dataset, file, folder, items, lookup, table, topic.',
        ),
        ("reads.readings.kind", ..., "reads.readings.kind is null"),
        ("reads.readings.kind", ["topic"], 'reads.readings.kind is ["topic"]; allowed: dataset, file'),
        ("reads.readings.topic", 7, "reads.readings.topic is 7"),
        ("reads.readings.value.format", "xml", "reads.readings.value is"),
        ("reads.readings.value.id", 0, "reads.readings.value.id is 0; allowed: a whole number from 1."),
        ("reads.readings.value.url", "s3://a/b", "reads.readings.value.url is unknown; allowed: format, id."),
        (
            "reads.readings.rules.latenessMinutes",
            ...,
            "rules.latenessMinutes is missing; allowed: a whole number from 0",
        ),
        ("reads.readings.rules.latenessMinutes", -1, "latenessMinutes is -1; allowed: a whole number from 0 or null."),
        ("reads.towns.separator", "||", 'reads.towns.separator is "||"; allowed: one character.'),
        ("writes.sums.kind", "lookup", 'writes.sums.kind is "lookup"; allowed: dataset, folder, items, table, topic.'),
        ("writes.sums.rules", {}, "writes.sums.rules is unknown"),
        ("parameters.rate", None, "parameters.rate is null; allowed: a text or a whole number or a number."),
        ("parameters.rate", [1], "parameters.rate is [1]"),
    ],
)
def test_a_mistake_is_named_with_its_path_and_what_is_allowed(path: str, value: object, told: str) -> None:
    assert told in error_of("--spec", changed(path, value))


def test_all_mistakes_are_told_at_once() -> None:
    message = error_of("--spec", '{"job": 1, "reads": {"a": {"kind": "file", "url": "x"}}}')
    for told in (
        "job is 1",
        "pipeline is missing",
        "writes is missing",
        'reads.a.url is "x"',
        "reads.a.schema is missing",
    ):
        assert told in message


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--spec"],
        ["--spec", "{}", "--rate"],
        ["--rate", "1"],
        ["{}"],
        ["--spec", "{"],
        ["--spec", "[]"],
        ["--spec", "7"],
    ],
)
def test_anything_but_one_document_is_refused(arguments: list[str]) -> None:
    error_of(*arguments)


def test_parameters_have_types_and_an_empty_text_is_not_set() -> None:
    spec = spec_of()
    assert (spec.integer("rate"), spec.decimal("share"), spec.decimal("rate")) == (4, 0.5, 4.0)
    assert (spec.text("town"), spec.text("nothing"), spec.instant("nothing")) == ("Ulm", None, None)
    assert spec.instant("since") == datetime(2026, 1, 31, 13, tzinfo=UTC)


def test_what_the_declaration_does_not_have_is_named_with_what_it_has() -> None:
    spec = spec_of(windows={"minutes": 10, "every": 5})
    for wrong, told in (
        (
            lambda: spec.input("reading", topic.Input),
            "reads no topic 'reading'. Declared: readings (topic), towns (file).",
        ),
        (lambda: spec.input("towns", topic.Input), "reads no topic 'towns'"),
        (lambda: spec.output("readings", topic.Output), "writes no topic 'readings'"),
        (lambda: spec.integer("speed"), "has no parameter 'speed' of type int. Declared: rate = 4"),
        (lambda: spec.integer("share"), "has no parameter 'share' of type int"),
        (lambda: spec.text("rate"), "has no parameter 'rate' of type str"),
        (lambda: spec.instant("town"), "parameter town = 'Ulm'"),
        (
            lambda: spec.declared(None, "windows"),
            "has no windows. Declared: windows in its declaration. Correct the job",
        ),
    ):
        with pytest.raises(JobError) as caught:
            wrong()
        assert caught.value.code == "NOT_DECLARED"
        assert told in caught.value.message
        assert "pipelines/shop/pipeline.ts" in caught.value.message


def test_the_form_is_that_of_the_declaration() -> None:
    """Names, and which of them may be left out; the values are compared by the tests of the declaration."""
    declared = json.loads(SCHEMA.read_text("utf-8"))
    fields = Spec.__dataclass_fields__
    assert set(declared["properties"]) == {camel(name) for name in fields}
    optional = {camel(name) for name, field in fields.items() if field.default is not MISSING}
    assert set(declared["properties"]) - set(declared["required"]) == optional
