"""The batch read's own decisions: what can be read, what was asked for, what a person sees."""

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from millrace.formats import framing
from millrace.job.text_table import table
from sales import read

SCHEMAS = Path(__file__).parents[4] / "pipelines" / "sales" / "schemas"
KEY, VALUE = ((SCHEMAS / f"summary-{part}.avsc").read_text("utf-8") for part in ("key", "value"))
START = datetime(2026, 5, 21, 10, tzinfo=UTC)
SUMMARY = "region string, sales decimal(18,2), orders bigint, window_start timestamp, window_end timestamp"


def test_what_cannot_be_read_is_told_and_a_deletion_is_no_fault(spark: SparkSession) -> None:
    total = spark.createDataFrame([("Asia", Decimal("1234567.89"), 3, START, START)], SUMMARY)
    key = framing.encoded(F.struct("region", "window_start"), 5, KEY)
    value = framing.encoded(F.struct("region", "sales", "orders", "window_start", "window_end"), 6, VALUE)
    good = total.select(key.alias("key"), value.alias("value")).collect()[0]
    records = [
        (1, good.key, good.value),
        (2, good.key, None),
        (3, None, good.value),
        (4, good.key, b"\x00\x00\x00\x00\x06\xff"),
        (5, good.key, b"{}"),
        (6, good.value, good.value),
    ]
    frame = spark.createDataFrame(records, "offset bigint, key binary, value binary")
    rows = read.decoded_records(frame, {5: KEY}, 5, {6: VALUE}, 6).orderBy("offset").collect()
    assert [row.reason for row in rows] == [None, None, "null-value", "undecodable", "not-framed", "unknown-schema-id"]
    assert (rows[0].key.region, str(rows[0].summary.sales), rows[0].summary.orders) == ("Asia", "1234567.89", 3)
    assert rows[1].summary is None


def test_one_region_since_a_time(spark: SparkSession) -> None:
    ends = [("Asia", START.replace(hour=hour)) for hour in (8, 9, 10)] + [("Africa", START)]
    rows = spark.createDataFrame(ends, "region string, window_end timestamp")
    assert read.chosen(rows, None, None).count() == 4
    found = read.chosen(rows, "Asia", START.replace(hour=8)).collect()
    assert sorted(row.window_end.hour for row in found) == [9, 10]
    assert read.chosen(rows, "Atlantis", None).count() == 0


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
