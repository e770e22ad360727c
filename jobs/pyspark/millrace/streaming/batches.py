"""Results of a stream that go elsewhere than to topics: each batch is computed once, its records go to Kafka, then its rows to where they belong.

The batch is written from the driver. What does not fit becomes a dead letter.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from millrace.errors import JobError
from millrace.job.events import Events
from millrace.job.run import spark_message
from millrace.job.spec import Spec
from millrace.job.stop import StopRequest
from millrace.kafka.dead_letters import HEADERS, dead_letters
from millrace.kinds import topic
from millrace.streaming.progress import Written

REFUSED_ROW = "array<struct<reason:string,id:string,row:string>>"

ROW_ID = "millrace.row"
"""Header of a dead letter that is no record: the number of its batch, and the row among those of the batch that did not fit."""


class BatchSink(ABC):
    """Where the rows of batches go."""

    def __init__(self, spark: SparkSession, spec: Spec, events: Events, rows: Mapping[str, DataFrame]) -> None:
        self._spark, self._spec, self._events = spark, spec, events
        self.written: dict[int, Written] = {}
        """What became of the rows of batches that are not reported yet."""
        self.failure: Exception | None = None
        """Why the last batch failed."""
        self.rows = rows
        """What is written, by where it goes among the job's `writes`."""

    @abstractmethod
    def write(self, batch: DataFrame, number: int, letters: topic.Output, is_over: Callable[[], bool]) -> Written:
        """Writes the rows of one batch.

        Args:
            batch: the columns of Kafka's sink, and for each of `rows` a struct under its alias.
            number: of the batch; it only grows.
            letters: where rows go that do not fit.
            is_over: whether the stream is to end, also while it waits.
        """

    def writer(
        self, numbered: Callable[[int], int], letters: topic.Output, stop: StopRequest
    ) -> Callable[[DataFrame, int], None]:
        """The function that Spark calls with each batch.

        Args:
            numbered: the number of a batch, by its id.
            letters: where rows go that do not fit.
            stop: whether the stream is to end.
        """

        def write(batch: DataFrame, batch_id: int) -> None:
            self.failure = None
            try:
                batch.persist()
                try:
                    to_topics = batch.where(F.col("topic").isNotNull()).select("topic", "key", "value", "headers")
                    self._save(to_topics)
                    self.written[batch_id] = self.write(batch, numbered(batch_id), letters, stop.requested.is_set)
                finally:
                    batch.unpersist()
            except Exception as error:
                self.failure = error
                raise

        return write

    def error_of(self, failed: JobError) -> JobError:
        """The error of a query that has failed, in its own words where its batch did, which Spark would tell in the texts of two languages."""
        if self.failure is None or isinstance(self.failure, JobError):
            return self.failure or failed
        return JobError(failed.code, f"The query failed: {spark_message(self.failure)}")

    def _letters(self, page: str, number: int, name: str, letters: topic.Output) -> DataFrame:
        """Dead letters of rows that did not fit: the row is the value, and there is no record that it is of. One that is written again is known by its id.

        Args:
            page: the rows, a JSON list as `REFUSED_ROW` says.
            number: of the batch.
            name: what they were meant for.
            letters: the topic.
        """
        rows = self._spark.sql("SELECT inline(from_json(:rows, :form))", {"rows": page, "form": REFUSED_ROW})
        row_id = F.concat(F.lit(f"{number}/"), "id")
        records = rows.select(
            "reason",
            F.lit(None).cast("binary").alias("key"),
            F.col("row").cast("binary").alias("value"),
            F.lit(name).alias("topic"),
            F.lit(None).cast("int").alias("partition"),
            F.lit(None).cast("bigint").alias("offset"),
            F.array(F.struct(F.lit(ROW_ID).alias("key"), row_id.cast("binary").alias("value")))
            .cast(HEADERS)
            .alias("headers"),
            F.current_timestamp().alias("first_timestamp"),
        )
        made = dead_letters(records, self._spec.job, letters.max_message_bytes)
        return made.select(F.lit(letters.topic).alias("topic"), "key", "value", "headers")

    def _save(self, records: DataFrame) -> None:
        records.write.format("kafka").options(**self._spec.kafka.sink_options("gzip")).save()


class Together(BatchSink):
    """Several, one after the other. What the first has written when the second fails is there already when the batch is repeated, and each of them knows."""

    def __init__(self, spark: SparkSession, spec: Spec, events: Events, sinks: Sequence[BatchSink]) -> None:
        super().__init__(spark, spec, events, {alias: rows for sink in sinks for alias, rows in sink.rows.items()})
        self._sinks = sinks

    def write(self, batch: DataFrame, number: int, letters: topic.Output, is_over: Callable[[], bool]) -> Written:
        """Writes one batch."""
        done = [sink.write(batch, number, letters, is_over) for sink in self._sinks]
        reasons = sum((Counter(one.dead_letters) for one in done), Counter[str]())
        return Written(sum(one.rows for one in done), reasons)


def with_rows(records: DataFrame, rows: Mapping[str, DataFrame]) -> DataFrame:
    """Records, by the columns of Kafka's sink, and rows, each as a struct under its alias, in one frame; the other columns are null."""
    kinds = {alias: frame.schema for alias, frame in rows.items()}

    def structs(own: str | None = None) -> list[Column]:
        return [
            (F.struct(*[F.col(name) for name in kind.names]) if alias == own else F.lit(None).cast(kind)).alias(alias)
            for alias, kind in kinds.items()
        ]

    both = records.select("*", *structs())
    nothing = [F.lit(None).cast(field.dataType).alias(field.name) for field in records.schema.fields]
    for alias, frame in rows.items():
        both = both.union(frame.select(*nothing, *structs(alias)))
    return both
