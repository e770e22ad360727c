"""Replays the history of customers as PyIceberg reads it, and prints who is left."""

import json
import sys
from collections import Counter
from datetime import UTC
from typing import Any

import duckdb
from iceberg_table import files_of, table_of

COLUMNS = ("id", "name", "gender", "address", "phone", "email", "photo", "birthdate", "profession", "dt_update")


def texts(row: dict[str, Any]) -> list[str | None]:
    said = dict(row)
    said["birthdate"] = None if row["birthdate"] is None else str(row["birthdate"])[:10]
    said["dt_update"] = row["dt_update"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return [None if said[name] is None else str(said[name]) for name in COLUMNS]


def main(home: str) -> None:
    table = table_of(home, "customers/changes")
    rows = sorted(table.scan().to_arrow().to_pylist(), key=lambda row: row["lsn"])
    last = {row["id"]: row for row in rows}
    files = files_of(table)
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
