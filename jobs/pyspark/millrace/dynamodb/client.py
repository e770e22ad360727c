"""Requests to DynamoDB, signed with the role of the job and sent over connections that stay, one for each thread.

A request is a text that Spark has made, and its answer is a name: the SDKs would read and write each value once more, which costs four times as much as all that is done here.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import os
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

from pyspark.sql import SparkSession

from millrace.job.jvm import java_class

TIMEOUT_SECONDS = 10.0
CREDENTIALS_SECONDS = 30.0
"""How long credentials are taken for good without asking; what gives them renews them five minutes before they end."""

API = "DynamoDB_20120810"
ALGORITHM = "AWS4-HMAC-SHA256"

AWAY = (OSError, http.client.HTTPException)
"""What a connection that does not work raises."""


@dataclass(frozen=True)
class Credentials:
    """Who asks."""

    key: str
    secret: str
    token: str | None = None


@dataclass(frozen=True)
class Answer:
    """What DynamoDB says to a request."""

    status: int
    body: bytes

    @property
    def error(self) -> str:
        """The name of its error, empty where there is none."""
        if self.status == http.client.OK:
            return ""
        _, found, rest = self.body.partition(b'"__type":"')
        return rest.partition(b'"')[0].decode().rpartition("#")[2] if found else f"HTTP {self.status}"


class Client:
    """A table, and who may use it; several threads may ask at once."""

    def __init__(self, table: str, credentials: Callable[[], Credentials]) -> None:
        """Takes the ARN of a table, and what gives credentials that hold now."""
        self.table = table
        self._region = table.split(":")[3]
        self._credentials = credentials
        self._local = threading.local()
        given = os.environ.get("AWS_ENDPOINT_URL_DYNAMODB")
        place = urlsplit(given or f"https://dynamodb.{self._region}.amazonaws.com")
        self._connect = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        self._host = place.netloc

    def ask(self, operation: str, body: bytes) -> Answer:
        """Sends a request. One that meets a connection which was closed meanwhile is sent once more over another.

        Raises:
            OSError, http.client.HTTPException: when nobody answers.
        """
        headers = self.headers(operation, body)
        connection, is_new = self._connection()
        try:
            return self._send(connection, headers, body)
        except AWAY:
            self._forget()
            if is_new:
                raise
        return self._send(self._connection()[0], headers, body)

    def _send(self, connection: http.client.HTTPConnection, headers: dict[str, str], body: bytes) -> Answer:
        try:
            connection.request("POST", "/", body, headers)
            response = connection.getresponse()
            return Answer(response.status, response.read())
        except AWAY:
            self._forget()
            raise

    def _connection(self) -> tuple[http.client.HTTPConnection, bool]:
        """The connection of this thread, and whether it is a new one."""
        known: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        if known is not None:
            return known, False
        connection = self._connect(self._host, timeout=TIMEOUT_SECONDS)
        connection.connect()
        # Head and body of a request are two writes, and the second would wait for the answer to the first.
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._local.connection = connection
        return connection, True

    def _forget(self) -> None:
        known: http.client.HTTPConnection | None = getattr(self._local, "connection", None)
        self._local.connection = None
        if known is not None:
            known.close()

    def headers(self, operation: str, body: bytes) -> dict[str, str]:
        """What is said of a request, its signature among it."""
        given = self._credentials()
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
        scope = f"{moment[:8]}/{self._region}/dynamodb/aws4_request"
        target = f"{API}.{operation}"
        token = {} if given.token is None else {"x-amz-security-token": given.token}
        signed = {"host": self._host, "x-amz-date": moment, **token, "x-amz-target": target}
        names = ";".join(signed)
        lines = "".join(f"{name}:{value}\n" for name, value in signed.items())
        canonical = f"POST\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
        text = f"{ALGORITHM}\n{moment}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        key = f"AWS4{given.secret}".encode()
        for part in (*scope.split("/"), text):
            key = hmac.digest(key, part.encode(), "sha256")
        authorization = f"{ALGORITHM} Credential={given.key}/{scope}, SignedHeaders={names}, Signature={key.hex()}"
        return {**signed, "content-type": "application/x-amz-json-1.0", "authorization": authorization}


def credentials_of(spark: SparkSession) -> Callable[[], Credentials]:
    """The credentials of the job, from where the SDK in the JVM has them, which renews them."""
    provider = java_class(spark, "software.amazon.awssdk.auth.credentials.DefaultCredentialsProvider").create()
    session = java_class(spark, "software.amazon.awssdk.auth.credentials.AwsSessionCredentials")
    lock = threading.Lock()
    known: list[tuple[float, Credentials]] = []

    def resolve() -> Credentials:
        found = provider.resolveCredentials()
        is_session = session._java_lang_class.isInstance(found)  # noqa: SLF001  (py4j has no other word for a class)
        return Credentials(found.accessKeyId(), found.secretAccessKey(), found.sessionToken() if is_session else None)

    def credentials() -> Credentials:
        with lock:
            if not known or time.monotonic() - known[0][0] > CREDENTIALS_SECONDS:
                known[:] = [(time.monotonic(), resolve())]
            return known[0][1]

    return credentials
