"""What the job that leaves the best sellers does when it cannot read all totals."""

import json
from decimal import Decimal
from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.formats.checks import Judged
from millrace.job.events import Events
from millrace.kinds import topic
from millrace.tests.frames import frame_of
from millrace.tests.specs import spec_of
from retail import best_sellers

TOTALS = "item:string,category:string,product_id:string,sales:decimal(18,2),quantity:bigint,purchases:bigint"


def test_totals_that_cannot_be_read_fail_the_job(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only our stream writes them: the best of some of them are others than the best."""
    columns = f"batch bigint, offset bigint, key string, value struct<{TOTALS}>, reason string"
    good = (5, 1, "CS01", ("Sunny", "CS", "CS01", Decimal("12.50"), 3, 2), None)
    monkeypatch.setattr(best_sellers, "session", lambda *_: spark)

    def chosen(folder: str, *records: tuple[object, ...]) -> None:
        found = Judged(frame_of(spark, records, columns), ("not-json",))
        monkeypatch.setattr(topic, "read", lambda *_, **__: found)
        results = {"kind": "folder", "url": (tmp_path / folder).as_uri()}
        best_sellers.main(spec_of(mode="batch", writes={"results": results}), Events("bestSellers"))

    chosen("all", good)
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (told["event"], told["rows"], told["unreadable"]) == ("result", 1, {})
    with pytest.raises(JobError, match="1 of 2 records of totals cannot be read: 1 not-json") as caught:
        chosen("some", good, (5, 2, "CS02", None, "not-json"))
    assert caught.value.code == "UNREADABLE_RECORDS"
