"""Opens the shop: publishes its products, then sends what its customers buy, with products and restocks as that changes the inventory."""

from __future__ import annotations

import sys
import time

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from millrace.formats import lines
from millrace.job.events import Events
from millrace.job.run import run
from millrace.job.session import session
from millrace.job.spec import Spec
from millrace.kinds import file, folder, topic
from millrace.sending import pacing
from millrace.sending.file_sender import nothing_to_send, write_rejects
from retail import generator


def main(spec: Spec, events: Events) -> None:
    """Read, generate, send."""
    spark = session(spec, lines.WHOLE_FILE)
    checked = generator.checked_products(file.read_lines(spark, spec, "products", spec.integer("rows")))
    rejects = spec.output("rejects", folder.Output).url
    read, rejected = write_rejects(checked, rejects)
    if read == rejected:
        raise nothing_to_send(checked, rejects)
    products = lines.good_rows(checked, *generator.PRODUCT_COLUMNS).cache()
    # The clock is read for each row: in a long bulk load, one time for all would make the last rows late.
    now = F.timestamp_millis(F.reflect(F.lit("java.lang.System"), F.lit("currentTimeMillis")).cast("bigint"))
    topic.write(spec, "products", products.withColumn("event_time", now), key="product_id")

    # Another execution begins later, and none makes a transaction in less than a microsecond.
    first_id = time.time_ns() // 1_000
    bought = generator.purchases(products, spec.integer("transactions"), generator.Shop.of(spec)).cache()
    total, rate = bought.count(), spec.integer("rate")
    sink = spec.kafka.sink_options("lz4")
    last = time.monotonic()

    def send(due: DataFrame, sent: int) -> None:
        nonlocal last
        records_of(spec, generator.dated(due, first_id, now)).write.format("kafka").options(**sink).save()
        seconds, last = round(time.monotonic() - last, 3), time.monotonic()
        events.progress(sent=sent, of=total, read=read, rejected=rejected, batchSeconds=seconds)

    events.started()
    if rate:
        pacing.send_paced(spark, bought, total, total, rate, send)
    else:
        # What is said of a product keeps its order.
        tasks = spark.sparkContext.defaultParallelism
        send(bought.repartition(tasks, "product_id").sortWithinPartitions("position"), total)
    events.result(read=read, sent=total, rejected=rejected)


def records_of(spec: Spec, rows: DataFrame) -> DataFrame:
    """What is sent of each purchase: itself, its product as it leaves it, and a restock where there is one; the columns of Kafka's sink."""

    def record(alias: str, key: str) -> Column:
        output = spec.output(alias, topic.Output)
        key_and_value = topic.columns(rows.sparkSession, spec, output, key)(rows)
        return F.struct(F.lit(output.topic).alias("topic"), *key_and_value)

    restock = F.when(F.col("stock_quantity") > 0, record("inventories", "product_id"))
    all_records = F.array(record("purchases", "transaction_id"), record("products", "product_id"), restock)
    return rows.select(F.explode(F.array_compact(all_records)).alias("record")).select("record.*")


if __name__ == "__main__":
    sys.exit(run(main))
