"""Small files: their bytes, or one clear error."""

from pathlib import Path

import pytest
from pyspark.sql import SparkSession

from millrace.errors import JobError
from millrace.formats import files


def test_the_bytes_come_as_they_are(spark: SparkSession, tmp_path: Path) -> None:
    path = tmp_path / "some.bin"
    path.write_bytes(b"\x00\xff\r\n")
    assert files.read_file(spark, path.as_uri()) == b"\x00\xff\r\n"


def test_a_missing_file_is_named(spark: SparkSession, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"regions\.csv cannot be read") as caught:
        files.read_file(spark, (tmp_path / "regions.csv").as_uri())
    assert caught.value.code == "FILE_UNREADABLE"


def test_a_file_that_would_fill_the_memory_is_refused(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LARGEST_BYTES", 3)
    path = tmp_path / "large.bin"
    path.write_bytes(b"four")
    with pytest.raises(JobError, match="has 4 bytes") as caught:
        files.read_file(spark, path.as_uri())
    assert caught.value.code == "FILE_TOO_LARGE"
