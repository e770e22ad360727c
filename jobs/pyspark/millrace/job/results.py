"""Takes the rows that a batch job found and leaves them as CSV and as JSON lines, in a folder of their own. Called by the jobs that end an
execution.
"""

from __future__ import annotations

from pyspark.sql import DataFrame


def write_results(rows: DataFrame, path: str, separator: str) -> str:
    """Writes the rows under `csv`, with a header, and under `json`; gives the folder of both. The rows should be cached: they are read twice."""
    folder = path.rstrip("/")
    # A quote within quotes is doubled, as RFC 4180 has it; Spark would put a backslash before it, which other readers take for itself.
    rows.write.csv(f"{folder}/csv", header=True, sep=separator, escape='"')
    rows.write.json(f"{folder}/json")
    return folder
