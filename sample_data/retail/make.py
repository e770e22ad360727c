"""Makes `products.jsonl` beside this file (or in the folder given), the same bytes each time.

The shop and its smoothies are invented. Their propensities add up to 200, the largest number that the generator draws unless it is told otherwise.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

SEED = 20260613
PROPENSITIES = 200
SMALLEST = 3
SIZE = "24 oz."
START = range(20, 41)

PRICES = {"CS": "4.99", "SF": "5.99", "SC": "5.99", "IS": "5.49"}
"""By category: classics, superfoods, strong ones with caffeine, and indulgences."""

MENU = """
CS Strawberry Morning: fruit            CS Banana Harbour: fruit                CS Peach Promenade: fruit
CS Mango Tram: fruit                    CS Blueberry Hill: fruit                CS Pineapple Pier: fruit
CS Watermelon Noon: fruit               SF Kale Parade: fruit veggies           SF Spinach & Pear: fruit veggies
SF Beetroot Sunrise: fruit veggies      SF Açaí Garden: fruit                   SF Carrot Lantern: fruit veggies
SF Avocado Meadow: fruit veggies nuts   SF Goji Terrace: fruit nuts             SC Matcha Express: fruit caffeine
SC Guarana Gate: fruit caffeine         SC Cold Brew Banana: fruit caffeine     SC Maté Mile: fruit caffeine
SC Espresso Cherry: fruit caffeine      SC Cocoa Sprint: nuts caffeine          IS Peanut Ferry: nuts
IS Hazelnut Evening: nuts               IS Coconut Carousel: fruit nuts         IS Crème Caramel Cloud:
IS Raspberry Fudge: fruit               IS Pistachio Promise: nuts              IS Apple Crumble: fruit nuts
"""


def menu() -> list[tuple[str, str, set[str]]]:
    """Category and name of each smoothie, and what is in it."""
    entries = [entry.strip() for line in MENU.strip().splitlines() for entry in line.split("  ") if entry.strip()]
    parts = [entry.partition(":") for entry in entries]
    return [(name[:2], name[3:], set(inside.split())) for name, _, inside in parts]


def products_file() -> str:
    """The products, one JSON object a line, in the order of the menu."""
    numbers = random.Random(SEED)
    smoothies = menu()
    propensities = [SMALLEST] * len(smoothies)
    for favourite in numbers.choices(range(len(smoothies)), range(len(smoothies), 0, -1), k=PROPENSITIES):
        propensities[favourite] += sum(propensities) < PROPENSITIES
    lines = []
    for number, ((category, item, inside), propensity) in enumerate(zip(smoothies, propensities, strict=True), 1):
        price = PRICES[category]
        cents = int(price.replace(".", "")) * numbers.randint(28, 45) // 100
        fields = {
            "product_id": text(f"{category}{number:02d}"),
            "category": text(category),
            "item": text(item),
            "size": text(SIZE),
            "cogs": f"{cents // 100}.{cents % 100:02d}",
            "price": price,
            "inventory_level": str(numbers.choice(START)),
            **{f"contains_{what}": str(what in inside).lower() for what in ("fruit", "veggies", "nuts", "caffeine")},
            "propensity_to_buy": str(propensity),
        }
        lines.append("{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}")
    return "\n".join(lines) + "\n"


def text(value: str) -> str:
    """A text as JSON."""
    return json.dumps(value, ensure_ascii=False)


def main(folder: Path) -> None:
    """Writes the file into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "products.jsonl").write_text(products_file(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
