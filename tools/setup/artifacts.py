"""Fetches Java archives, or finds out which are needed, through jgo.

`fetch` takes a JSON list of artifacts on stdin and leaves each file in a folder; `resolve` takes jgo.toml on stdin and prints the list of
artifacts with their sha256. Runs in the bootstrap environment, called by `jars.mjs` and `lock.mjs`. `fetch` decides nothing about trust:
its caller compares every file with the lock.
"""

import hashlib
import json
import sys
import tarfile
import tempfile
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from jgo.maven import Artifact, MavenContext

PARALLEL_DOWNLOADS = 8
TIMEOUT_SECONDS = 60
ATTEMPTS = 3


def context(cache: Path) -> MavenContext:
    """Gives a context whose repository is a folder of ours, so that no half-loaded file of another program is met."""
    return MavenContext(repo_cache=cache, timeout=TIMEOUT_SECONDS)


def download(maven: MavenContext, wanted: dict[str, str]) -> Path:
    """Downloads one artifact and gives the path of its file."""
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
    """Downloads the artifacts listed on stdin, several at a time, and moves each file into the folder."""
    wanted: list[dict[str, str]] = json.load(sys.stdin)
    with tempfile.TemporaryDirectory(dir=folder) as repository, ThreadPoolExecutor(PARALLEL_DOWNLOADS) as pool:
        maven = context(Path(repository))
        for path in pool.map(lambda one: download(maven, one), wanted):
            path.rename(folder / path.name)


def unpack(archive: Path, folder: Path) -> None:
    """Unpacks an archive whose bytes have been checked, and removes it."""
    with tarfile.open(archive) as packed:
        if hasattr(tarfile, "data_filter"):
            packed.extraction_filter = tarfile.data_filter
        packed.extractall(folder)  # noqa: S202 - the caller compared the archive's hash with the lock
    archive.unlink()


def parse(coordinate: str) -> dict[str, str]:
    """Reads group:artifact:version[:packaging[:classifier]]."""
    group, artifact, version, *rest = coordinate.split(":")
    return {
        "groupId": group,
        "artifactId": artifact,
        "version": version,
        "packaging": rest[0] if rest else "jar",
        "classifier": rest[1] if len(rest) > 1 else "",
    }


def members(maven: MavenContext, description: dict[str, Any]) -> list[dict[str, str]]:
    """Gives the artifacts of one set of jgo.toml."""
    named = [parse(coordinate) for coordinate in description["coordinates"]]
    if not description["transitive"]:
        return named
    excluded = [maven.project(*name.split(":")) for name in description["exclusions"]]
    dependencies = [maven.create_dependency(coordinate, excluded) for coordinate in description["coordinates"]]
    inputs, others = maven.resolver.resolve(dependencies)
    return [
        {
            "groupId": dependency.groupId,
            "artifactId": dependency.artifactId,
            "version": dependency.version,
            "packaging": dependency.type,
            "classifier": dependency.classifier,
        }
        for dependency in [*inputs, *others]
        if dependency.scope in (None, "compile", "runtime") and not dependency.optional
    ]


def resolve() -> None:
    """Prints every artifact of every set with its sha256, sorted, as JSON."""
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
    """Runs `fetch FOLDER`, `unpack ARCHIVE FOLDER` or `resolve`."""
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
