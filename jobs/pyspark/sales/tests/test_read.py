"""What a person sees of the summaries."""

from decimal import Decimal

from pyspark.sql import Row

from millrace.job.text_table import table
from sales import read


def test_a_person_sees_thousands_and_cents() -> None:
    row = Row(
        region="Asia",
        sales=Decimal("1234567.80"),
        orders=1800,
        window_start="2026-05-21T10:00:00Z",
        window_end="2026-05-21T10:10:00Z",
    )
    assert table(read.TABLE, [row], 2).splitlines() == [
        "region                         sales    orders  window start          window end",
        "Asia                    1,234,567.80     1,800  2026-05-21T10:00:00Z  2026-05-21T10:10:00Z",
        "... and 1 more",
    ]
