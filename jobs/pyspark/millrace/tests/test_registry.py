"""The registry's client against a server that answers as it is told."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from millrace.errors import JobError
from millrace.formats import registry
from millrace.formats.registry import Registry


class Answers(ThreadingHTTPServer):
    """Answers by path; each answer is used once, the last one of a path for ever."""

    def __init__(self) -> None:
        self.by_path: dict[str, list[tuple[int, str]]] = {}
        self.asked: list[str] = []
        self.breaks_off = 0
        """How many answers are shorter than they say."""
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        answers = self.server.by_path.get(self.path, [(404, "")])
        status, body = answers.pop(0) if len(answers) > 1 else answers[0]
        self.send_response(status)
        if self.server.breaks_off > 0:
            self.server.breaks_off -= 1
            self.send_header("Content-Length", str(len(body) + 1))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Answers]:
    answers = Answers()
    thread = threading.Thread(target=answers.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield answers
    answers.shutdown()
    thread.join()
    answers.server_close()


PAUSES_SECONDS = registry.PAUSES_SECONDS


def test_a_registry_has_five_seconds_for_an_answer_and_three_quarters_of_a_minute_to_be_replaced() -> None:
    assert (registry.TIMEOUT_SECONDS, sum(PAUSES_SECONDS), registry.MOST_VERSIONS) == (5.0, 45.5, 500)


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "PAUSES_SECONDS", (0.0, 0.0))


def schema_path(content_id: int) -> str:
    return f"/apis/registry/v3/ids/contentIds/{content_id}"


def test_a_registry_that_is_asked_too_much_is_asked_again(server: Answers) -> None:
    server.by_path[schema_path(7)] = [(429, ""), (200, '"int"')]
    assert Registry(server.url).schema(7) == '"int"'


def test_a_registry_that_is_still_starting_is_asked_again(server: Answers) -> None:
    server.by_path[schema_path(7)] = [(503, ""), (500, ""), (200, '"int"')]
    assert Registry(server.url).schema(7) == '"int"'
    assert len(server.asked) == 3


@pytest.mark.parametrize("half", ['{"count": 2, "versions": [{"cont', "<html>", ""])
def test_half_an_answer_is_none(server: Answers, half: str) -> None:
    whole = json.dumps({"count": 1, "versions": [{"contentId": 4}]})
    server.by_path[VERSIONS] = [(200, half), (200, whole)]
    server.by_path[schema_path(4)] = [(200, '"int"')]
    assert Registry(server.url).schemas_of_values("shop.readings", 4) == {4: '"int"'}
    server.by_path[VERSIONS] = [(200, half)]
    with pytest.raises(
        JobError, match=r"could not be asked for the versions of shop\.readings-value: its answer is no JSON"
    ) as caught:
        Registry(server.url).schemas_of_values("shop.readings", 4)
    assert caught.value.code == "REGISTRY_UNREACHABLE"


def test_an_answer_that_breaks_off_is_none(server: Answers) -> None:
    server.breaks_off = 2
    server.by_path[schema_path(7)] = [(200, '"int"')]
    assert Registry(server.url).schema(7) == '"int"'
    assert len(server.asked) == 3


def test_a_schema_that_is_missing_is_not_waited_for(server: Answers) -> None:
    with pytest.raises(JobError, match="does not have schema 7") as caught:
        Registry(server.url).schema(7)
    assert (caught.value.code, len(server.asked)) == ("SCHEMA_NOT_FOUND", 1)


def test_a_refusal_is_not_repeated(server: Answers) -> None:
    server.by_path[schema_path(7)] = [(403, "")]
    with pytest.raises(JobError, match="answered 403") as caught:
        Registry(server.url).schema(7)
    assert (caught.value.code, len(server.asked)) == ("REGISTRY_REFUSED", 1)


def test_a_registry_that_stays_away_is_named() -> None:
    with pytest.raises(JobError, match=r"http://127\.0\.0\.1:1 could not be asked for schema 7") as caught:
        Registry("http://127.0.0.1:1").schema(7)
    assert caught.value.code == "REGISTRY_UNREACHABLE"


def test_every_version_of_a_value_is_known_and_the_readers_own_too(server: Answers) -> None:
    versions = {"count": 2, "versions": [{"version": "1", "contentId": 4}, {"version": "2", "contentId": 9}]}
    server.by_path["/apis/registry/v3/groups/default/artifacts/shop.readings-value/versions?limit=500"] = [
        (200, json.dumps(versions))
    ]
    for content_id in (4, 9, 12):
        server.by_path[schema_path(content_id)] = [(200, f'"schema {content_id}"')]
    known = Registry(server.url).schemas_of_values("shop.readings", 12)
    assert known == {4: '"schema 4"', 9: '"schema 9"', 12: '"schema 12"'}


def test_more_versions_than_are_read_are_not_passed_over(server: Answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "MOST_VERSIONS", 1)
    versions = {"count": 2, "versions": [{"version": "1", "contentId": 4}]}
    path = "/apis/registry/v3/groups/default/artifacts/shop.readings-value/versions?limit=1"
    server.by_path[path] = [(200, json.dumps(versions))]
    with pytest.raises(JobError, match="has 2 versions"):
        Registry(server.url).schemas_of_values("shop.readings", 4)


VERSIONS = "/apis/registry/v3/groups/default/artifacts/shop.readings-value/versions?limit=500"


def versions(*ids: int) -> tuple[int, str]:
    return 200, json.dumps({"count": len(ids), "versions": [{"contentId": one} for one in ids]})


def test_a_schema_that_is_registered_while_a_job_runs_is_learned_and_nothing_is_asked_twice(server: Answers) -> None:
    server.by_path[VERSIONS] = [versions(4), versions(4, 9)]
    for content_id in (4, 9):
        server.by_path[schema_path(content_id)] = [(200, f'"schema {content_id}"')]
    client = Registry(server.url)
    client.schemas_of_values("shop.readings", 4)
    assert client.learn("shop.readings", 9)
    assert client.schemas_of_values("shop.readings", 4) == {4: '"schema 4"', 9: '"schema 9"'}
    assert not client.learn("shop.readings", 10)
    assert (client.unknown("shop.readings"), client.unknown("shop.others")) == (frozenset({10}), frozenset())
    assert [path for path in server.asked if path != VERSIONS] == [schema_path(4), schema_path(9)]


def test_a_registry_that_is_away_while_a_job_runs_has_no_effect(server: Answers) -> None:
    server.by_path[VERSIONS] = [versions(4), (503, "")]
    server.by_path[schema_path(4)] = [(200, '"schema 4"'), (503, "")]
    client = Registry(server.url)
    client.schemas_of_values("shop.readings", 4)
    asked = len(server.asked)
    assert not client.learn("shop.readings", 9)
    assert client.unknown("shop.readings") == {9}
    assert client.schemas_of_values("shop.readings", 4) == {4: '"schema 4"'}
    assert len(server.asked) == asked + 1
