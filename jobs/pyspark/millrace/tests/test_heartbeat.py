"""The line by which a stream that hangs is known."""

import io
import json
import threading
from typing import cast

from py4j.java_gateway import JavaObject

from millrace.job.events import Events
from millrace.streaming.heartbeat import heartbeat
from millrace.streaming.progress import ProgressListener


class Lines(io.StringIO):
    """Lines, and whether there is one."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def write(self, text: str) -> int:
        count = super().write(text)
        self.written.set()
        return count


def test_it_tells_how_long_the_query_was_silent_until_the_stream_ends() -> None:
    out = Lines()
    with heartbeat(Events("sum", out), lambda: 901.4, every=0.001):
        assert out.written.wait(30)
    lines = out.getvalue().splitlines()
    assert {json.dumps(json.loads(line)) for line in lines} == {'{"event": "heartbeat", "job": "sum", "silence": 901}'}
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]


def test_a_query_is_heard_when_it_starts_moves_rows_or_waits_for_some() -> None:
    now = 100.0
    listener = ProgressListener(Events("sum", io.StringIO()), {}, clock=lambda: now)
    now = 160.0
    assert listener.silent_seconds() == 60.0
    listener.onQueryIdle(cast(JavaObject, None))
    assert listener.silent_seconds() == 0.0
