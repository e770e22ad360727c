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
    best = "SELECT product_id, sum(total_purchase) sales, sum(quantity) FROM read_parquet($1) GROUP BY ALL ORDER BY sales DESC, product_id LIMIT 10"
    found = {
        "files": len(files),
        "twice": sum(times > 1 for times in Counter((row["transaction_id"], row["line"]) for row in rows).values()),
        "pyiceberg": {"rows": len(rows), "sales": str(sum(row["total_purchase"] for row in rows))},
        "duckdb": {"rows": count, "sales": str(total)},
        "best": [
            [product, str(sales), int(quantity)]
            for product, sales, quantity in duckdb.execute(best, [files]).fetchall()
        ],
    }
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
