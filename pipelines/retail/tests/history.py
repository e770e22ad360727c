"""Reads the history of purchases as PyIceberg and DuckDB do, and prints what is in it."""

import json
import sys
from collections import Counter

import duckdb
from iceberg_table import files_of, table_of


def main(home: str) -> None:
    table = table_of(home, "retail/purchases")
    rows = table.scan(selected_fields=("transaction_id", "line", "total_purchase")).to_arrow().to_pylist()
    files = files_of(table)
    select = "SELECT count(*), sum(total_purchase) FROM read_parquet($1)"
    [(count, total)] = duckdb.execute(select, [files]).fetchall()
    found = {
        "files": len(files),
        "twice": sum(times > 1 for times in Counter((row["transaction_id"], row["line"]) for row in rows).values()),
        "pyiceberg": {"rows": len(rows), "sales": str(sum(row["total_purchase"] for row in rows))},
        "duckdb": {"rows": count, "sales": str(total)},
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
