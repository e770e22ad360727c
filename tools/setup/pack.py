"""Packs a folder of Python packages as EMR Serverless takes it: `bin/python` and the packages, with the same bytes for the same packages.

Arguments: the folder, the archive to write, the version of Python.
"""

from __future__ import annotations

import gzip
import io
import sys
import tarfile
from pathlib import Path

INTERPRETER = """\
#!/bin/sh
# The Python of the release, with the packages beside this file.
here=$(cd "$(dirname "$0")" && pwd)
PYTHONPATH="$here/../lib${{PYTHONPATH:+:$PYTHONPATH}}" exec python{version} "$@"
"""


def pack(folder: Path, archive: Path, version: str) -> None:
    """Writes the archive; neither dates nor owners of files are kept."""
    with (
        archive.open("wb") as raw,
        gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        add(tar, "bin/python", INTERPRETER.format(version=version).encode(), 0o755)
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                add(tar, f"lib/{path.relative_to(folder).as_posix()}", path.read_bytes(), 0o644)


def add(tar: tarfile.TarFile, name: str, content: bytes, mode: int) -> None:
    """Adds a file that has nothing but a name, a content and a mode."""
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))


if __name__ == "__main__":
    pack(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
