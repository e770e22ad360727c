"""What the retail pipeline does with purchases.

Never a session, a clock or an environment: what time it is, and everything else, arrives as an argument.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from millrace.formats.checks import Check
from millrace.streaming.event_time import Windows, by_window

TIME = "transaction_time"
"""When a purchase happened."""

PURCHASE = (
    "transaction_time",
    "transaction_id",
    "line",
    "product_id",
    "price",
    "quantity",
    "is_member",
    "member_discount",
    "add_supplements",
    "supplement_price",
    "total_purchase",
)

OF_PRODUCT = ("category", "item", "size", "cogs")
CONTENTS = ("contains_fruit", "contains_veggies", "contains_nuts", "contains_caffeine")

BEST = 10
"""Ranks of a window."""

BEST_SELLERS = 25


# --- the enrichment


def checks() -> list[Check]:
    """What the schema of a purchase cannot say: that its product is known."""
    return [("unknown-product", F.col("product").isNull())]


def enriched(purchases: DataFrame) -> DataFrame:
    """Purchases with what the shop knows of their product.

    Args:
        purchases: the fields of a purchase, and its `product` (struct).

    Returns:
        The fields of a purchase, of its product, and the product's price as `list_price`.
    """
    of_product = [F.col("product")[name].alias(name) for name in (*OF_PRODUCT, *CONTENTS)]
    return purchases.select(*PURCHASE, F.col("product")["price"].alias("list_price"), *of_product)


# --- totals and windows


def totals(purchases: DataFrame, products: DataFrame) -> DataFrame:
    """Sums all purchases up by product, exact to the cent.

    Args:
        purchases: the fields of a purchase.
        products: the fields of a product, each product once.

    Returns:
        `product_id`, `item` and `category` (empty for a product that is not known), `purchases`, `quantity` (bigint), `sales` (decimal) and
        `event_time` (timestamp): when the latest happened.
    """
    latest = F.max(TIME).alias("event_time")
    summed = purchases.groupBy("product_id").agg(*[total.alias(name) for name, total in _sums().items()], latest)
    names = products.select("product_id", "item", "category")
    return summed.join(F.broadcast(names), "product_id", "left").fillna("", ["item", "category"])


def windows(purchases: DataFrame, windows: Windows) -> DataFrame:
    """Sums purchases up by product and window, exact to the cent.

    Returns:
        `product_id`, `purchases`, `quantity` (bigint), `sales` (decimal), `window_start` and `window_end` (timestamp).
    """
    return by_window(purchases, "product_id", TIME, windows, **_sums())


def _sums() -> dict[str, Column]:
    return {"purchases": F.count("*"), "quantity": F.sum("quantity"), "sales": F.sum("total_purchase")}


# --- ranks


def ranks(changed: DataFrame, sums: DataFrame) -> DataFrame:
    """The ranks that change as sums of products in windows do.

    Sales of a window only grow. So a product that sold more moves the ranks from its own on, and none before it: no state has to be kept, and
    a window of many products gives no more ranks than one of few. Between the moment when a sum was written and the one when `sums` is
    read, others may have changed: each of them comes as `changed` too, and what it moves is written then.

    Args:
        changed: `product_id` and `window_start` of sums that have changed.
        sums: all sums as they are now: columns of a window's totals, each product and window once.

    Returns:
        `window_start`, `window_end`, `rank` (int, from 1), `product_id`, `purchases`, `quantity` and `sales`; more than once where several
        products of a window have changed, and always the same.
    """
    order = Window.partitionBy("window_start").orderBy(F.desc("sales"), "product_id")
    best = sums.withColumn("rank", F.row_number().over(order)).where(F.col("rank") <= BEST)
    row = F.struct("rank", *[name for name in sums.columns if name != "window_start"])
    tables = best.groupBy("window_start").agg(F.sort_array(F.collect_list(row)).alias("table"))
    known = changed.select("product_id", "window_start").join(tables, "window_start")
    own = F.filter("table", lambda one: one["product_id"] == F.col("product_id"))
    moved = F.filter("table", lambda one: one["rank"] >= F.element_at(own, 1)["rank"])
    return known.where(F.size(own) > 0).select("window_start", F.inline(moved))


# --- the batch


def best_sellers(totals: DataFrame) -> DataFrame:
    """The products that sold best, by sales, in one partition.

    Args:
        totals: the fields of a product's totals, each product once.

    Returns:
        `item`, `category`, `product_id`, `sales`, `quantity` and `purchases`.
    """
    best = totals.coalesce(1).orderBy(F.desc("sales"), "product_id").limit(BEST_SELLERS)
    return best.select("item", "category", "product_id", "sales", "quantity", "purchases")
