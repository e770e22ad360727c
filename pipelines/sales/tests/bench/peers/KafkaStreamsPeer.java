package millrace.bench;

import java.time.Duration;
import java.util.Properties;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KeyValue;
import org.apache.kafka.streams.StreamsBuilder;
import org.apache.kafka.streams.kstream.Consumed;
import org.apache.kafka.streams.kstream.Grouped;
import org.apache.kafka.streams.kstream.KStream;
import org.apache.kafka.streams.kstream.Materialized;
import org.apache.kafka.streams.kstream.Produced;
import org.apache.kafka.streams.kstream.TimeWindows;
import org.apache.kafka.streams.processor.api.ContextualProcessor;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.Stores;

/** The enrichment of the sales pipeline in Kafka Streams: at least once, state in memory with a changelog. */
public final class KafkaStreamsPeer {
    private static final Duration KEPT = Duration.ofDays(22);

    private static final class Judging extends ContextualProcessor<byte[], byte[], String, Sale> {
        private final Sale.Judge judge;

        Judging(Task task) {
            judge = new Sale.Judge(task);
        }

        @Override
        public void process(Record<byte[], byte[]> record) {
            Sale sale = judge.of(record.key(), record.value(), record.timestamp());
            context().forward(new Record<>(sale.region, sale, sale.at, record.headers()));
        }
    }

    private static final class DeadLetters extends ContextualProcessor<String, Sale, byte[], byte[]> {
        @Override
        public void process(Record<String, Sale> record) {
            Sale sale = record.value();
            Record<byte[], byte[]> letter = new Record<>(sale.key, sale.value, record.timestamp(), record.headers());
            letter.headers().add("millrace.error.reason", sale.reason.getBytes());
            context().forward(letter);
        }
    }

    public static void main(String[] words) {
        Task task = new Task();
        Serde<Summary> totals = Serdes.serdeFrom((topic, summary) -> summary.stored(), (topic, bytes) -> bytes == null ? null : Summary.stored(bytes));
        StreamsBuilder builder = new StreamsBuilder();
        KStream<String, Sale> judged = builder
            .stream(task.source, Consumed.with(Serdes.ByteArray(), Serdes.ByteArray()))
            .process(() -> new Judging(task));
        Produced<byte[], byte[]> bytes = Produced.with(Serdes.ByteArray(), Serdes.ByteArray());
        judged.filter((region, sale) -> sale.reason != null).process(DeadLetters::new).to(task.deadLetters, bytes);
        Duration length = Duration.ofMillis(Summary.WINDOW_MS);
        judged
            .filter((region, sale) -> sale.reason == null)
            .mapValues(sale -> sale.cents)
            .groupByKey(Grouped.with(Serdes.String(), Serdes.Long()))
            .windowedBy(TimeWindows.ofSizeAndGrace(length, KEPT).advanceBy(Duration.ofMillis(Summary.EVERY_MS)))
            .aggregate(
                Summary::new,
                (region, cents, summary) -> summary.add(cents),
                Materialized.<String, Summary>as(Stores.inMemoryWindowStore("totals", KEPT.plus(length), length, false))
                    .withKeySerde(Serdes.String())
                    .withValueSerde(totals)
                    .withCachingEnabled())
            .toStream()
            .map((window, summary) -> KeyValue.pair(
                summary.key(task, window.key(), window.window().start()),
                summary.value(task, window.key(), window.window().start())))
            .to(task.target, bytes);

        Properties settings = new Properties();
        task.producer().forEach((name, value) -> settings.put("producer." + name, value));
        settings.put("bootstrap.servers", task.bootstrapServers);
        settings.put("application.id", task.name);
        settings.put("state.dir", task.scratch);
        settings.put("num.stream.threads", String.valueOf(task.parallelism));
        settings.put("commit.interval.ms", String.valueOf(task.flushMs));
        settings.put("statestore.cache.max.bytes", String.valueOf(64 << 20));
        settings.put("consumer.isolation.level", "read_committed");
        settings.put("consumer.auto.offset.reset", "earliest");
        settings.put("consumer.max.poll.records", "10000");
        KafkaStreams streams = new KafkaStreams(builder.build(), settings);
        streams.setUncaughtExceptionHandler(error -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
            return null;
        });
        Runtime.getRuntime().addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(10))));
        streams.start();
    }
}
