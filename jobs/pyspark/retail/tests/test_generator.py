"""What the generated shop must be, whatever its settings."""

from collections import Counter, defaultdict
from dataclasses import replace
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from pyspark.sql import DataFrame, Row, SparkSession
from pyspark.sql import functions as F

from millrace.formats.json_lines import parsed
from millrace.formats.json_schema import schema_of
from millrace.formats.lines import data_lines, good_rows, numbered_lines
from millrace.tests.frames import frame_of
from retail import generator
from retail.generator import Shop

ROOT = Path(__file__).parents[4]
LINE = schema_of((ROOT / "pipelines/retail/schemas/product-line.schema.json").read_text("utf-8"), "line")

DEMO = Shop(
    seed=1,
    two_lines=25,
    three_lines=10,
    two_drinks=17,
    three_drinks=3,
    members=30,
    member_discount=10,
    supplements=20,
    strong_supplements=50,
    supplement_price=199,
    lowest_draw=3,
    highest_draw=200,
    restock_at=10,
    restock_by=15,
)


@pytest.fixture(scope="module")
def sample(spark: SparkSession) -> DataFrame:
    """The products of the demo, read once."""
    lines = numbered_lines(spark, (ROOT / "sample_data/retail/products.jsonl").as_uri())
    checked = generator.checked_products(parsed(data_lines(lines, 0), LINE))
    return good_rows(checked, *generator.PRODUCT_COLUMNS).localCheckpoint()


def products(spark: SparkSession, *propensities: int) -> DataFrame:
    rows = [(number, f"P{number}", propensity) for number, propensity in enumerate(propensities)]
    few = frame_of(spark, rows, "position bigint, product_id string, propensity_to_buy bigint")
    others = {name: F.lit(name) for name in ("category", "item", "size")}
    others |= {f"contains_{name}": F.lit(False) for name in ("fruit", "veggies", "nuts", "caffeine")}
    others |= {name: F.lit(Decimal("1.00")) for name in ("cogs", "price")} | {"inventory_level": F.lit(20)}
    return few.withColumns(others)


def generated(sample: DataFrame, shop: Shop = DEMO, transactions: int = 300) -> list[Row]:
    return generator.purchases(sample, transactions, shop).collect()


@pytest.fixture(scope="module")
def shop(sample: DataFrame) -> list[Row]:
    """Purchases in the demo's shop."""
    return generated(sample)


def test_the_inventory_is_always_what_there_was_and_what_came_less_what_was_sold(
    sample: DataFrame, shop: list[Row]
) -> None:
    start = {row.product_id: row.inventory_level for row in sample.collect()}
    sold: defaultdict[str, int] = defaultdict(int)
    came: defaultdict[str, int] = defaultdict(int)
    restocks = 0
    for row in shop:
        level = start[row.product_id] + came[row.product_id] - sold[row.product_id] - row.quantity
        assert row.existing_level == level
        assert row.stock_quantity == (15 if level <= 10 else 0)
        assert row.inventory_level == row.new_level == level + row.stock_quantity > 10
        sold[row.product_id] += row.quantity
        came[row.product_id] += row.stock_quantity
        restocks += row.stock_quantity > 0
    assert restocks > 10


def test_restocks_smaller_than_a_purchase_come_as_often_as_it_takes(sample: DataFrame) -> None:
    for row in generated(sample, replace(DEMO, restock_at=2, restock_by=1, three_drinks=100)):
        assert row.existing_level >= 0
        assert row.new_level == max(row.existing_level, 3)


def test_the_same_seed_makes_the_same_shop_and_another_another(
    spark: SparkSession, sample: DataFrame, shop: list[Row]
) -> None:
    spark.conf.set("spark.sql.shuffle.partitions", "5")
    try:
        again = generated(sample)
    finally:
        spark.conf.set("spark.sql.shuffle.partitions", "2")
    assert shop == again != generated(sample, replace(DEMO, seed=2))
    assert [row.position for row in shop] == list(range(len(shop)))


def test_more_transactions_begin_as_fewer_do(sample: DataFrame) -> None:
    few = generated(sample, transactions=20)
    assert generated(sample, transactions=40)[: len(few)] == few


def test_money_is_exact_and_rounded_half_up(sample: DataFrame) -> None:
    rounded = set()
    for row in generated(sample, replace(DEMO, member_discount=15)):
        exact = row.quantity * (row.price + row.supplement_price) * (1 - row.member_discount)
        assert row.total_purchase == exact.quantize(Decimal("0.01"), ROUND_HALF_UP)
        rounded.add((row.total_purchase - exact).compare(Decimal(0)))
    # Down, up, and not at all.
    assert len(rounded) == 3


def test_transactions_have_lines_from_one_to_three_of_one_customer(shop: list[Row]) -> None:
    members: dict[int, bool] = {}
    lines: defaultdict[int, list[int]] = defaultdict(list)
    for row in shop:
        assert members.setdefault(row.transaction, row.is_member) == row.is_member
        lines[row.transaction].append(row.line)
    assert len(lines) == 300
    counted = Counter(len(each) for each in lines.values())
    assert all(each == list(range(1, len(each) + 1)) for each in lines.values())
    # 65, 25 and 10 percent of 300, give or take four standard deviations.
    assert 162 <= counted[1] <= 228
    assert 45 <= counted[2] <= 105
    assert 10 <= counted[3] <= 50


def test_a_share_of_none_is_none(sample: DataFrame) -> None:
    none = dict.fromkeys(
        ("two_lines", "three_lines", "two_drinks", "three_drinks", "members", "supplements", "strong_supplements"), 0
    )
    for row in generated(sample, replace(DEMO, **none), transactions=60):
        assert (row.line, row.quantity) == (1, 1)
        assert not row.is_member
        assert row.member_discount == 0
        assert row.supplement_price == 0


def test_a_share_of_all_is_all(sample: DataFrame) -> None:
    every = {"two_drinks": 100, "three_drinks": 0, "members": 100, "member_discount": 100}
    for row in generated(sample, replace(DEMO, **every, supplements=100, strong_supplements=100), transactions=60):
        assert row.quantity == 2
        assert row.is_member
        assert row.total_purchase == 0
        assert row.add_supplements
        assert row.supplement_price == Decimal("1.99")


def test_three_count_before_two_and_supplements_go_by_category(sample: DataFrame) -> None:
    shop = replace(DEMO, two_drinks=100, three_drinks=100, supplements=0, strong_supplements=100)
    rows = generated(sample, shop, transactions=60)
    assert {row.quantity for row in rows} == {3}
    assert all(row.add_supplements == (row.category in ("SF", "SC")) for row in rows)
    assert {row.add_supplements for row in rows} == {True, False}


def test_a_number_stands_for_the_product_whose_reached_propensity_is_nearest(spark: SparkSession) -> None:
    shop = replace(DEMO, lowest_draw=1, highest_draw=14)
    chosen = generator.chosen_by(products(spark, 3, 0, 3, 6), shop)
    numbers = {row.draw: row.product_id for row in chosen.collect()}
    # They reach 3, 6 and 12; halfway between two, the first one counts. What nobody wants is never bought.
    assert numbers == dict(enumerate(["P0"] * 4 + ["P2"] * 5 + ["P3"] * 5, start=1))


@pytest.mark.parametrize(("lowest", "highest"), [(3, 3), (4, 11), (200, 300)])
def test_each_number_that_is_drawn_stands_for_one_product(spark: SparkSession, lowest: int, highest: int) -> None:
    shop = replace(DEMO, lowest_draw=lowest, highest_draw=highest)
    numbers = [row.draw for row in generator.chosen_by(products(spark, 3, 3, 6), shop).collect()]
    assert sorted(numbers) == list(range(lowest, highest + 1))


def test_every_line_of_the_sample_is_a_product_and_every_product_is_bought(sample: DataFrame) -> None:
    numbers = generator.chosen_by(sample, DEMO)
    assert (sample.count(), numbers.count(), numbers.select("product_id").distinct().count()) == (27, 198, 27)


def test_a_product_that_comes_again_is_rejected(spark: SparkSession) -> None:
    rows = [(1, "A", None), (2, "B", None), (3, "A", None), (4, None, "not-json"), (5, None, "not-json")]
    lines = frame_of(spark, rows, "line bigint, product_id string, reason string")
    reasons = [row.reason for row in generator.checked_products(lines).collect()]
    assert reasons == [None, None, "repeated-product-id", "not-json", "not-json"]
