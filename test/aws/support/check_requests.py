"""Checks parameters of AWS requests against botocore's models of the services.

A list of requests is on standard input, each `{"place", "service", "operation", "parameters"}`; one list of findings for each on
standard output. Names may be in PascalCase, as Step Functions wants them; a name that ends in `.$` stands for a value that is known at run time.
"""

import json
import re
import sys
from collections.abc import Iterator

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.validate import ParamValidator

# Names of Step Functions and of the JavaScript SDK that differ from botocore's.
SERVICES = {"emrserverless": "emr-serverless", "sfn": "stepfunctions"}
# What an intrinsic function of Step Functions gives.
INTRINSICS = {
    "States.Array": "list",
    "States.Format": "string",
    "States.JsonToString": "string",
    "States.UUID": "string",
}
SCALARS: dict[str, object] = {
    "blob": b"x",
    "boolean": True,
    "double": 1.0,
    "float": 1.0,
    "integer": 1,
    "long": 1,
    "string": "x",
    "timestamp": 0,
}

_models: dict[str, ServiceModel] = {}


class Runtime:
    """A value that is known at run time only."""


def operation_of(service: str, operation: str) -> OperationModel | str:
    """The model of an operation, or what is wrong with its name."""
    name = SERVICES.get(service, service)
    if name not in Loader().list_available_services("service-2"):
        return f"there is no service {service}"
    if name not in _models:
        _models[name] = ServiceModel(Loader().load_service_model(name, "service-2"), name)
    wanted = operation[:1].upper() + operation[1:]
    if wanted not in _models[name].operation_names:
        return f"{service} has no operation {operation}"
    return _models[name].operation_model(wanted)


def convert(value: object, shape: Shape, path: str, findings: list[str]) -> object:
    """The value with the names that the service's model uses, and samples in place of what is known at run time."""
    if isinstance(value, Runtime):
        return sample(shape)
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return convert_structure(value, shape, path, findings)
    if isinstance(shape, MapShape) and isinstance(value, dict):
        return {
            key: convert(item, shape.value, f"{path}.{key}", findings)
            for key, item in entries(value, shape.value, path, findings)
        }
    if isinstance(shape, ListShape) and isinstance(value, list):
        return [convert(item, shape.member, f"{path}[{index}]", findings) for index, item in enumerate(value)]
    if shape.type_name == "blob" and isinstance(value, dict | list):
        return b"{}"  # the optimized integration of Lambda turns an object into the payload
    findings.extend(bounds(value, shape, path))
    return value


def convert_structure(
    value: dict[str, object], shape: StructureShape, path: str, findings: list[str]
) -> dict[str, object]:
    """The same for a structure, whose unknown names are findings."""
    converted = {}
    by_name = {name[:1].lower() + name[1:]: name for name in shape.members}
    for key, item in value.items():
        name = key.removesuffix(".$")
        member = by_name.get(name[:1].lower() + name[1:])
        if member is None:
            findings.append(f"{path}.{name} is not a field of {shape.name}; it has {', '.join(sorted(shape.members))}")
            continue
        if key != name:
            findings.extend(intrinsic(str(item), shape.members[member], f"{path}.{name}"))
            item = literals(str(item))  # noqa: PLW2901
        converted[member] = convert(item, shape.members[member], f"{path}.{name}", findings)
    for member in shape.required_members:
        if shape.members[member].metadata.get("idempotencyToken"):
            converted.setdefault(member, "x")
    return converted


def entries(value: dict[str, object], shape: Shape, path: str, findings: list[str]) -> Iterator[tuple[str, object]]:
    """Entries of a map; those that end in `.$` are known at run time."""
    for key, item in value.items():
        if key.endswith(".$"):
            findings.extend(intrinsic(str(item), shape, f"{path}.{key}"))
            yield key.removesuffix(".$"), Runtime()
        else:
            yield key, item


def intrinsic(text: str, shape: Shape, path: str) -> list[str]:
    """Whether what an intrinsic function gives is what the field takes."""
    function = text.split("(", maxsplit=1)[0]
    gives = INTRINSICS.get(function)
    if gives and shape.type_name != gives:
        return [f"{path} takes a {shape.type_name}, and {function} gives a {gives}"]
    return []


def literals(text: str) -> object:
    """The texts of `States.Array('a', 'b')`; any other expression is known at run time only."""
    array = re.fullmatch(r"States\.Array\(((?:'[^'\\]*'(?:, ?)?)*)\)", text)
    return re.findall(r"'([^']*)'", array[1]) if array else Runtime()


def sample(shape: Shape) -> object:
    """A value of the shape."""
    if isinstance(shape, StructureShape):
        return {member: sample(shape.members[member]) for member in shape.required_members}
    if isinstance(shape, ListShape):
        return [sample(shape.member)]
    if isinstance(shape, MapShape):
        return {}
    # Long enough for every least length that a field of these services has.
    return "x" * int(shape.metadata.get("min", 1)) if shape.type_name == "string" else SCALARS[shape.type_name]


def bounds(value: object, shape: Shape, path: str) -> Iterator[str]:
    """What botocore does not check: enumerations, patterns and upper bounds."""
    allowed = shape.metadata.get("enum")
    if allowed and value not in allowed:
        yield f"{path} is {value!r}; allowed: {', '.join(allowed)}"
    pattern = shape.metadata.get("pattern")
    if pattern and isinstance(value, str):
        try:
            fits = re.fullmatch(pattern.replace(r"\p{L}\p{Z}\p{N}", r"\w\s"), value)
        except re.error:
            fits = re.match("", "")  # a pattern of Java's that Python does not know
        if not fits:
            yield f"{path} is {value!r}, which does not fit the pattern {pattern}"
    size = len(value) if isinstance(value, str | list) else value
    most = shape.metadata.get("max")
    if most is not None and isinstance(size, int) and size > most:
        yield f"{path} is {size}{' characters' if isinstance(value, str) else ''}; at most {most}"


def check(request: dict[str, object]) -> list[str]:
    """The findings of one request."""
    where = f"{request['place']}: {request['service']}:{request['operation']}"
    operation = operation_of(str(request["service"]), str(request["operation"]))
    if isinstance(operation, str):
        return [f"{where}: {operation}"]
    findings: list[str] = []
    shape = operation.input_shape
    if shape is None:
        return [f"{where} takes no parameters"] if request["parameters"] else []
    converted = convert(request["parameters"], shape, "Parameters", findings)
    report = ParamValidator().validate(converted, shape).generate_report()
    return [f"{where}: {line}" for line in [*findings, *report.splitlines()] if line]


def main() -> None:
    """Checks every request on standard input."""
    json.dump([check(request) for request in json.load(sys.stdin)], sys.stdout)


if __name__ == "__main__":
    main()
