"""Tables for a person."""

from datetime import UTC, datetime
from decimal import Decimal

from pyspark.sql import Row

from millrace.job.text_table import TableColumn, table

COLUMNS = (TableColumn("window_start", 20), TableColumn("weight", 12, is_number=True), TableColumn("parcels", 7, True))


def test_numbers_stand_under_each_other_and_times_are_instants() -> None:
    start = datetime(2026, 5, 21, 10, tzinfo=UTC)
    rows = [
        Row(window_start=start, weight=Decimal("1234567.8"), parcels=1800),
        Row(window_start="-", weight=0, parcels=1),
    ]
    assert table(COLUMNS, rows, 3).splitlines() == [
        "window start                weight  parcels",
        "2026-05-21T10:00:00Z  1,234,567.80    1,800",
        "-                                0        1",
        "... and 1 more",
    ]
