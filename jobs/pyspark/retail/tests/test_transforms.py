"""What the streams and the batch job make of purchases, on frames of a few rows."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.formats.json_records import JsonCodec
from millrace.formats.json_schema import schema_of
from millrace.kafka.dead_letters import HEADERS
from millrace.kinds import topic
from millrace.streaming.event_time import EventTimeRules, Windows
from millrace.streaming.source import Beside, judge
from millrace.tests.frames import frame_of
from retail import transforms

SCHEMAS = Path(__file__).parents[4] / "pipelines/retail/schemas"
PURCHASE = schema_of((SCHEMAS / "purchase.schema.json").read_text("utf-8"), "purchase")
NOON = datetime(2026, 5, 21, 12, tzinfo=UTC)
NEVER_LATE = EventTimeRules(None, 10, 0, None)
RECORD = f"key binary, value binary, topic string, partition int, offset bigint, timestamp timestamp, headers {HEADERS}"
SUM = "product_id string, purchases bigint, quantity bigint, sales decimal(18,2), window_start timestamp, window_end timestamp"

LINE = (
    b'{"transaction_time":"2026-05-21T12:00:00Z","transaction_id":7,"line":1,"product_id":"%s","price":4.99,"quantity":2,"is_member":false,'
    b'"member_discount":0.00,"add_supplements":false,"supplement_price":0.00,"total_purchase":9.98}'
)


def records(spark: SparkSession, *values: bytes | None) -> DataFrame:
    rows = [(None, value, "purchases", 0, offset, NOON, None) for offset, value in enumerate(values)]
    return frame_of(spark, rows, RECORD)


def products(spark: SparkSession, *rows: tuple[str, int, str | None]) -> DataFrame:
    """The lookup over records of products: key, offset, and the item that is published, or a deletion."""
    published = frame_of(spark, rows, "key string, offset bigint, item string").withColumn("batch", F.col("offset"))
    fields = {name: F.lit(name) for name in ("category", "size")} | {"item": F.col("item")}
    fields |= {name: F.lit(Decimal("5.49")) for name in ("cogs", "price")}
    fields |= {name: F.lit(True) for name in transforms.CONTENTS}
    value = F.when(F.col("item").isNotNull(), F.struct(*[column.alias(name) for name, column in fields.items()]))
    return topic.latest(published.withColumn("value", value))


def judged(spark: SparkSession, values: Sequence[bytes | None], lookup: DataFrame) -> list[tuple[Any, ...]]:
    beside = [Beside("product", lookup, "product_id")]
    found = judge(records(spark, *values), JsonCodec(PURCHASE), NEVER_LATE, None, transforms.checks(), None, beside)
    rows = found.frame.select("offset", "reason", "product.item").orderBy("offset").collect()
    return [tuple(row) for row in rows]


def test_a_purchase_meets_its_product_once_however_often_that_was_published(spark: SparkSession) -> None:
    lookup = products(spark, ("A", 0, "old"), ("B", 1, "other"), ("A", 2, "new"))
    assert judged(spark, [LINE % b"A", LINE % b"B", LINE % b"A"], lookup) == [
        (0, None, "new"),
        (1, None, "other"),
        (2, None, "new"),
    ]


def test_a_purchase_before_its_product_or_after_its_deletion_is_a_dead_letter(spark: SparkSession) -> None:
    lookup = products(spark, ("A", 0, "gone"), ("A", 1, None), ("B", 2, "there"))
    assert judged(spark, [LINE % b"A", LINE % b"C", LINE % b"B"], lookup) == [
        (0, "unknown-product", None),
        (1, "unknown-product", None),
        (2, None, "there"),
    ]


def test_what_is_no_purchase_has_its_own_reason_and_no_record_is_lost(spark: SparkSession) -> None:
    values = [
        None,
        b"hello",
        LINE.replace(b"9.98", b"9.985") % b"B",
        LINE.replace(b'"quantity":2', b'"quantity":0') % b"B",
    ]
    assert judged(spark, values, products(spark, ("B", 0, "there"))) == [
        (0, "null-value", None),
        (1, "not-json", None),
        (2, "bad-total-purchase", "there"),
        (3, "bad-quantity", "there"),
    ]


def test_an_enriched_purchase_has_twenty_fields_those_of_its_schema(spark: SparkSession) -> None:
    beside = [Beside("product", products(spark, ("A", 0, "Smoothie")), "product_id")]
    found = judge(records(spark, LINE % b"A"), JsonCodec(PURCHASE), NEVER_LATE, None, transforms.checks(), None, beside)
    rows = transforms.enriched(found.good().select("event.*", "product"))
    schema = schema_of((SCHEMAS / "enriched.schema.json").read_text("utf-8"), "enriched")
    assert set(rows.columns) == {field.name for field in schema.fields}
    assert len(rows.columns) == 20
    (row,) = rows.collect()
    assert (row.item, row.list_price, row.price, row.total_purchase) == (
        "Smoothie",
        Decimal("5.49"),
        Decimal("4.99"),
        Decimal("9.98"),
    )


def bought(spark: SparkSession, *rows: tuple[str, int, str, int]) -> DataFrame:
    """Purchases: product, drinks, what was paid, minutes after noon."""
    given = [(product, drinks, Decimal(paid), NOON + timedelta(minutes=at)) for product, drinks, paid, at in rows]
    columns = "product_id string, quantity bigint, total_purchase decimal(18,2), transaction_time timestamp"
    return frame_of(spark, given, columns)


def test_totals_are_of_all_purchases_of_a_product(spark: SparkSession) -> None:
    products = frame_of(spark, [("B", "Banana", "IS")], "product_id string, item string, category string")
    rows = transforms.totals(bought(spark, ("A", 1, "0.10", 0), ("B", 2, "9.98", 9), ("A", 3, "0.20", -60)), products)
    found = {row.product_id: row for row in rows.collect()}
    assert [(row.product_id, row.item, row.category) for row in found.values()] == [
        ("A", "", ""),
        ("B", "Banana", "IS"),
    ]
    totals = {name: (row.purchases, row.quantity, row.sales) for name, row in found.items()}
    assert totals == {"A": (2, 4, Decimal("0.30")), "B": (1, 2, Decimal("9.98"))}
    assert found["A"].event_time.astimezone(UTC) == NOON


def test_a_purchase_counts_in_each_of_its_windows(spark: SparkSession) -> None:
    rows = transforms.windows(bought(spark, ("A", 1, "0.10", 4), ("A", 2, "0.20", 6)), Windows(10, 5))
    minutes = (F.col("window_start").cast("bigint") - int(NOON.timestamp())) / 60
    found = rows.select(minutes.cast("int"), "purchases", "quantity", "sales").collect()
    assert sorted(map(tuple, found)) == [
        (-5, 1, 1, Decimal("0.10")),
        (0, 2, 3, Decimal("0.30")),
        (5, 1, 2, Decimal("0.20")),
    ]


def sums(spark: SparkSession, sales: dict[str, str], window: int = 0) -> DataFrame:
    start = NOON + timedelta(minutes=window)
    rows = [(product, 1, 1, Decimal(amount), start, start + timedelta(minutes=10)) for product, amount in sales.items()]
    return frame_of(spark, rows, SUM)


def ranked(changed: Sequence[str], frame: DataFrame) -> list[tuple[int, str]]:
    """What is written of the window of noon when the sums of these products have changed, in order."""
    of_changed = frame.where(F.col("product_id").isin(*changed) & (F.col("window_start") == F.lit(NOON)))
    rows = transforms.ranks(of_changed, frame).select("rank", "product_id").collect()
    return sorted(tuple(row) for row in rows)


def test_a_product_that_sold_more_moves_the_ranks_from_its_own_on(spark: SparkSession) -> None:
    frame = sums(spark, {"A": "5.00", "B": "9.00", "C": "1.00", "D": "5.00"}).union(sums(spark, {"A": "7.00"}, 5))
    # Of equal sales the first by name is before the other.
    assert ranked(["A"], frame) == [(2, "A"), (3, "D"), (4, "C")]
    assert ranked(["C"], frame) == [(4, "C")]
    assert ranked(["C", "D"], frame) == [(3, "D"), (4, "C"), (4, "C")]


def test_only_ten_are_ranked_and_a_product_behind_them_changes_nothing(spark: SparkSession) -> None:
    frame = sums(spark, {f"P{number:02}": f"{20 - number}.00" for number in range(12)})
    assert ranked(["P00"], frame) == [(number + 1, f"P{number:02}") for number in range(10)]
    assert ranked(["P09"], frame) == [(10, "P09")]
    assert ranked(["P10", "P11"], frame) == []


def test_ranks_written_change_by_change_end_as_the_ranking_of_all(spark: SparkSession) -> None:
    sales = {f"P{number:02}": Decimal(number) for number in range(13)}
    written: dict[int, str] = {}
    for step in range(30):
        product = f"P{step * 5 % 13:02}"
        sales[product] += Decimal(step % 7)
        frame = sums(spark, {name: str(amount) for name, amount in sales.items()})
        written |= dict(ranked([product], frame))
    best = sorted(sales, key=lambda name: (-sales[name], name))[:10]
    # Ten of thirteen have changed at least once, and what has not was ranked by those that have.
    assert written == dict(enumerate(best, start=1))


def test_the_best_sellers_are_the_first_twenty_five_by_sales(spark: SparkSession) -> None:
    rows = [(f"P{number:02}", "drink", "IS", 1, 2, Decimal(number % 26)) for number in range(1, 28)]
    columns = "product_id string, item string, category string, purchases bigint, quantity bigint, sales decimal(18,2)"
    found = [tuple(row) for row in transforms.best_sellers(frame_of(spark, rows, columns)).collect()]
    assert found[0] == ("drink", "IS", "P25", Decimal(25), 2, 1)
    # Of equal sales the first by its id is before the other; the two that sold least are not shown.
    assert [row[2] for row in found] == [*(f"P{number:02}" for number in range(25, 1, -1)), "P01"]
