"""Folders that jobs write: one for each execution, or one that stands and can be read as well."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import DataFrame

from millrace.job.document import Url
from millrace.job.spec import Spec


@dataclass(frozen=True)
class Input:
    """A standing folder."""

    url: Url


@dataclass(frozen=True)
class Output:
    """A folder to be made, or a standing one."""

    url: Url


def write_results(spec: Spec, alias: str, rows: DataFrame, separator: str = ",") -> str:
    """Writes rows twice: below `csv`, with a header, and below `json`, as JSON lines.

    Args:
        spec: the job's spec.
        alias: the folder.
        rows: any columns that CSV can hold; better cached, since they are read twice.
        separator: the character between the fields of the CSV files.

    Returns:
        The address of the folder.
    """
    url = spec.output(alias, Output).url.rstrip("/")
    # A quote within quotes is doubled, as RFC 4180 has it; Spark would put a backslash before it, which other readers take for itself.
    rows.write.csv(f"{url}/csv", header=True, sep=separator, escape='"')
    rows.write.json(f"{url}/json")
    return url
