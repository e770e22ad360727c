"""Fetches Java archives, or finds out which are needed, through jgo.

`fetch` takes a JSON list of artifacts on stdin and leaves each file in a folder; `resolve` takes jgo.toml on stdin and
prints the list of artifacts with their sha256. Runs in the bootstrap environment. `fetch` decides nothing about trust:
every file is compared with the lock afterwards.
"""

import hashlib
import json
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from jgo.maven import Artifact, MavenContext

PARALLEL_DOWNLOADS = 8
TIMEOUT_SECONDS = 60
ATTEMPTS = 3


def context(cache: Path) -> MavenContext:
    """Return a context whose repository is a folder of ours, so that no half-loaded file of another program is met."""
    return MavenContext(repo_cache=cache, timeout=TIMEOUT_SECONDS)


def download(maven: MavenContext, wanted: dict[str, str]) -> Path:
    """Download one artifact and return the path of its file."""
    artifact: Artifact = (
        maven.project(wanted["groupId"], wanted["artifactId"])
        .at_version(wanted["version"])
        .artifact(wanted.get("classifier", ""), wanted.get("packaging", "jar"))
    )
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return Path(artifact.resolve())
        except OSError:
            # jgo writes in place, so what is there after a broken connection is a part of the file.
            Path(artifact.cached_path).unlink(missing_ok=True)
            if attempt == ATTEMPTS:
                raise
    raise AssertionError("unreachable")


def fetch(folder: Path) -> None:
    """Download the artifacts listed on stdin, several at a time, and move each file into the folder."""
    wanted: list[dict[str, str]] = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(dir=folder) as repository, ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        maven = context(Path(repository))
        for path in pool.map(lambda one: download(maven, one), wanted):
            path.rename(folder / path.name)


def unpack(archive: Path, folder: Path) -> None:
    """Unpack an archive whose bytes have been checked, or the one that such a jar holds, and remove it."""
    with ExitStack() as open_files:
        packed: Path | IO[bytes] = archive
        if archive.suffix == ".jar":
            jar = open_files.enter_context(zipfile.ZipFile(archive))
            [inner] = [name for name in jar.namelist() if name.endswith(".txz")]
            packed = open_files.enter_context(jar.open(inner))
        source = {"name": packed} if isinstance(packed, Path) else {"fileobj": packed}
        tar = open_files.enter_context(tarfile.open(**source))
        if hasattr(tarfile, "data_filter"):
            tar.extraction_filter = tarfile.data_filter
        tar.extractall(folder)  # noqa: S202 - the caller compared the archive's hash with the lock
    archive.unlink()


def entry(group: str, artifact: str, version: str, packaging: str = "jar", classifier: str = "") -> dict[str, str]:
    """Return an artifact as the lock has it."""
    return {
        "groupId": group,
        "artifactId": artifact,
        "version": version,
        "packaging": packaging,
        "classifier": classifier,
    }


def members(maven: MavenContext, description: dict[str, Any]) -> list[dict[str, str]]:
    """Return the artifacts of a set of jgo.toml: group:artifact:version[:packaging[:classifier]]."""
    if not description["transitive"]:
        return [entry(*coordinate.split(":")) for coordinate in description["coordinates"]]
    excluded = [maven.project(*name.split(":")) for name in description["exclusions"]]
    dependencies = [maven.create_dependency(coordinate, excluded) for coordinate in description["coordinates"]]
    inputs, others = maven.resolver.resolve(dependencies)
    return [
        entry(one.groupId, one.artifactId, one.version, one.type, one.classifier)
        for one in [*inputs, *others]
        if one.scope in (None, "compile", "runtime") and not one.optional
    ]


def resolve() -> None:
    """Print every artifact of every set with its sha256, sorted, as JSON."""
    sets: dict[str, dict[str, Any]] = tomllib.loads(sys.stdin.read())["sets"]
    locked: list[dict[str, str]] = []
    with tempfile.TemporaryDirectory() as repository:
        maven = context(Path(repository))
        for description in sets.values():
            for artifact in members(maven, description):
                digest = hashlib.sha256(download(maven, artifact).read_bytes()).hexdigest()
                locked.append({"folder": description["folder"], **artifact, "sha256": digest})
    locked.sort(key=lambda one: (one["folder"], one["groupId"], one["artifactId"]))
    json.dump(locked, sys.stdout)


def main() -> None:
    """Run `fetch FOLDER`, `unpack ARCHIVE FOLDER` or `resolve`."""
    match sys.argv[1:]:
        case ["fetch", folder]:
            fetch(Path(folder))
        case ["unpack", archive, folder]:
            unpack(Path(archive), Path(folder))
        case ["resolve"]:
            resolve()
        case other:
            raise SystemExit(f"unknown arguments: {other}")


if __name__ == "__main__":
    main()
