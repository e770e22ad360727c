"""The Spark session of a job, with the settings that belong to the code and not to the machine."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import SparkSession

from millrace.job.jvm import java_class, know_helpers
from millrace.job.spec import Spec

SETTINGS = {
    # Times in topics and files are UTC, whatever the machine's zone is.
    "spark.sql.session.timeZone": "UTC",
    # A stream that keeps state has as many as its declaration makes of it, since they are frozen in its checkpoint at the first start.
    "spark.sql.shuffle.partitions": "4",
    # Plans are small: planning a query anew between its stages costs more than it can win.
    "spark.sql.adaptive.enabled": "false",
    # To conclude from each filter what holds for other columns costs each batch more than it saves.
    "spark.sql.constraintPropagation.enabled": "false",
    # Spark 4.1.1 loses columns on the way through the steps in which JSON keys and values are read, where it prunes what is nested in them.
    "spark.sql.optimizer.nestedSchemaPruning.enabled": "false",
    "spark.sql.optimizer.expression.nestedPruning.enabled": "false",
}

STREAM_SETTINGS = {
    # Spark 4.1.1's new Kafka reader fails on a restart over a batch that was planned and not committed (SPARK-55271, SPARK-57438).
    "spark.sql.streaming.disabledV2MicroBatchReaders": "org.apache.spark.sql.kafka010.KafkaSourceProvider",
    # Spark plans each batch once more to describe it, and with the new writer twice more. Both writers send and flush alike.
    "spark.sql.streaming.disabledV2Writers": "org.apache.spark.sql.kafka010.KafkaSourceProvider",
    # A batch without data would only free state; the next batch with data does that too.
    "spark.sql.streaming.noDataMicroBatches.enabled": "false",
    # The state machine reads the list of them; Spark would keep 100. `lib/declaration/limits.ts` counts on it.
    "spark.sql.streaming.minBatchesToRetain": "20",
    # Writes a checkpoint's file under another name and renames it: a third of the time on one machine, and a copy on S3. Nothing in it fences off a
    # second writer; the pipeline's lock does.
    "spark.sql.streaming.checkpointFileManagerClass": "org.apache.spark.sql.execution.streaming.checkpointing."
    "FileSystemBasedCheckpointFileManager",
    # A second file for each, against damage that disks and S3 find by themselves.
    "spark.sql.streaming.checkpoint.fileChecksum.enabled": "false",
}


def session(spec: Spec, settings: Mapping[str, str] | None = None) -> SparkSession:
    """The session of a job; `settings` are what it needs besides, such as `millrace.formats.lines.WHOLE_FILE`."""
    builder = SparkSession.builder.appName(spec.job)
    for name, value in (settings_of(spec) | dict(settings or {})).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    know_helpers(spark)
    spark.sparkContext.setLogLevel("WARN")
    _quieten(spark, "org.apache.spark.sql.avro.AvroSerializer")
    return spark


def settings_of(spec: Spec) -> dict[str, str]:
    """What every job is set to that has such a spec."""
    of_stream = {} if spec.checkpoint is None else STREAM_SETTINGS
    state = spec.state_partitions
    return SETTINGS | of_stream | ({} if state is None else {"spark.sql.shuffle.partitions": str(state)})


def _quieten(spark: SparkSession, logger: str) -> None:
    """Hides a warning that comes with every batch: that a column which could be null is written to a field which cannot. Rows with nulls never
    get that far here.
    """
    level = java_class(spark, "org.apache.logging.log4j.Level").ERROR
    java_class(spark, "org.apache.logging.log4j.core.config.Configurator").setLevel(logger, level)
