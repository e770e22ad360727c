"""The sample data in the tree is what its script makes, and has the variety that it is there to show."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1]


def orders() -> list[dict[str, Any]]:
    text = (FOLDER / "orders.jsonl").read_text("utf-8")
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]


def test_making_it_again_changes_nothing(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "make.py", tmp_path], check=True)
    assert (tmp_path / "orders.jsonl").read_bytes() == (FOLDER / "orders.jsonl").read_bytes()


def test_its_size_and_variety() -> None:
    rows = orders()
    different = {name: len({row[name] for row in rows if row[name] is not None}) for name in rows[0]}
    assert len(rows) == different["order_id"] == 2000
    assert (different["country"], different["city"]) == (81, 375)
    assert all(1 <= row["customer_id"] <= 750 for row in rows)
    assert [row["order_id"] for row in rows] != sorted(row["order_id"] for row in rows)
    assert sum(row["city"] is None for row in rows) == 40
    assert sum(row["district"] is None for row in rows) == 120
    assert {"Congo, Democratic Republic of the", "Côte d'Ivoire"} <= {row["country"] for row in rows}


def test_its_amounts_are_exact_and_a_sum_of_floats_would_not_be() -> None:
    amounts = [row["amount"] for row in orders()]
    assert {amount.as_tuple().exponent for amount in amounts} == {-2}
    assert sum(amount < 0 for amount in amounts) == 12
    assert repr(sum(float(amount) for amount in amounts)) != str(sum(amounts, Decimal(0)))
