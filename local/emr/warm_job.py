"""Runs the job of a spark-submit command in a warm JVM: the same entry point, arguments, packages and settings, and a Spark context of its own.

The JVM is given back as it was, and only after a success: what kills this process kills its JVM. Where no JVM can be had, the command itself is run.
"""

from __future__ import annotations

import contextlib
import json
import os
import runpy
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, cast

from py4j.java_gateway import JavaObject
from py4j.protocol import Py4JError
from pyspark import SparkContext

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "aws.accessKeyId",
    "AWS_SECRET_ACCESS_KEY": "aws.secretAccessKey",
    "AWS_SESSION_TOKEN": "aws.sessionToken",
    "PGPASSFILE": "org.postgresql.pgpassfile",
}
"""The job's credentials, and the properties in which Java looks for them. The environment of a JVM would be that of its first job."""
KEEPER = Path(__file__).with_name("warm_jvm.py")


def take(folder: Path, key: str, idle_seconds: float, command: list[str]) -> socket.socket:
    """An idle JVM, or a new one: the connection by which this process alone may use it."""
    for record in sorted(folder.glob(f"{key}-*.json")):
        with contextlib.suppress(OSError, ValueError):
            return borrow(record)
    # Lent from the start: another job that looks for a JVM meanwhile cannot have it.
    ours, theirs = socket.socketpair()
    record = folder / f"{key}-{os.getpid()}.json"
    words = [sys.executable, str(KEEPER), str(record), str(idle_seconds), str(theirs.fileno()), *command]
    nothing = subprocess.DEVNULL
    environment = {name: value for name, value in os.environ.items() if name not in CREDENTIALS}
    # It is of no job's folder, and outlives this one.
    environment["MILLRACE_STARTED_IN"] = f"{folder}/"
    with theirs:
        subprocess.Popen(
            words,
            env=environment,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
            stdin=nothing,
            stdout=nothing,
            stderr=nothing,
        )
    return told(ours)


def borrow(record: Path) -> socket.socket:
    """The connection to an idle JVM; an error when another job has it or it is gone."""
    known = json.loads(record.read_text())
    connection = socket.create_connection(("127.0.0.1", known["port"]))
    connection.sendall(f"{known['secret']} lend".encode())
    return told(connection)


def told(connection: socket.socket) -> socket.socket:
    """The connection, once PySpark knows where the JVM is."""
    os.environ["PYSPARK_GATEWAY_PORT"], os.environ["PYSPARK_GATEWAY_SECRET"] = connection.recv(100).decode().split()
    return connection


class Jvm:
    """The JVM, and what a job may change in it."""

    def __init__(self) -> None:
        SparkContext._ensure_initialized()  # noqa: SLF001
        self._gateway = cast("Any", SparkContext._gateway)
        # Java knows Python's objects by numbers, and tells the Python of now when it collects one, also one of an earlier job: none comes twice.
        self._gateway.gateway_property.pool.next_id = time.time_ns()
        self._jvm = self._gateway.jvm
        self._system = self._jvm.java.lang.System
        self._streams = (self._system.out, self._system.err)
        self._properties = self._system.getProperties()
        hooks = self._jvm.org.apache.hadoop.util.ShutdownHookManager
        self._hooks = field_of(hooks.get().getClass(), "hooks", hooks.get())
        server = JavaObject("GATEWAY_SERVER", self._gateway._gateway_client)  # noqa: SLF001
        # What Python refers to lives until Python says otherwise, and a Python that ends says nothing.
        self._objects = server.getGateway().getBindings().keySet()
        self._before = (
            self._properties.clone(),
            self._jvm.java.util.HashSet(self._hooks),
            self._jvm.java.util.HashSet(self._objects),
        )

    def prepare(self, command: list[str], stdout: str, stderr: str) -> list[str]:
        """Makes of the command what spark-submit makes of it: settings, and the words of its Python program: entry point, packages, arguments."""
        for path, use in ((stdout, self._system.setOut), (stderr, self._system.setErr)):
            use(self._jvm.java.io.PrintStream(self._jvm.java.io.FileOutputStream(path, True), True))
        for name in list(self._properties.stringPropertyNames()):
            if name.startswith("spark."):
                self._properties.remove(name)
        for variable, name in CREDENTIALS.items():
            if variable in os.environ:
                self._properties.setProperty(name, os.environ[variable])
        # What is fetched for the job goes with it.
        self._properties.setProperty("java.io.tmpdir", tempfile.gettempdir())
        words = self._gateway.new_array(self._jvm.java.lang.String, len(command) - 1)
        for index, word in enumerate(command[1:]):
            words[index] = word
        submit = self._jvm.org.apache.spark.deploy.SparkSubmit()
        no_configuration = getattr(submit, "prepareSubmitEnvironment$default$2")()
        prepared = submit.prepareSubmitEnvironment(submit.parseArguments(words), no_configuration)
        words_of_python, settings = prepared.productElement(0), prepared.productElement(2)
        for setting in settings.getAll():
            self._properties.setProperty(setting.productElement(0), setting.productElement(1))
        for variable, name in CREDENTIALS.items():
            if variable in os.environ:
                self._properties.setProperty(name, os.environ[variable])
        return list(self._jvm.scala.jdk.javaapi.CollectionConverters.asJava(words_of_python))

    def run(self, entry: str, packages: str, *arguments: str) -> int:
        """Runs the program as spark-submit would, and gives its exit code."""
        runner = self._jvm.org.apache.spark.deploy.PythonRunner
        sys.argv = [runner.formatPath(entry, False), *arguments]
        sys.path[0:1] = [str(Path(sys.argv[0]).parent), *runner.formatPaths(packages, False)]
        # spark-submit passes on whatever its Python program writes as its own output.
        os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
        try:
            runpy.run_path(sys.argv[0], run_name="__main__")
        except SystemExit as end:
            if end.code is None or isinstance(end.code, int):
                return end.code or 0
            raise
        return 0

    def restore(self) -> bool:
        """Makes the JVM what it was before the job, but for the code that it has compiled; whether that could be done."""
        context = SparkContext._active_spark_context  # noqa: SLF001
        if context is None:
            return False  # Pools can be emptied only while there is a context.
        self._empty_pools()
        context.stop()
        sessions = self._jvm.org.apache.spark.sql.classic.SparkSession
        sessions.clearActiveSession()
        sessions.clearDefaultSession()
        self._jvm.org.apache.hadoop.fs.FileSystem.closeAll()
        properties, hooks, objects = self._before
        self._properties.keySet().retainAll(properties.keySet())
        self._properties.putAll(properties)
        self._hooks.retainAll(hooks)
        written = (self._system.out, self._system.err)
        self._system.setOut(self._streams[0])
        self._system.setErr(self._streams[1])
        for stream in written:
            stream.close()
        # Levels that the job gave to its loggers.
        self._jvm.org.apache.logging.log4j.core.LoggerContext.getContext(False).reconfigure()
        self._objects.retainAll(objects)
        return True

    def _empty_pools(self) -> None:
        """Closes what Spark keeps for the whole JVM: states, and clients of Kafka."""
        self._jvm.org.apache.spark.sql.execution.streaming.state.StateStore.stop()
        loader = self._jvm.java.lang.Thread.currentThread().getContextClassLoader()
        kafka = "org.apache.spark.sql.kafka010"
        consumers = self._jvm.java.lang.Class.forName(f"{kafka}.consumer.KafkaDataConsumer$", True, loader)
        producers = self._jvm.java.lang.Class.forName(f"{kafka}.producer.InternalKafkaProducerPool$", True, loader)
        for pool in ("consumerPool", "fetchedDataPool"):
            field_of(consumers, pool).reset()
        field_of(producers, "MODULE$").reset()


def field_of(java_class: Any, name: str, owner: Any = None) -> Any:  # noqa: ANN401
    """The value of a field that Java would not show; without an owner, of a static one."""
    field = java_class.getDeclaredField(name)
    field.setAccessible(True)
    return field.get(owner)


def main(given: str, *command: str) -> int:
    """Runs the job and gives its exit code.

    Args:
        given: JSON: `folder` of all warm JVMs, `key` and `command` of those that fit, `idleSeconds`, files for the JVM's `stdout` and `stderr`.
        command: spark-submit and its words.
    """
    warm = json.loads(given)
    try:
        lease = take(Path(warm["folder"]), warm["key"], warm["idleSeconds"], warm["command"])
        jvm = Jvm()
        program = jvm.prepare(list(command), warm["stdout"], warm["stderr"])
    except (OSError, ValueError, Py4JError):
        os.execv(command[0], command)  # noqa: S606
    try:
        code = jvm.run(*program)
        if code == 0:
            try:
                if jvm.restore():
                    lease.sendall(b"clean\n")
            except (OSError, Py4JError) as error:
                sys.stderr.write(f"The JVM is not used again: {error}\n")
        return code
    finally:
        # A JVM removes what it fetched when it ends, and this one goes on.
        for fetched in Path(tempfile.gettempdir()).glob("spark-*"):
            shutil.rmtree(fetched, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
