"""Makes `orders.jsonl` beside this file (or in the folder given), the same bytes each time.

The data is invented. Its amounts are exact and awkward for binary fractions; some cities and districts are unknown, names have accents and other
scripts, and a few orders are refunds.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20260612
ORDERS = 2_000
CUSTOMERS = 750
FIRST_ID = 500_001
WITHOUT_CITY = 40
WITHOUT_DISTRICT = 120
REFUNDS = 12
FIRST_ORDER = datetime(2026, 4, 1, tzinfo=UTC)
SPAN_SECONDS = 60 * 24 * 3600

COUNTRIES = """Argentina; Australia; Austria; Bangladesh; Belgium; Bolivia; Brazil; Bulgaria; Cameroon; Canada; Chile; China; Colombia;
    Congo, Democratic Republic of the; Côte d'Ivoire; Croatia; Czechia; Denmark; Ecuador; Egypt; Estonia; Ethiopia; Finland; France; Georgia;
    Germany; Ghana; Greece; Hungary; Iceland; India; Indonesia; Ireland; Italy; Jamaica; Japan; Jordan; Kazakhstan; Kenya; Latvia; Lebanon;
    Lithuania; Malaysia; Mexico; Morocco; Mozambique; Nepal; Netherlands; New Zealand; Nigeria; Norway; Oman; Pakistan; Peru; Philippines;
    Poland; Portugal; Qatar; Réunion; Romania; Rwanda; Senegal; Singapore; Slovakia; South Africa; South Korea; Spain; Sri Lanka; Sweden;
    Switzerland; Tanzania; Thailand; Tunisia; Türkiye; Uganda; Ukraine; United Kingdom; United States; Uruguay; Vietnam; Zambia"""

BEGINNINGS = (
    "Ar Bel Cas Dor Esk Fel Gol Hul Ivo Jas Kel Lun Mir Nor Ost Pel Qua Ros Sil Tor Ulm Ves Wal Yar Zel".split()
)
ENDINGS = "bridge by den field ford gate haven mar minster mo ridge stead vik wick é ö".split()
OTHER_SCRIPTS = ["Αργυρά", "Златово", "みなみ町", "北湾", "नीलगाँव"]


def names(text: str) -> list[str]:
    """The names in a text that separates them by ';', without the blanks of its layout."""
    return [" ".join(name.split()) for name in text.split(";")]


def places() -> dict[str, list[tuple[str, str]]]:
    """Cities of each country, each with its district; no city stands in two countries."""
    cities = [beginning + ending for beginning in BEGINNINGS for ending in ENDINGS] + OTHER_SCRIPTS
    numbers = random.Random(SEED + 1)
    numbers.shuffle(cities)
    countries = names(COUNTRIES)
    found: dict[str, list[tuple[str, str]]] = {country: [] for country in countries}
    for number, city in enumerate(cities):
        country = countries[number % len(countries)]
        found[country].append((city, f"{country[:3].upper()}-{numbers.randint(1, 9)}"))
    return found


def amount_text(numbers: random.Random) -> str:
    """An amount between 0.10 and about 2,000 with two decimals, small ones more often; never made from a float."""
    cents = numbers.choice((numbers.randint(10, 999), numbers.randint(1_000, 19_999), numbers.randint(20_000, 199_999)))
    return f"{cents // 100}.{cents % 100:02d}"


def orders_file() -> str:
    """The orders, one JSON object a line, in no order."""
    numbers = random.Random(SEED)
    cities_of = places()
    countries = list(cities_of)
    weights = [1 + 80 // (1 + numbers.randrange(60)) for _ in countries]
    chosen = countries + numbers.choices(countries, weights, k=ORDERS - len(countries))
    numbers.shuffle(chosen)
    ids = list(range(FIRST_ID, FIRST_ID + ORDERS))
    numbers.shuffle(ids)
    without_city = set(numbers.sample(range(ORDERS), WITHOUT_CITY))
    without_district = set(numbers.sample(range(ORDERS), WITHOUT_DISTRICT))
    refunds = set(numbers.sample(range(ORDERS), REFUNDS))
    lines = []
    for row, (order_id, country) in enumerate(zip(ids, chosen, strict=True)):
        city, district = numbers.choice(cities_of[country])
        moment = FIRST_ORDER + timedelta(seconds=numbers.randrange(SPAN_SECONDS))
        fields = {
            "order_id": str(order_id),
            "customer_id": str(numbers.randint(1, CUSTOMERS)),
            "amount": ("-" if row in refunds else "") + amount_text(numbers),
            "order_date": text(f"{moment:%Y-%m-%dT%H:%M:%SZ}"),
            "city": text(None if row in without_city else city),
            "district": text(None if row in without_district else district),
            "country": text(country),
        }
        lines.append("{" + ", ".join(f'"{name}": {value}' for name, value in fields.items()) + "}")
    return "\n".join(lines) + "\n"


def text(value: str | None) -> str:
    """A text, or nothing, as JSON."""
    return json.dumps(value, ensure_ascii=False)


def main(folder: Path) -> None:
    """Writes the file into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orders.jsonl").write_text(orders_file(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
