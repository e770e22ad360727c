"""The sample data in the tree is what its script makes, and has the flaws that it is there to show."""

import csv
import subprocess
import sys
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).parents[1]


def sales() -> list[dict[str, str]]:
    with (FOLDER / "sales.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="|"))


def regions() -> dict[str, str]:
    with (FOLDER / "regions.csv").open(encoding="utf-8", newline="") as file:
        return {row["country"]: row["region"] for row in csv.DictReader(file, skipinitialspace=True)}


def test_making_it_again_changes_nothing(tmp_path: Path) -> None:
    subprocess.run([sys.executable, FOLDER / "make.py", tmp_path], check=True)
    for name in ("sales.csv", "regions.csv"):
        assert (tmp_path / name).read_bytes() == (FOLDER / name).read_bytes()


def test_its_size_and_variety() -> None:
    rows = sales()
    different = {name: len({row[name] for row in rows if row[name]}) for name in rows[0]}
    assert len(rows) == different["payment_id"] == 1800
    assert (different["country"], different["city"], different["district"]) == (104, 567, 361)
    assert {row["amount"] for row in rows} == {f"{euros}.99" for euros in range(3, 14)}
    assert all(1 <= int(row["customer_id"]) <= 599 for row in rows)
    assert [row["payment_id"] for row in rows] != sorted(row["payment_id"] for row in rows)
    assert (len(regions()), len(set(regions().values()))) == (246, 7)


def test_its_flaws() -> None:
    rows, known = sales(), regions()
    without_region = Counter(row["country"] for row in rows if row["country"] not in known)
    assert (sum(without_region.values()), set(without_region)) == (
        45,
        {"Runion", "Swaziland", "Untied Kingdom", "Yugoslavia"},
    )
    assert sum(not row["district"] for row in rows) == 10
    assert {row["payment_date"][26:] for row in rows} == {"+00", " +00:00"}
    text = (FOLDER / "sales.csv").read_text("utf-8")
    assert '|"Virgin Islands, U.S."\n' in text
    assert "São " in text
    lines = (FOLDER / "regions.csv").read_text("utf-8").splitlines()
    assert [line for line in lines if ', "' in line and "Congo" not in line] == ['"Martinique", "Latin America"']
    assert "Réunion" in known
