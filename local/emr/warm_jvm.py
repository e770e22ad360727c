"""Keeps one warm JVM: starts it, lends it to one job at a time, and kills it with the first job that does not give it back.

A job holds a connection while it has the JVM, and says on it when the JVM is as it was before. The JVM ends with this process however that ends, because its
standard input does.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import time
from pathlib import Path

MOST_JVMS = 3
POLL_SECONDS = 0.5
STARTING_POLL_SECONDS = 0.05
ANSWER_SECONDS = 2.0


class Keeper:
    """A JVM, and the job that has it."""

    def __init__(self, record: Path, idle_seconds: float, job: socket.socket, command: list[str]) -> None:
        self._record = record
        self._idle_seconds = idle_seconds
        self._idle_since = time.monotonic()
        self._secret = secrets.token_hex(16)
        self._job: socket.socket | None = job
        self._told = False
        self._folder = record.with_suffix("")
        self._folder.mkdir()
        self._gateway = self._folder / "gateway"
        own = {
            "_PYSPARK_DRIVER_CONN_INFO_PATH": str(self._gateway),
            "SPARK_SUBMIT_OPTS": f'"-Djava.io.tmpdir={self._folder}"',
            "TMPDIR": str(self._folder),
        }
        with (self._folder / "log.txt").open("ab") as log:
            self._jvm = subprocess.Popen(
                [*command, "pyspark-shell"],
                cwd=self._folder,
                env=os.environ | own,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def serve(self) -> None:
        """Lends the JVM as long as it is good for that, is wanted, and its record is there."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            draft = self._folder / "record"
            draft.write_text(json.dumps({"port": listener.getsockname()[1], "secret": self._secret}))
            draft.rename(self._record)
            try:
                going_on = True
                while going_on and self._jvm.poll() is None and self._record.exists():
                    sources = [listener] if self._job is None else [listener, self._job]
                    starting = self._job is not None and not self._told
                    ready, _, _ = select.select(sources, [], [], STARTING_POLL_SECONDS if starting else POLL_SECONDS)
                    if self._job in ready:
                        going_on = self._take_back()
                    elif listener in ready:
                        going_on = self._answer(listener.accept()[0])
                    elif self._job is None:
                        going_on = time.monotonic() - self._idle_since < self._idle_seconds
                    self._tell()
            finally:
                self._end()

    def _end(self) -> None:
        """Kills the JVM and forgets it. Its record is the last to go: who finds none need not wait, and who asks meanwhile does."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._jvm.pid, signal.SIGKILL)
        self._jvm.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        self._record.unlink(missing_ok=True)

    def _answer(self, caller: socket.socket) -> bool:
        """Lends or ends the JVM, if it is idle and the caller may ask; whether to go on."""
        caller.settimeout(ANSWER_SECONDS)
        with contextlib.suppress(OSError):
            words = caller.recv(100).decode(errors="replace").split()
            if self._job is None and words == [self._secret, "lend"]:
                self._job, self._told = caller, False
                return True
            if self._job is None and words == [self._secret, "end"]:
                self._job = caller  # Open until this process is gone: that is the answer.
                return False
        caller.close()
        return True

    def _tell(self) -> None:
        """Tells the job port and secret of the JVM, as soon as the JVM has written them."""
        if self._job is None or self._told or not self._gateway.exists():
            return
        self._told = True
        content = self._gateway.read_bytes()
        port, length = struct.unpack(">ii", content[:8])
        with contextlib.suppress(OSError):
            self._job.sendall(f"{port} {content[8 : 8 + length].decode()}\n".encode())

    def _take_back(self) -> bool:
        """Whether the job gave the JVM back, and there are not too many."""
        said = b""
        with contextlib.suppress(OSError):
            said = self._job.recv(100) if self._job else b""
        self._job, self._idle_since = None, time.monotonic()
        return said == b"clean\n" and len(list(self._record.parent.glob("*.json"))) <= MOST_JVMS


def main(record: str, idle_seconds: str, job: str, *command: str) -> None:
    """Keeps a JVM until it ends, is idle for too long, or is asked to end.

    Args:
        record: File to be written, which says how to ask for the JVM; a folder beside it is the JVM's own.
        idle_seconds: How long it waits for a job.
        job: Descriptor of a connection, whose other end the first job holds.
        command: What starts it, without the last word.
    """
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit())
    Keeper(Path(record), float(idle_seconds), socket.socket(fileno=int(job)), list(command)).serve()
    os._exit(0)  # Closes the connection of who asked for the end with the process, not before.


if __name__ == "__main__":
    main(*sys.argv[1:])
