"""Replays the history of customers as PyIceberg reads it, and prints who is left. A strict run names its files as S3 does: here they are folders."""

import json
import sys
from collections import Counter
from datetime import UTC
from pathlib import Path
from typing import Any

import duckdb
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import StaticTable

COLUMNS = ("id", "name", "gender", "address", "phone", "email", "photo", "birthdate", "profession", "dt_update")


class Folders(PyArrowFileIO):
    """The buckets of a home."""

    buckets = ""

    @staticmethod
    def parse_location(location: str, *_: object) -> tuple[str, str, str]:
        """Gives the scheme, the host and the path of a file."""
        return "file", "", path_of(location)


def path_of(location: str) -> str:
    return location.replace("s3://", f"{Folders.buckets}/").removeprefix("file://").removeprefix("file:")


def texts(row: dict[str, Any]) -> list[str | None]:
    said = dict(row)
    said["birthdate"] = None if row["birthdate"] is None else str(row["birthdate"])[:10]
    said["dt_update"] = row["dt_update"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return [None if said[name] is None else str(said[name]) for name in COLUMNS]


def main(home: str) -> None:
    Folders.buckets = f"{home}/buckets"
    [hint] = Path(Folders.buckets).glob("*/datasets/customers/changes/iceberg/table/metadata/version-hint.text")
    metadata = hint.with_name(f"v{hint.read_text().strip()}.metadata.json")
    table = StaticTable.from_metadata(str(metadata), {"py-io-impl": "__main__.Folders"})
    rows = sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["lsn"])
    last = {row["id"]: row for row in rows}
    files = [path_of(task.file.file_path) for task in table.scan().plan_files()]
    newest = "SELECT id, max_by(deleted, lsn) AS gone FROM read_parquet($1, union_by_name = true) GROUP BY id"
    [(left,)] = duckdb.execute(f"SELECT count(*) FROM ({newest}) WHERE NOT gone", [files]).fetchall()
    customers = [texts(row) for _, row in sorted(last.items()) if not row["deleted"]]
    if left != len(customers):
        raise SystemExit(f"DuckDB finds {left} customers, PyIceberg {len(customers)}")
    found = {
        "customers": customers,
        "deleted": sum(row["deleted"] for row in last.values()),
        "twice": sum(times > 1 for times in Counter((row["id"], row["lsn"]) for row in rows).values()),
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
