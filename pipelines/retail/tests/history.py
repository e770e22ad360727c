"""Reads the history of purchases as PyIceberg and DuckDB do, and prints what is in it. A strict run names its files as S3 does: here they are folders."""

import json
import sys
from collections import Counter
from pathlib import Path

import duckdb
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import StaticTable


class Folders(PyArrowFileIO):
    """The buckets of a home."""

    buckets = ""

    @staticmethod
    def parse_location(location: str, *_: object) -> tuple[str, str, str]:
        """Gives the scheme, the host and the path of a file."""
        return "file", "", path_of(location)


def path_of(location: str) -> str:
    return location.replace("s3://", f"{Folders.buckets}/").removeprefix("file://").removeprefix("file:")


def main(home: str) -> None:
    Folders.buckets = f"{home}/buckets"
    [hint] = Path(Folders.buckets).glob("*/datasets/retail/purchases/iceberg/table/metadata/version-hint.text")
    metadata = hint.with_name(f"v{hint.read_text().strip()}.metadata.json")
    table = StaticTable.from_metadata(str(metadata), {"py-io-impl": "__main__.Folders"})
    rows = table.scan(selected_fields=("transaction_id", "line", "total_purchase")).to_arrow().to_pylist()
    files = [path_of(task.file.file_path) for task in table.scan().plan_files()]
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
