"""Gives the tests of all jobs one local Spark session with the jars that the jobs get. Read by pytest."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.job.session import SETTINGS
from millrace.tests import dynamodb as items
from millrace.tests.postgres import Server

BUILD = Path(__file__).parents[2] / "build"
TOOLCHAIN = BUILD / "toolchain.json"
AVRO_LIMITS = "-Dorg.apache.avro.limits.string.maxLength=1048576 -Dorg.apache.avro.limits.bytes.maxLength=65536"

# What the requirements.txt of a pipeline names, for this machine.
sys.path += [str(folder) for folder in sorted(BUILD.glob("python-packages/*/local"))]


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """One session for all tests; what they need to know of the machine is in build/toolchain.json."""
    toolchain = json.loads(TOOLCHAIN.read_text())
    # What Spark collects is in the machine's zone: the tests say what they mean in UTC.
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.environ["JAVA_HOME"] = toolchain["java17Home"]
    os.environ["PYSPARK_PYTHON"] = toolchain["python"]
    classes = f'"-XX:SharedArchiveFile={toolchain["sparkClasses"]}" -Xlog:disable'
    builder = SparkSession.builder.master("local[2]").appName("tests")
    settings = SETTINGS | {
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.memory": "1g",
        # Tests run many small queries once: the quick compiler alone takes half the time.
        "spark.driver.extraJavaOptions": f"{AVRO_LIMITS} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC {classes}",
        # The archive is of this class path.
        "spark.driver.extraClassPath": f"{toolchain['s3aJars']}/*",
        "spark.jars": ",".join(
            str(jar)
            for jars in ("sparkJars", "icebergJars", "postgresJars")
            for jar in sorted(Path(toolchain[jars]).glob("*.jar"))
        ),
        # As on a machine: datasets are found by where they lie.
        "spark.sql.catalog.datasets.type": "hadoop",
    }
    for name, value in settings.items():
        builder = builder.config(name, value)
    session = builder.getOrCreate()
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A PostgreSQL server of the release that Aurora has, on a port of its own."""
    # Not in a folder of pytest's, nor where TMPDIR says: as root the server is somebody else, who may not look in there.
    with tempfile.TemporaryDirectory(prefix="millrace-postgres-", dir="/tmp") as folder:
        server = Server(Path(json.loads(TOOLCHAIN.read_text())["postgresHome"]), Path(folder))
        try:
            server.start()
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def dynamodb() -> Iterator[items.Server]:
    """DynamoDB Local as the local run has it, on a port of its own."""
    toolchain = json.loads(TOOLCHAIN.read_text())
    with tempfile.TemporaryDirectory(prefix="millrace-items-") as folder:
        server = items.Server(
            toolchain["java17"], (toolchain["dynamodbJars"], toolchain["dynamodbServer"]), Path(folder)
        )
        try:
            server.start()
            yield server
        finally:
            server.stop()
