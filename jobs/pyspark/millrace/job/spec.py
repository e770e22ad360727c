"""The one document that a job is started with: what it reads, writes and may use, as typed values.

Its form is `lib/declaration/spec.ts`. Whether values make sense together, and ranges and defaults of parameters, was decided before the job
started; here only the form is checked.
"""

from __future__ import annotations

import importlib
import json
import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal, TypeVar

from millrace import kinds
from millrace.errors import JobError
from millrace.formats.registry import Registry
from millrace.job.document import Name, Reader, Url, at_least
from millrace.kafka.connection import KafkaConnection
from millrace.streaming.event_time import Windows

T = TypeVar("T")


def _part(side: Literal["Input", "Output"]) -> Callable[[Reader, object, str], object]:
    """Reads an input or output: as the class of that name in the module of its `kind`."""

    def read(reader: Reader, got: object, path: str) -> object:
        modules = {
            name: importlib.import_module(f"{kinds.__name__}.{name}")
            for _, name, _ in pkgutil.iter_modules(kinds.__path__)
        }
        known = {name: getattr(module, side) for name, module in modules.items() if hasattr(module, side)}
        kind = got.get("kind") if isinstance(got, dict) else None
        if not isinstance(got, dict) or not isinstance(kind, str) or kind not in known:
            reader.refuse(f"{path}.kind", kind, ", ".join(sorted(known)))
            return None
        return reader.record(known[kind], {name: part for name, part in got.items() if name != "kind"}, path)

    return read


@dataclass(frozen=True)
class Spec:
    """What a job is told: everything, and nothing else."""

    pipeline: Name
    job: Name
    execution: Name
    mode: Literal["batch", "stream", "drain"]
    """`drain`: a stream that ends once all that its topics hold now is worked through."""
    kafka: KafkaConnection
    reads: Annotated[Mapping[str, object], _part("Input")]
    """By alias, each an `Input` of a module in `millrace.kinds`; see `input`."""
    writes: Annotated[Mapping[str, object], _part("Output")]
    """By alias, each an `Output` of a module in `millrace.kinds`; see `output`."""
    parameters: Mapping[str, str | int | float]
    """See `integer`, `decimal`, `text` and `instant`."""
    registry: Registry | None = None
    """Only where a schema is Avro."""
    checkpoint: Url | None = None
    """Only of a stream: the folder that remembers what was read."""
    rebuild: bool = False
    """Only of a stream: whether it begins anew, over what it has read and written before."""
    windows: Windows | None = None
    state_partitions: Annotated[int, at_least(1)] | None = None
    """Only of a stream that keeps state."""

    def input(self, alias: str, kind: type[T]) -> T:
        """What the job reads under an alias of its declaration; `kind` is such as `millrace.kinds.topic.Input`.

        Raises:
            JobError: NOT_DECLARED when it reads nothing of this kind under this alias.
        """
        return self._part("reads", self.reads, alias, kind)

    def output(self, alias: str, kind: type[T]) -> T:
        """What the job writes under an alias; otherwise like `input`."""
        return self._part("writes", self.writes, alias, kind)

    def integer(self, name: str) -> int:
        """The value of a whole-number parameter.

        Raises:
            JobError: NOT_DECLARED when the job has no such parameter; so do `decimal`, `text` and `instant`.
        """
        return self._parameter(name, int)

    def decimal(self, name: str) -> float:
        """The value of a parameter with digits behind the point."""
        return float(self._parameter(name, int, float))

    def text(self, name: str) -> str | None:
        """The value of a text parameter; None when it is not set."""
        return self._parameter(name, str) or None

    def instant(self, name: str) -> datetime | None:
        """The value of a parameter that is a point in time, with its zone; None when it is not set."""
        text = self.text(name)
        try:
            return None if text is None else datetime.fromisoformat(text)
        except ValueError:
            raise self._undeclared(
                f"has parameter {name} = {text!r}", "an instant such as 2026-01-31T13:00:00Z"
            ) from None

    def declared(self, value: T | None, name: str) -> T:
        """A part that not every job has, such as `spec.declared(spec.windows, "windows")`.

        Raises:
            JobError: NOT_DECLARED when this job does not have it.
        """
        if value is None:
            raise self._undeclared(f"has no {name}", f"{name} in its declaration")
        return value

    def _part(self, way: str, parts: Mapping[str, object], alias: str, kind: type[T]) -> T:
        found = parts.get(alias)
        if isinstance(found, kind):
            return found
        names = ", ".join(f"{name} ({_kind_of(type(part))})" for name, part in parts.items()) or "nothing"
        raise self._undeclared(f"{way} no {_kind_of(kind)} {alias!r}", names)

    def _parameter(self, name: str, *types: type[T]) -> T:
        value = self.parameters.get(name)
        if isinstance(value, types):
            return value
        names = ", ".join(f"{known} = {one!r}" for known, one in self.parameters.items()) or "none"
        raise self._undeclared(f"has no parameter {name!r} of type {types[-1].__name__}", names)

    def _undeclared(self, what: str, allowed: str) -> JobError:
        mend = f"Correct the job, or pipelines/{self.pipeline}/pipeline.ts."
        return JobError("NOT_DECLARED", f"Job {self.job} {what}. Declared: {allowed}. {mend}")


def read_spec(arguments: Sequence[str]) -> Spec:
    """Reads the arguments that a job is started with: `--spec` and a JSON text.

    Raises:
        JobError: BAD_SPEC with everything that is wrong: path, value got, values allowed.
    """
    match arguments:
        case ["--spec", text]:
            pass
        case _:
            message = f"The arguments are {' '.join(arguments)[:100] or 'none'}; allowed: --spec and a JSON document."
            raise JobError("BAD_SPEC", f"{message} `millrace run --dry-run` prints the one of each job.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise JobError("BAD_SPEC", f"The spec is not JSON: {error}. It begins with {text[:60]!r}.") from error
    reader = Reader()
    spec = reader.record(Spec, document, "")
    if spec is None:
        raise JobError("BAD_SPEC", f"The spec has another form than this job reads: {' '.join(reader.mistakes)}")
    return spec


def _kind_of(part: type) -> str:
    return part.__module__.rpartition(".")[2]
