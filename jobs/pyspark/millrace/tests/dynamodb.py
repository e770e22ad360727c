"""DynamoDB Local for tests, asked by a client that shares no code with the jobs, and a front that refuses for a while."""

from __future__ import annotations

import http.server
import socket
import subprocess
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import botocore.session

REGION = "us-east-1"
READY_SECONDS = 60.0


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@dataclass
class Server:
    """The server with its data in a folder."""

    java: str
    archives: tuple[str, str]
    """Folder of its archives, and the archive with what runs it."""
    folder: Path
    port: int = field(default_factory=_free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Starts it, and waits until it answers."""
        jars, own = self.archives
        data = self.folder / "items.db"
        words = [
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-Dlog4j2.level=WARN",
            "-cp",
            f"{jars}/*:{own}",
            "DynamoDbServer",
        ]
        log = (self.folder / "log.txt").open("ab")
        with log:
            self.process = subprocess.Popen(
                [self.java, *words, "127.0.0.1", str(self.port), str(data)], stdout=log, stderr=log
            )
        deadline = time.monotonic() + READY_SECONDS
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.folder / "log.txt").read_text())
            time.sleep(0.1)

    def stop(self) -> None:
        """Kills it: nothing is flushed."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def make(self, name: str, *key: str) -> str:
        """Makes a table anew, and gives its ARN."""
        client = self.client()
        if name in client.list_tables()["TableNames"]:
            client.delete_table(TableName=name)
        client.create_table(
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": one, "AttributeType": "S"} for one in key],
            KeySchema=[
                {"AttributeName": one, "KeyType": kind} for one, kind in zip(key, ("HASH", "RANGE"), strict=False)
            ],
        )
        return f"arn:aws:dynamodb:{REGION}:123456789012:table/{name}"

    def items(self, name: str) -> list[dict[str, Any]]:
        """All items, in DynamoDB's JSON."""
        pages = self.client().get_paginator("scan").paginate(TableName=name)
        return [item for page in pages for item in page["Items"]]

    def client(self) -> Any:  # noqa: ANN401  (botocore makes its clients of data)
        """A client that signs with keys of nobody."""
        return botocore.session.get_session().create_client(
            "dynamodb",
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="none",
            aws_secret_access_key="none",
        )

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


@dataclass
class Front:
    """What stands before the server and answers some requests itself."""

    url: str
    asked: Counter[bytes]
    """How often each request came, by its body."""


@contextmanager
def front(server: Server, refusals: Sequence[tuple[int, str] | None]) -> Iterator[Front]:
    """Answers the first tries of each request with these: status and error, or None for a connection that breaks; all others are passed on."""
    asked, lock = Counter[bytes](), threading.Lock()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            with lock:
                asked[body] += 1
                turn = asked[body]
            if turn <= len(refusals):
                refusal = refusals[turn - 1]
                if refusal is None:
                    self.close_connection = True
                    return
                self._answer(refusal[0], b'{"__type":"com.amazonaws.dynamodb.v20120810#' + refusal[1].encode() + b'"}')
                return
            kept = {
                name: self.headers[name] for name in ("authorization", "x-amz-target", "content-type", "x-amz-date")
            }
            request = urllib.request.Request(server.url, body, kept)
            try:
                with urllib.request.urlopen(request) as answer:
                    self._answer(answer.status, answer.read())
            except urllib.error.HTTPError as error:
                self._answer(error.code, error.read())

        def log_message(self, *_: object) -> None:
            pass

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as listener:
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield Front(f"http://127.0.0.1:{listener.server_address[1]}", asked)
        listener.shutdown()
