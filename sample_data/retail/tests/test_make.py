"""The sample data in the tree is what its script makes, and the shop that it is meant to be."""

import json
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1]


def products() -> list[dict[str, Any]]:
    text = (FOLDER / "products.jsonl").read_text("utf-8")
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]


def test_making_it_again_changes_nothing(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "make.py", tmp_path], check=True)
    assert (tmp_path / "products.jsonl").read_bytes() == (FOLDER / "products.jsonl").read_bytes()


def test_it_has_27_smoothies_in_four_categories_of_one_price_each() -> None:
    rows = products()
    assert len({row["product_id"] for row in rows}) == len({row["item"] for row in rows}) == len(rows) == 27
    assert {(row["category"], str(row["price"])) for row in rows} == {
        ("CS", "4.99"),
        ("SF", "5.99"),
        ("SC", "5.99"),
        ("IS", "5.49"),
    }
    assert all(0 < row["cogs"] < row["price"] for row in rows)
    assert set(Counter(row["category"] for row in rows).values()) <= {6, 7}


def test_its_propensities_reach_from_the_lowest_number_drawn_to_the_highest() -> None:
    propensities = [row["propensity_to_buy"] for row in products()]
    assert min(propensities) == 3
    assert sum(propensities) == 200
    assert len(set(propensities)) > 5
