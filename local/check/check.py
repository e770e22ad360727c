"""Says of files which of their lines jobs would reject: reads one JSON object from standard input, writes JSON lines.

`millrace check` and `millrace run` start it as a module with `jobs/pyspark` on the path: schemas and small tables are read by the code of the jobs.
"""

from __future__ import annotations

import ast
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any, cast

from local.check import rows
from pyspark.sql import DataFrame

from millrace.errors import JobError
from millrace.formats import avro_schema, delimited, json_schema, small_table


def main() -> None:
    """Checks each file that is asked about, and ends each with one object that sums it up."""
    for file in json.load(sys.stdin)["files"]:
        told: dict[str, Any] = {"file": file["alias"]}
        try:
            told |= _checked(file)
        except JobError as error:
            told |= {"refused": {"code": error.code, "message": str(error)}}
        except OSError as error:
            told |= {"refused": {"code": "FILE_UNREADABLE", "message": f"{file['path']} cannot be read: {error}."}}
        _tell(told | {"ended": True})


def _checked(file: dict[str, Any]) -> dict[str, Any]:
    path, separator, schema = Path(file["path"]), file["separator"], Path(file["schema"]).read_text("utf-8")
    if separator is None:
        fields = json_schema.schema_of(schema, file["schema"])
        patterns = [field for field in fields.fields if field.pattern is not None]
        unchecked = [field.name for field in patterns if rows.python_pattern(field.pattern or "") is None]
        return _judged(file, path, rows.json_lines(fields), 1) | {"unchecked": unchecked}
    columns = avro_schema.fields_of(schema, file["schema"])
    for entry_point in file["entryPoints"]:
        key = table_key(Path(entry_point).read_text("utf-8"), file["alias"])
        if key is not None:
            names = [column.name for column in columns]
            table = small_table.parse_table(path.read_bytes(), names, str(path), separator)
            small_table.keyed_by(table, key, str(path))
            told = {"table": True, "read": len(table.rows)}
            if file["column"] is None:
                return told
            place = names.index(file["column"])
            return told | {"values": sorted({row[place] for row in table.rows})}
    if file["tablesOnly"]:
        return {}
    header = avro_schema.header_of(schema)
    delimited.check_header(cast("DataFrame", _Header(path)), columns, separator, str(path), header)
    return _judged(file, path, rows.delimited(columns, separator), delimited.FIRST_DATA_LINE)


class _Header:
    """The first line of a file, as a frame has it."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._line = next(rows.numbered_lines(file), None)

    def head(self) -> dict[str, str] | None:
        """The line, if there is one."""
        return None if self._line is None else {"text": self._line[1].decode("utf-8", "replace")}


def _judged(asked: dict[str, Any], path: Path, judge: rows.Judge, first: int) -> dict[str, Any]:
    if asked["tablesOnly"]:
        return {}
    read, rejected = 0, Counter[str]()
    with path.open("rb") as file:
        for number, line in rows.numbered_lines(file):
            if number < first or not rows.is_data(line):
                continue
            read += 1
            reason = judge(number, line)
            if reason is not None:
                rejected[reason] += 1
                text = line.decode("utf-8", "replace")
                _tell({"file": asked["alias"], "line": number, "reason": reason, "text": text})
    return {"read": read, "rejected": rejected}


def table_key(entry_point: str, alias: str) -> str | None:
    """The column by which a job reads a file as a table, from the text of its entry point; None where it does not say so there."""
    for node in ast.walk(ast.parse(entry_point)):
        if not isinstance(node, ast.Call) or not ast.unparse(node.func).endswith("read_table"):
            continue
        texts = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
        if len(texts) == 2 and texts[0] == alias:
            return str(texts[1])
    return None


def _tell(told: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
