"""Reads a JSON document into frozen dataclasses whose type hints say what is allowed, and notes everything that is not."""

from __future__ import annotations

import json
import re
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from typing import Annotated, Any, Literal, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

LONGEST_SHOWN = 100
"""Characters of a wrong value that a problem repeats."""

WORDS = {str: "a text", int: "a whole number", float: "a number", bool: "true or false", types.NoneType: "null"}


class Rule(NamedTuple):
    """What a value must be besides being of its type; stands in `Annotated`."""

    allowed: str
    fits: Callable[[Any], bool]


def at_least(lowest: int) -> Rule:
    """The rule of a whole number that is not below `lowest`."""
    return Rule(f"a whole number from {lowest}", lambda number: bool(number >= lowest))


Name = Annotated[str, Rule("a text that is not empty", bool)]
URL = re.compile(r"(s3|s3a|file|https?)://")
Url = Annotated[
    str,
    Rule("an address that begins with s3://, s3a://, file://, http:// or https://", lambda text: bool(URL.match(text))),
]


class Reader:
    """Reads the parts of one document and collects its mistakes: path, value got, values allowed."""

    def __init__(self) -> None:
        self.mistakes: list[str] = []

    def refuse(self, path: str, got: object, allowed: str) -> None:
        """Notes that a part is not what is allowed there."""
        text = json.dumps(got, ensure_ascii=False)
        shown = text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."
        self.mistakes.append(f"{path or 'the document'} is {shown}; allowed: {allowed}.")

    def record(self, kind: type[T], got: object, path: str) -> T | None:
        """Reads an object as a dataclass; its names are camelCase, a field with a default may be left out.

        The path says where it stands, such as `reads.readings`. None when something is wrong.
        """
        known = {camel(field.name): field for field in fields(kind) if field.init}  # type: ignore[arg-type]
        if not isinstance(got, dict):
            self.refuse(path, got, _allowed([kind]))
            return None
        hints, values, before = get_type_hints(kind, include_extras=True), {}, len(self.mistakes)
        for name in sorted(got.keys() - known.keys()):
            self.mistakes.append(f"{_at(path, name)} is unknown; allowed: {', '.join(known)}.")
        for name, field in known.items():
            # What may be left out is left out, never null.
            options = [
                one for one in _options(hints[field.name]) if field.default is MISSING or one is not types.NoneType
            ]
            if name in got:
                values[field.name] = self.value(options, got[name], _at(path, name))
            elif field.default is MISSING:
                self.mistakes.append(f"{_at(path, name)} is missing; allowed: {_allowed(options)}.")
        return kind(**values) if len(self.mistakes) == before else None

    def value(self, options: Sequence[Any], got: object, path: str) -> Any:  # noqa: ANN401  (what hints stand for is known to their owner)
        """Reads a part of the document as one of several type hints; None when something is wrong."""
        origin, inner = get_origin(options[0]), get_args(options[0])
        if origin is Mapping:
            return self._mapping(got, path, lambda part, at: self.value(_options(inner[1]), part, at))
        if origin is Annotated and not isinstance(inner[1], Rule):
            return self._mapping(got, path, lambda part, at: inner[1](self, part, at))
        if origin is Sequence:
            return self._list(inner[0], got, path)
        for hint in options:
            if is_dataclass(hint) and (len(options) == 1 or _has_words_of(hint, got)):
                return self.record(hint, got, path)  # type: ignore[arg-type]
        if not any(_fits(hint, got) for hint in options):
            self.refuse(path, got, _allowed(options))
        return got

    def _list(self, hint: Any, got: object, path: str) -> Sequence[object]:  # noqa: ANN401
        """Reads a list of at least one part, each of the same hint."""
        if not isinstance(got, list) or not got:
            self.refuse(path, got, "a list that is not empty")
            return ()
        return tuple(self.value(_options(hint), part, f"{path}.{index}") for index, part in enumerate(got))

    def _mapping(self, got: object, path: str, read: Callable[[object, str], object]) -> Mapping[str, object]:
        """Reads an object whose names are free, such as aliases."""
        if not isinstance(got, dict):
            self.refuse(path, got, "an object")
            return {}
        return types.MappingProxyType({name: read(part, _at(path, name)) for name, part in got.items()})


def camel(name: str) -> str:
    """`group_id_prefix` -> `groupIdPrefix`."""
    return re.sub(r"_([a-z])", lambda found: found[1].upper(), name)


def _at(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _options(hint: Any) -> Sequence[Any]:  # noqa: ANN401
    """The types that a hint allows."""
    return get_args(hint) if get_origin(hint) in (Union, types.UnionType) else [hint]


def _fits(hint: Any, got: object) -> bool:  # noqa: ANN401
    if get_origin(hint) is Literal:
        return got in get_args(hint)
    if get_origin(hint) is Annotated:
        kind, rule = get_args(hint)
        return _fits(kind, got) and rule.fits(got)
    # To Python a truth value is a number, to JSON it is none.
    return isinstance(got, hint) and isinstance(got, bool) == (hint is bool)


def _allowed(options: Sequence[Any]) -> str:
    return " or ".join(_allowed_by(hint) for hint in options)


def _allowed_by(hint: Any) -> str:  # noqa: ANN401
    if get_origin(hint) is Literal:
        return ", ".join(json.dumps(word) for word in get_args(hint))
    if get_origin(hint) is Annotated and isinstance(get_args(hint)[1], Rule):
        return str(get_args(hint)[1].allowed)
    return f"an object with {', '.join(_names(hint))}" if is_dataclass(hint) else WORDS.get(hint, "an object")


def _names(kind: Any) -> list[str]:  # noqa: ANN401
    return [camel(field.name) for field in fields(kind) if field.init]


def _has_words_of(kind: Any, got: object) -> bool:  # noqa: ANN401
    """Whether the words of this object are those that tell this form from others."""
    words = {camel(name): get_args(hint) for name, hint in get_type_hints(kind).items() if get_origin(hint) is Literal}
    return isinstance(got, dict) and all(got.get(name) in allowed for name, allowed in words.items())
