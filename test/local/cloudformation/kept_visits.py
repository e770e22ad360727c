"""Prints the visits that a home's dataset has, as PyIceberg reads them, and what its table says of itself."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from iceberg_table import table_of


def main(home: str) -> None:
    table = table_of(home, "clients/visits")
    rows = table.scan().to_arrow().to_pylist()
    found = {
        "folder": str(Path(table.metadata_location).parent),
        "columns": {field.name: str(field.field_type) for field in table.schema().fields},
        "division": [str(field.transform) for field in table.spec().fields],
        "commits": len(table.metadata.snapshots),
        "rows": [
            row | {"spent": None if row["spent"] is None else str(row["spent"]), "visited_at": told(row["visited_at"])}
            for row in sorted(rows, key=lambda row: row["visit_id"])
        ],
    }
    sys.stdout.write(json.dumps(found))


def told(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


if __name__ == "__main__":
    main(sys.argv[1])
