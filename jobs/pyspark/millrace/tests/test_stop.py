"""A request to end waits for the batch that runs."""

import signal
import threading

import pytest
from pyspark.sql import SparkSession

from millrace.job.stop import StopRequest


def test_who_asks_waits_until_the_batch_is_done() -> None:
    request = StopRequest()
    asking = threading.Thread(target=request.run)
    asking.start()
    assert request.requested.wait(5)
    assert asking.is_alive()
    request.finished()
    asking.join(5)
    assert not asking.is_alive()


def test_a_job_that_has_ended_is_not_waited_for() -> None:
    request = StopRequest()
    request.finished()
    request.run()
    assert not request.requested.is_set()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_asks_and_one_that_comes_after_it_is_none_for_it(spark: SparkSession, number: signal.Signals) -> None:
    before = signal.getsignal(number)
    request = StopRequest()
    request.install(spark)
    signal.raise_signal(number)
    assert request.requested.is_set()
    request.finished()
    assert signal.getsignal(number) == before
