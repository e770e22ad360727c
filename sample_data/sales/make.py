"""Makes `sales.csv` and `regions.csv` beside this file (or in the folder given), the same bytes each time.

The data is invented, with the flaws that real exports have: two ways to write a date, empty districts, names that lost their accents or are
out of date and so have no region, a country with a comma in its name, a stray blank before a quote.
"""

from __future__ import annotations

import io
import random
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

SEED = 20260521
SALES = 1_800
CITIES = 567
DISTRICTS = 361
SALES_WITHOUT_REGION = 45
SALES_WITHOUT_DISTRICT = 10
FIRST_PAYMENT = datetime(2026, 3, 1, tzinfo=UTC)
SPAN_SECONDS = 75 * 24 * 3600

REGIONS = {
    "Africa": """Algeria; Angola; Benin; Botswana; Burkina Faso; Burundi; Cabo Verde; Cameroon; Central African Republic; Chad; Comoros;
        Congo; Congo, Democratic Republic of the; Djibouti; Egypt; Equatorial Guinea; Eritrea; Eswatini; Ethiopia; Gabon; Gambia; Ghana; Guinea;
        Guinea-Bissau; Ivory Coast; Kenya; Lesotho; Liberia; Libya; Madagascar; Malawi; Mali; Mauritania; Mauritius; Mayotte; Morocco;
        Mozambique; Namibia; Niger; Nigeria; Réunion; Rwanda; Saint Helena; Sao Tome and Principe; Senegal; Seychelles; Sierra Leone;
        Somalia; South Africa; South Sudan; Sudan; Tanzania; Togo; Tunisia; Uganda; Western Sahara; Zambia; Zimbabwe""",
    "Asia": """Afghanistan; Armenia; Azerbaijan; Bangladesh; Bhutan; British Indian Ocean Territory; Brunei; Cambodia; China; Georgia; Hong Kong;
        India; Indonesia; Japan; Kazakhstan; Kyrgyzstan; Laos; Macao; Malaysia; Maldives; Mongolia; Myanmar; Nepal; North Korea; Pakistan;
        Philippines; Singapore; South Korea; Sri Lanka; Taiwan; Tajikistan; Thailand; Timor-Leste; Turkmenistan; Uzbekistan; Vietnam""",
    "Europe": """Aland Islands; Albania; Andorra; Austria; Belarus; Belgium; Bosnia and Herzegovina; Bulgaria; Croatia; Cyprus; Czechia;
        Denmark; Estonia; Faroe Islands; Finland; France; Germany; Gibraltar; Greece; Guernsey; Hungary; Iceland; Ireland; Isle of Man; Italy;
        Jersey; Kosovo; Latvia; Liechtenstein; Lithuania; Luxembourg; Malta; Moldova; Monaco; Montenegro; Netherlands; North Macedonia; Norway;
        Poland; Portugal; Romania; Russia; San Marino; Serbia; Slovakia; Slovenia; Spain; Svalbard; Sweden; Switzerland; Ukraine;
        United Kingdom; Vatican City""",
    "Latin America": """Anguilla; Antigua and Barbuda; Argentina; Aruba; Bahamas; Barbados; Belize; Bolivia; Bonaire; Brazil; British Virgin
        Islands; Cayman Islands; Chile; Colombia; Costa Rica; Cuba; Curacao; Dominica; Dominican Republic; Ecuador; El Salvador;
        Falkland Islands; French Guiana; Grenada; Guadeloupe; Guatemala; Guyana; Haiti; Honduras; Jamaica; Martinique; Mexico; Montserrat;
        Nicaragua; Panama; Paraguay; Peru; Puerto Rico; Saba; Saint Barthelemy; Saint Kitts and Nevis; Saint Lucia; Saint Martin;
        Saint Vincent and the Grenadines; Sint Eustatius; Sint Maarten; Suriname; Trinidad and Tobago; Turks and Caicos Islands; Uruguay;
        Venezuela; Virgin Islands, U.S.""",
    "Middle East": """Bahrain; Iran; Iraq; Israel; Jordan; Kuwait; Lebanon; Oman; Palestine; Qatar; Saudi Arabia; Syria; Turkey;
        United Arab Emirates; Yemen""",
    "North America": "Bermuda; Canada; Greenland; Saint Pierre and Miquelon; United States",
    "Oceania": """American Samoa; Australia; Christmas Island; Cocos Islands; Cook Islands; Fiji; French Polynesia; Guam; Kiribati;
        Marshall Islands; Micronesia; Nauru; New Caledonia; New Zealand; Niue; Norfolk Island; Northern Mariana Islands; Palau;
        Papua New Guinea; Pitcairn; Samoa; Solomon Islands; Tokelau; Tonga; Tuvalu; Vanuatu; Wallis and Futuna""",
}
"""Countries by region, separated by ';'. One name keeps its accent, the others are plain."""

BUYERS = """Algeria; Angola; Argentina; Armenia; Australia; Austria; Azerbaijan; Bahrain; Bangladesh; Belarus; Bolivia; Brazil; Brunei; Bulgaria;
    Cambodia; Cameroon; Canada; Chad; Chile; China; Colombia; Congo, Democratic Republic of the; Czechia; Dominican Republic; Ecuador; Egypt;
    Estonia; Ethiopia; Faroe Islands; Finland; France; French Guiana; French Polynesia; Gambia; Germany; Greece; Greenland; Hong Kong; Hungary;
    India; Indonesia; Iran; Iraq; Israel; Italy; Japan; Kazakhstan; Kenya; Kuwait; Latvia; Liechtenstein; Lithuania; Madagascar; Malawi;
    Malaysia; Mexico; Moldova; Morocco; Mozambique; Nauru; Nepal; Netherlands; New Zealand; Nigeria; Oman; Pakistan; Paraguay; Peru;
    Philippines; Poland; Puerto Rico; Romania; Russia; Saudi Arabia; Senegal; Slovakia; South Africa; South Korea; Spain; Sri Lanka; Sudan;
    Sweden; Switzerland; Taiwan; Tanzania; Thailand; Tonga; Tunisia; Turkey; Turkmenistan; Tuvalu; Ukraine; United Arab Emirates;
    United Kingdom; United States; Venezuela; Vietnam; Virgin Islands, U.S.; Yemen; Zambia"""
"""Countries that bought something and that the regions file knows: 100."""

WITHOUT_REGION = ["Runion", "Swaziland", "Untied Kingdom", "Yugoslavia"]
"""Names that the regions file does not know: lost its accent, was renamed, misspelt, is gone."""

FIRST_SYLLABLES = "Al Ba Cor Da El Fa Gra Ha Is Ju Ka Lo Mar Na Ol Pa Qui Ro Sa Ta Ul Va Wes Xa Yo Za".split()
MIDDLE_SYLLABLES = "ba ci du fe go hi ja ke li mo nu pe ra si to ve".split()
LAST_SYLLABLES = "burg dale ia lund mouth na nova o polis ra ria stad ton ville zu".split()


def names(text: str) -> list[str]:
    """The names in a text that separates them by ';', without the blanks of its layout."""
    return [" ".join(name.split()) for name in text.split(";")]


def invented_names(numbers: random.Random, count: int, suffix: str = "") -> list[str]:
    """So many different invented place names. Every 40th keeps an accent; every 40th but one has lost a letter with its accent."""
    found: dict[str, None] = {}
    while len(found) < count:
        place = numbers.choice(FIRST_SYLLABLES) + numbers.choice(MIDDLE_SYLLABLES) + numbers.choice(LAST_SYLLABLES)
        if len(found) % 40 == 20:
            place = f"São {place}"
        elif len(found) % 40 == 21:
            place = f"So {place}"
        found[place + suffix] = None
    return list(found)


def regions_file() -> str:
    """The regions: every field quoted, one line with a blank before a quote."""
    lines = ["country,region"]
    for country, region in sorted((country, region) for region, text in REGIONS.items() for country in names(text)):
        blank = " " if country == "Martinique" else ""
        lines.append(f'"{country}",{blank}"{region}"')
    return "\n".join(lines) + "\n"


def date_text(numbers: random.Random, moment: datetime) -> str:
    """A moment in one of the two forms that the exports use."""
    blank, offset = ("", "+00") if numbers.random() < 0.7 else (" ", "+00:00")
    return f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond:06d}{blank}{offset}"


def countries_of_sales(numbers: random.Random) -> list[str]:
    """One country a sale: each buyer at least once, a few buying much more than the rest, 45 sales without a region, shuffled."""
    buyers = names(BUYERS)
    weights = [1 + 60 // (1 + numbers.randrange(40)) for _ in buyers]
    known = buyers + numbers.choices(buyers, weights, k=SALES - SALES_WITHOUT_REGION - len(buyers))
    unknown = WITHOUT_REGION + numbers.choices(WITHOUT_REGION, k=SALES_WITHOUT_REGION - len(WITHOUT_REGION))
    countries = known + unknown
    numbers.shuffle(countries)
    return countries


def places_of_sales(numbers: random.Random, countries: list[str]) -> list[tuple[str, str]]:
    """A city and a district for each sale; a city stays in one country and one district, and every city and district occurs."""
    cities = invented_names(numbers, CITIES)
    districts = invented_names(numbers, DISTRICTS, " Province")
    district_of = dict(zip(cities, districts + numbers.choices(districts, k=CITIES - DISTRICTS), strict=True))
    left = list(cities)
    cities_of: dict[str, list[str]] = {country: [left.pop()] for country in dict.fromkeys(countries)}
    places = []
    for country in countries:
        own = cities_of[country]
        if left and numbers.random() < 0.5:
            own.append(left.pop())
            places.append((own[-1], district_of[own[-1]]))
        else:
            city = own.pop(0)
            own.append(city)
            places.append((city, district_of[city]))
    return places


def sales_file() -> str:
    """The sales: separated by '|', quoted only where a field holds a comma or a quote."""
    numbers = random.Random(SEED)
    countries = countries_of_sales(numbers)
    places = places_of_sales(numbers, countries)
    without_district = set(numbers.sample(range(SALES), SALES_WITHOUT_DISTRICT))
    payments = list(range(16_050, 16_050 + SALES))
    numbers.shuffle(payments)
    text = io.StringIO()
    text.write("payment_id|customer_id|amount|payment_date|city|district|country\n")
    for row, (payment, country, (city, district)) in enumerate(zip(payments, countries, places, strict=True)):
        moment = FIRST_PAYMENT + timedelta(seconds=numbers.randrange(SPAN_SECONDS), microseconds=996_577)
        fields = [
            str(payment),
            str(numbers.randint(1, 599)),
            f"{numbers.choices(range(3, 14), weights=range(11, 0, -1))[0]}.99",
            date_text(numbers, moment),
            city,
            "" if row in without_district else district,
            f'"{country}"' if "," in country else country,
        ]
        text.write("|".join(fields) + "\n")
    return text.getvalue()


def main(folder: Path) -> None:
    """Writes both files into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sales.csv").write_text(sales_file(), encoding="utf-8", newline="\n")
    (folder / "regions.csv").write_text(regions_file(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
