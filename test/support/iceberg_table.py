"""Reads a dataset of a home as any client of Iceberg would: for tests, which share nothing with the product."""

from __future__ import annotations

from pathlib import Path

from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import StaticTable


class Folders(PyArrowFileIO):
    """The buckets of a home. A strict run names its files as S3 does: here they are folders."""

    buckets = ""

    @staticmethod
    def parse_location(location: str, *_: object) -> tuple[str, str, str]:
        """Gives the scheme, the host and the path of a file."""
        return "file", "", _path_of(location)


def _path_of(location: str) -> str:
    return location.replace("s3://", f"{Folders.buckets}/").removeprefix("file://").removeprefix("file:")


def table_of(home: str, dataset: str) -> StaticTable:
    """The newest state of the dataset `<pipeline>/<name>` of a home."""
    Folders.buckets = f"{home}/buckets"
    [hint] = Path(Folders.buckets).glob(f"*/datasets/{dataset}/iceberg/table/metadata/version-hint.text")
    metadata = hint.with_name(f"v{hint.read_text().strip()}.metadata.json")
    return StaticTable.from_metadata(str(metadata), {"py-io-impl": f"{Folders.__module__}.Folders"})


def files_of(table: StaticTable) -> list[str]:
    """The paths of the files that hold a table's rows."""
    return [_path_of(task.file.file_path) for task in table.scan().plan_files()]
