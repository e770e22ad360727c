"""What a person sees of the summaries."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import Row, SparkSession

from millrace.errors import JobError
from millrace.formats.checks import Judged
from millrace.job.events import Events
from millrace.job.text_table import table
from millrace.kinds import topic
from millrace.tests.frames import frame_of
from millrace.tests.specs import spec_of
from sales import read


def test_a_person_sees_thousands_and_cents() -> None:
    row = Row(
        region="Asia",
        sales=Decimal("1234567.80"),
        orders=1800,
        window_start="2026-05-21T10:00:00Z",
        window_end="2026-05-21T10:10:00Z",
    )
    assert table(read.TABLE, [row], 2).splitlines() == [
        "region                         sales    orders  window start          window end",
        "Asia                    1,234,567.80     1,800  2026-05-21T10:00:00Z  2026-05-21T10:10:00Z",
        "... and 1 more",
    ]


SUMMARY = "region:string,sales:decimal(18,2),orders:bigint,window_start:timestamp,window_end:timestamp"


def test_summaries_that_cannot_be_read_fail_the_job_that_shows_the_others(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only our stream writes them: a result without some of them is a wrong one."""
    ten = datetime(2026, 5, 21, 10, tzinfo=UTC)
    value = ("Asia", Decimal("12.50"), 2, ten, ten + timedelta(minutes=10))
    columns = f"batch bigint, offset bigint, key string, value struct<{SUMMARY}>, reason string"
    good, bad = (5, 1, "Asia", value, None), (5, 2, "Peru", None, "undecodable")
    monkeypatch.setattr(read, "session", lambda *_: spark)

    def shown(folder: str, *records: tuple[object, ...]) -> None:
        found = Judged(frame_of(spark, records, columns), ("undecodable",))
        monkeypatch.setattr(topic, "read", lambda *_, **__: found)
        results = {"kind": "folder", "url": (tmp_path / folder).as_uri()}
        spec = spec_of(mode="batch", parameters={"region": "", "since": ""}, writes={"results": results})
        read.main(spec, Events("show"))

    shown("all", good)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["event"], told["rows"], told["unreadable"]) == ("result", 1, {})
    with pytest.raises(JobError, match="1 of 2 records of summaries cannot be read: 1 undecodable") as caught:
        shown("some", good, bad)
    assert caught.value.code == "UNREADABLE_RECORDS"
