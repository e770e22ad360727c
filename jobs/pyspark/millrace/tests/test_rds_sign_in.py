"""Signing in to Aurora with the archives that jobs get: a token is made of the role's credentials, and rows go through what makes it as they go without."""

from __future__ import annotations

import hashlib
import hmac
import socket
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from pyspark.sql import SparkSession

from millrace.job.jvm import java_class
from millrace.postgres import loading
from millrace.postgres.session import Database, DatabaseError, transaction
from millrace.postgres.shape import shape_of
from millrace.tests.frames import frame_of
from millrace.tests.postgres import OWNER, Server

REGION = "eu-central-1"
CREDENTIALS = {"aws.accessKeyId": "AKIDOFTHETEST", "aws.secretAccessKey": "secret of the test"}
# As the handler of tables tells jobs, but for TLS; a host of RDS would say its Region.
OPTIONS = f"wrapperPlugins=iam&connectTimeout=60&iamRegion={REGION}"
SSL_REQUEST, GSS_REQUEST = 80877103, 80877104
CLEAR_TEXT = b"R" + (8).to_bytes(4, "big") + (3).to_bytes(4, "big")
REFUSAL = b"SFATAL\0C28P01\0Mnobody comes in\0\0"


@pytest.fixture(autouse=True)
def credentials(spark: SparkSession) -> Iterator[None]:
    """The credentials of the test, where the SDK looks first."""
    system = java_class(spark, "java.lang.System")
    for name, value in CREDENTIALS.items():
        system.setProperty(name, value)
    yield
    for name in CREDENTIALS:
        system.clearProperty(name)


class Porter:
    """Asks whoever comes for a password, as RDS asks for a token, remembers it, and lets nobody in."""

    def __init__(self) -> None:
        self.passwords: list[str] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._answer, daemon=True).start()

    def leave(self) -> None:
        """Is there for nobody any more."""
        self._listening.close()

    def _answer(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as said:
                while self._told(said.read) in (SSL_REQUEST, GSS_REQUEST):
                    connection.sendall(b"N")
                connection.sendall(CLEAR_TEXT)
                said.read(1)
                length = int.from_bytes(said.read(4), "big")
                self.passwords.append(said.read(length - 4).rstrip(b"\0").decode())
                connection.sendall(b"E" + (len(REFUSAL) + 4).to_bytes(4, "big") + REFUSAL)

    @staticmethod
    def _told(read: object) -> int:
        length = int.from_bytes(read(4), "big")  # type: ignore[operator]
        return int.from_bytes(read(length - 4)[:4], "big")  # type: ignore[operator]


def signature_of(host: str, query: str) -> str:
    """What AWS makes of a request with such a query (Signature Version 4), by the secret of the test."""
    parameters = parse_qs(query)
    [moment], [credential] = parameters["X-Amz-Date"], parameters["X-Amz-Credential"]
    scope = credential.partition("/")[2]
    request = "\n".join(("GET", "/", query, f"host:{host}", "", "host", hashlib.sha256(b"").hexdigest()))
    key = f"AWS4{CREDENTIALS['aws.secretAccessKey']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    signed = "\n".join(("AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(request.encode()).hexdigest()))
    return hmac.digest(key, signed.encode(), "sha256").hex()


def test_the_password_is_a_token_for_the_role_that_aws_can_check(spark: SparkSession) -> None:
    porter = Porter()
    host = f"127.0.0.1:{porter.port}"
    database = Database(f"jdbc:aws-wrapper:postgresql://{host}/shop?{OPTIONS}", "shop_sum")
    try:
        with pytest.raises(DatabaseError, match="nobody comes in") as refused, transaction(spark, database):
            pass
    finally:
        porter.leave()
    assert (refused.value.state, refused.value.is_away) == ("28P01", False)
    place, _, query = porter.passwords[0].partition("/?")
    assert place == host
    parameters = {name: value for name, [value] in parse_qs(query).items()}
    day = parameters["X-Amz-Date"][:8]
    assert parameters["Action"] == "connect"
    assert parameters["DBUser"] == "shop_sum"
    assert parameters["X-Amz-Expires"] == "900"
    assert parameters["X-Amz-Credential"] == f"AKIDOFTHETEST/{day}/{REGION}/rds-db/aws4_request"
    unsigned = "&".join(sorted(part for part in query.split("&") if not part.startswith("X-Amz-Signature=")))
    assert parameters["X-Amz-Signature"] == signature_of(host, unsigned)


def test_rows_are_copied_through_it_and_what_the_database_says_keeps_its_state(
    spark: SparkSession, postgres: Server
) -> None:
    database = Database(
        f"jdbc:aws-wrapper:postgresql://127.0.0.1:{postgres.port}/{OWNER}?{OPTIONS}", postgres.database.user
    )
    postgres.run(spark, "DROP SCHEMA IF EXISTS shop CASCADE", "CREATE SCHEMA shop")
    postgres.run(spark, "CREATE TABLE shop.things (id bigint PRIMARY KEY, name text)")
    rows = frame_of(spark, [(number, f"thing {number}") for number in range(1_000)], "id bigint, name string")
    with transaction(spark, database) as session:
        loaded = loading.load(session, shape_of(session, "shop", "things", ("id", "name"), ("id",)), rows)
    assert (loaded.rows, loaded.refused) == (1_000, {})
    assert postgres.rows(spark, "SELECT count(*), max(name) FROM shop.things") == [("1000", "thing 999")]
    with pytest.raises(DatabaseError, match="nam") as misspelt, transaction(spark, database) as session:
        session.query("SELECT nam FROM shop.things")
    assert (misspelt.value.state, misspelt.value.is_away) == ("42703", False)


def test_a_database_that_is_away_is_told_as_away(spark: SparkSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    database = Database(f"jdbc:aws-wrapper:postgresql://127.0.0.1:{port}/shop?{OPTIONS}", "shop_sum")
    with pytest.raises(DatabaseError) as away, transaction(spark, database):
        pass
    assert away.value.is_away
