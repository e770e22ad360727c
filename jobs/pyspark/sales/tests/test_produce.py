"""The producer's own decisions: its arguments."""

import pytest

from millrace.errors import JobError
from sales import produce


@pytest.mark.parametrize(("rate", "rows"), [("0", None), ("20000", "1000000"), ("1", "0")])
def test_rates_and_rows_that_are_allowed(rate: str, rows: str | None) -> None:
    values = produce.arguments().read([*ARGUMENTS, "--rate", rate, *(["--rows", rows] if rows else [])])
    assert (values.rate, values.rows) == (int(rate), int(rows or 0))


@pytest.mark.parametrize("given", [["--rate", "20001"], ["--rate", "1", "--rows", "-1"], []])
def test_rates_and_rows_that_are_not(given: list[str]) -> None:
    with pytest.raises(JobError):
        produce.arguments().read([*ARGUMENTS, *given])


ARGUMENTS = """--kafka-bootstrap-servers localhost:9092 --kafka-security none --registry-url http://localhost:8080 --sales-file file:///sales.csv
    --sales-file-schema-id 1 --sales-file-separator | --sales-topic sales --sales-key-schema-id 3 --sales-value-schema-id 4 --rejects-path file:///rejects""".split()
