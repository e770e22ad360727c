"""Large delimited files: typed rows, or the reason why a line is no row.

A line is a row: a quoted field cannot hold a line break, and a line that leaves a quote open is rejected. Lines end with LF or CRLF; a byte order
mark before the header is no part of it; lines of nothing but blanks are no data; blanks around a field are no part of it.
"""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.errors import JobError
from millrace.formats.avro_schema import Field
from millrace.formats.checks import Check, computed_once, first_reason, reason_code
from millrace.formats.lines import BYTE_ORDER_MARK
from millrace.formats.moments import moment

CORRUPT = "_corrupt"
END = "_end"
MARK = "\ue000"
"""A field behind the last one, of a character that no text means anything by: a quote that nothing closes takes it, too."""
BOOLEAN = r"^(?i:true|false)\z"

FIRST_DATA_LINE = 2
"""The first line is the header."""


def check_header(
    lines: DataFrame, fields: Sequence[Field], separator: str, name: str, other: str | None = None
) -> None:
    """Refuses a file whose first line is neither the names of these fields, in this order, nor the other one that its schema names.

    Raises:
        JobError: WRONG_COLUMNS.
    """
    first = lines.head()
    header = first["text"].lstrip(BYTE_ORDER_MARK) if first else ""
    if header == other:
        return
    found = [column.strip().strip('"') for column in header.split(separator)] if first else []
    needed = [field.name for field in fields]
    if found != needed:
        missing = [column for column in needed if column not in found]
        told = f" Missing: {', '.join(missing)}." if missing else ""
        alike = f", or the line {other}" if other else ""
        message = f"{name} has the columns {', '.join(found) or '(none)'}; needed are, in this order, {', '.join(needed)}{alike}.{told}"
        raise JobError("WRONG_COLUMNS", message)


def parsed(lines: DataFrame, fields: Sequence[Field], separator: str) -> DataFrame:
    """Parses lines (`line` and `text`) without the header.

    Returns:
        `line`, `text`, the fields in their types, and `reason` (string): null, or why the line is no row (`unclosed-quote`,
        `wrong-number-of-fields`, `missing-FIELD`, `bad-FIELD`).
    """
    schema = ", ".join(f"`{name}` STRING" for name in [*(field.name for field in fields), END, CORRUPT])
    options = {"sep": separator, "escape": '"', "ignoreLeadingWhiteSpace": "true", "columnNameOfCorruptRecord": CORRUPT}
    ending = separator + MARK
    fields_of_line = F.from_csv(F.concat("text", F.lit(ending)), schema, options)
    columns = computed_once(lines, ["line", "text"], "fields", fields_of_line).select("line", "text", "fields.*")
    is_whole = F.col(CORRUPT).isNull() & F.col(END).eqNullSafe(MARK)
    took_mark = F.lit(False)
    for field in fields:
        took_mark |= F.coalesce(F.col(field.name).endswith(ending), F.lit(False))
    trimmed = columns.select(
        *("line", "text", is_whole.alias(END), took_mark.alias(CORRUPT)),
        *[F.nullif(F.trim(F.col(field.name)), F.lit("")).alias(field.name) for field in fields],
    )
    checks = [("unclosed-quote", ~F.col(END) & F.col(CORRUPT)), ("wrong-number-of-fields", ~F.col(END))]
    for field in fields:
        checks += _checks(field)
    return trimmed.select(
        "line", "text", *[_typed(field).alias(field.name) for field in fields], first_reason(checks).alias("reason")
    )


def _checks(field: Field) -> list[Check]:
    value = F.col(field.name)
    checks = [(reason_code("missing", field.name), value.isNull())] if field.required else []
    if field.kind != "string":
        checks.append((reason_code("bad", field.name), value.isNotNull() & _typed(field).isNull()))
    return checks


def _typed(field: Field) -> Column:
    """The text as a value of the field's type; null where it is none, also where it would have to be rounded or cut."""
    value = F.col(field.name)
    if field.kind == "string":
        return value
    if field.kind == "boolean":
        return F.when(value.rlike(BOOLEAN), F.lower(value) == "true")
    if field.kind == "timestamp":
        return moment(value)
    if field.kind != "decimal":
        return F.when(value.rlike(r"^[+-]?\d+\z"), value.try_cast("int" if field.kind == "int" else "bigint"))
    wide = F.when(value.rlike(r"^[+-]?\d+(\.\d{1,18})?\z"), value.try_cast("decimal(38,18)"))
    narrow = wide.try_cast(f"decimal({field.precision},{field.scale})")
    return F.when(narrow == wide, narrow)
