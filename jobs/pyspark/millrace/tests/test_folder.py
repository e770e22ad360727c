"""Results as files: the same rows twice, decimals as they are."""

import json
from decimal import Decimal
from pathlib import Path

from pyspark.sql import SparkSession

from millrace.kinds.folder import write_results
from millrace.tests.frames import frame_of
from millrace.tests.specs import spec_of

ROWS = [("Peru", Decimal("1234.50"), 3), ("a|b", Decimal("-0.10"), 1), ('the "old" land', Decimal("1.00"), 1)]


def lines_of(folder: Path) -> list[str]:
    return [line for part in sorted(folder.glob("part-*")) for line in part.read_text("utf-8").splitlines()]


def test_the_rows_come_as_csv_and_as_json(spark: SparkSession, tmp_path: Path) -> None:
    rows = frame_of(spark, ROWS, "country string, weight decimal(18,2), parcels bigint")
    folder = write_results(
        spec_of(writes={"found": {"kind": "folder", "url": (tmp_path / "run").as_uri() + "/"}}), "found", rows, "|"
    )
    assert folder == (tmp_path / "run").as_uri()
    csv = ["country|weight|parcels", "Peru|1234.50|3", '"a|b"|-0.10|1', '"the ""old"" land"|1.00|1']
    assert lines_of(tmp_path / "run" / "csv") == csv
    found = [json.loads(line, parse_float=Decimal) for line in lines_of(tmp_path / "run" / "json")]
    assert [tuple(row.values()) for row in found] == ROWS
