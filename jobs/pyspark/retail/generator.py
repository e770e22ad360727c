"""The shop that the producer plays: which purchases its customers make, and what that does to its inventory.

A purchase draws its numbers from the seed and its own place, and the inventory follows from the purchases before it, so that Spark makes a million
of them as it makes ten.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from decimal import Decimal

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from millrace.formats.checks import first_reason
from millrace.job.document import camel
from millrace.job.spec import Spec

PRODUCT_COLUMNS = (
    "product_id",
    "category",
    "item",
    "size",
    "cogs",
    "price",
    "inventory_level",
    "contains_fruit",
    "contains_veggies",
    "contains_nuts",
    "contains_caffeine",
    "propensity_to_buy",
)
"""Columns of the products file."""

STRONG = ("SF", "SC")
"""Categories with which customers like supplements more than with others."""

CENTS = "decimal(10,2)"
"""Bounds prices in calculations, so that no product of them loses digits."""


@dataclass(frozen=True)
class Shop:
    """How people shop and the shop restocks; in percent, cents and drinks."""

    seed: int
    two_lines: int
    three_lines: int
    two_drinks: int
    three_drinks: int
    members: int
    member_discount: int
    supplements: int
    strong_supplements: int
    supplement_price: int
    lowest_draw: int
    highest_draw: int
    restock_at: int
    restock_by: int

    @staticmethod
    def of(spec: Spec) -> Shop:
        """What the job's parameters say."""
        return Shop(**{field.name: spec.integer(camel(field.name)) for field in fields(Shop)})


def checked_products(lines: DataFrame) -> DataFrame:
    """Lines of the products file, judged by what its schema cannot say: each product comes once; same columns."""
    earlier = F.row_number().over(Window.partitionBy("reason", "product_id").orderBy("line")) > 1
    again = first_reason([("repeated-product-id", earlier)])
    return lines.withColumn("reason", F.coalesce("reason", again)).coalesce(1).sortWithinPartitions("line")


def purchases(products: DataFrame, transactions: int, shop: Shop) -> DataFrame:
    """All purchases of so many transactions, and what they leave in stock.

    Args:
        products: `PRODUCT_COLUMNS` and `position` (bigint), which says their order.
        transactions: how many there are.
        shop: how people shop.

    Returns:
        `PRODUCT_COLUMNS`, with the `inventory_level` that a purchase leaves, `transaction` (bigint, from 0), the other fields of a purchase except its
        time and transaction's id, `existing_level`, `stock_quantity` (0 where nothing came) and `new_level` (bigint), and `position` (bigint): the
        number of the purchase, from 0. One partition, in this order.
    """
    lines = F.sequence(
        F.lit(1).cast("bigint"), _one_two_three("lines", shop.two_lines, shop.three_lines, shop, "transaction")
    )
    bought = (
        products.sparkSession.range(transactions)
        .toDF("transaction")
        .select(
            "transaction",
            _is("member", F.lit(shop.members), shop, "transaction").alias("is_member"),
            F.explode(lines).alias("line"),
        )
        .withColumn("draw", _draw("product", shop.highest_draw - shop.lowest_draw + 1, shop) + shop.lowest_draw)
        .join(F.broadcast(chosen_by(products, shop)), "draw")
    )
    strong = F.when(F.col("category").isin(*STRONG), shop.strong_supplements).otherwise(shop.supplements)
    priced = bought.select(
        "*",
        _one_two_three("drinks", shop.two_drinks, shop.three_drinks, shop, "transaction", "line").alias("quantity"),
        _is("supplements", strong, shop, "transaction", "line").alias("add_supplements"),
        _hundredths(F.col("is_member"), shop.member_discount).alias("member_discount"),
    ).withColumn("supplement_price", _hundredths(F.col("add_supplements"), shop.supplement_price))
    with_total = priced.withColumn("total_purchase", total_of_purchase())
    stocked = with_inventory(with_total, shop.restock_at, shop.restock_by)
    ordered = stocked.coalesce(1).sortWithinPartitions("transaction", "line")
    return ordered.drop("draw").withColumn("position", F.monotonically_increasing_id())


def chosen_by(products: DataFrame, shop: Shop) -> DataFrame:
    """Which product each number stands for: the one whose propensity, added to those before it, is nearest; the first of two.

    Args:
        products: `PRODUCT_COLUMNS` and `position`.
        shop: the numbers that are drawn.

    Returns:
        `PRODUCT_COLUMNS` and `draw` (bigint), each number once.
    """
    order = Window.orderBy("position")
    reached = products.where(F.col("propensity_to_buy") > 0).select(
        *PRODUCT_COLUMNS, "position", F.sum("propensity_to_buy").over(order).alias("reached")
    )
    half_way = F.floor((F.col("reached") + F.lead("reached").over(order)) / 2)
    until = reached.select(*PRODUCT_COLUMNS, "position", F.coalesce(half_way, F.lit(shop.highest_draw)).alias("until"))
    after = F.coalesce(F.lag("until").over(order) + 1, F.lit(shop.lowest_draw))
    lowest, highest = F.greatest(after, F.lit(shop.lowest_draw)), F.least("until", F.lit(shop.highest_draw))
    ranges = until.select(
        *PRODUCT_COLUMNS, lowest.cast("bigint").alias("lowest"), highest.cast("bigint").alias("highest")
    )
    numbers = F.explode(F.sequence("lowest", "highest")).alias("draw")
    return ranges.where(F.col("lowest") <= F.col("highest")).select(*PRODUCT_COLUMNS, numbers)


def total_of_purchase() -> Column:
    """What a purchase costs (decimal), exact, in terms of its `price`, `quantity`, `supplement_price` and `member_discount`."""
    each = F.col("price").cast(CENTS) + F.col("supplement_price").cast(CENTS)
    paid = F.lit(Decimal("1.00")) - F.col("member_discount").cast("decimal(3,2)")
    return F.round(F.col("quantity").cast("decimal(4,0)") * each * paid, 2).cast("decimal(18,2)")


def with_inventory(sold: DataFrame, restock_at: int, restock_by: int) -> DataFrame:
    """What each purchase leaves in stock: the drinks of the start and of all restocks, less all that were sold.

    Args:
        sold: `product_id`, `inventory_level` of the start, `transaction`, `line` and `quantity`.
        restock_at: drinks come when this level is reached,
        restock_by: so many, as often as it takes to get above it.
    """
    so_far = F.sum("quantity").over(Window.partitionBy("product_id").orderBy("transaction", "line"))

    def restocked(drinks: Column) -> Column:
        """How many drinks have come once so many are sold; none before the first."""
        missing = F.lit(restock_at) - F.col("inventory_level") + drinks
        times = F.greatest(F.floor(missing / restock_by) + 1, F.lit(0))
        return F.when(drinks > 0, times * restock_by).otherwise(0).cast("bigint")

    before = restocked(F.col("sold") - F.col("quantity"))
    return (
        sold.withColumn("sold", so_far)
        .withColumn("existing_level", F.col("inventory_level") - F.col("sold") + before)
        .withColumn("stock_quantity", restocked(F.col("sold")) - before)
        .withColumn("new_level", F.col("existing_level") + F.col("stock_quantity"))
        .withColumn("inventory_level", F.col("new_level"))
        .drop("sold")
    )


def dated(rows: DataFrame, first_id: int, sent_at: Column) -> DataFrame:
    """Purchases with `transaction_id` (bigint, from `first_id`), and with `transaction_time` and `event_time` (timestamp)."""
    return rows.select(
        "*",
        (F.col("transaction") + F.lit(first_id)).alias("transaction_id"),
        sent_at.alias("transaction_time"),
        sent_at.alias("event_time"),
    )


def _draw(what: str, below: int, shop: Shop, *place: str) -> Column:
    """A whole number from 0 (bigint) for a place, by default a line of a transaction; of its own for each thing that is decided."""
    drawn = F.xxhash64(F.lit(shop.seed), F.lit(what), *(place or ("transaction", "line")))
    return F.pmod(drawn, F.lit(below).cast("bigint"))


def _is(what: str, percent: Column, shop: Shop, *place: str) -> Column:
    return _draw(what, 100, shop, *place) < percent


def _one_two_three(what: str, two: int, three: int, shop: Shop, *place: str) -> Column:
    drawn = _draw(what, 100, shop, *place)
    return F.when(drawn < three, 3).when(drawn < three + two, 2).otherwise(1).cast("bigint")


def _hundredths(applies: Column, value: int) -> Column:
    return F.when(applies, F.lit(Decimal(value).scaleb(-2))).otherwise(0).cast("decimal(18,2)")
