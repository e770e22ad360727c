package millrace.bench;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.flink.api.common.eventtime.WatermarkStrategy;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.typeinfo.TypeInformation;
import org.apache.flink.api.common.typeinfo.Types;
import org.apache.flink.api.java.tuple.Tuple3;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.connector.base.DeliveryGuarantee;
import org.apache.flink.connector.kafka.sink.KafkaRecordSerializationSchema;
import org.apache.flink.connector.kafka.sink.KafkaSink;
import org.apache.flink.connector.kafka.source.KafkaSource;
import org.apache.flink.connector.kafka.source.enumerator.initializer.OffsetsInitializer;
import org.apache.flink.connector.kafka.source.reader.deserializer.KafkaRecordDeserializationSchema;
import org.apache.flink.streaming.api.datastream.DataStream;
import org.apache.flink.streaming.api.datastream.SingleOutputStreamOperator;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.KeyedProcessFunction;
import org.apache.flink.util.Collector;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;

/** The enrichment of the sales pipeline in Flink: at least once, state on the heap with checkpoints each second. */
public final class FlinkPeer {
    private static final class Judging implements KafkaRecordDeserializationSchema<Sale> {
        private final Task task;
        private transient Sale.Judge judge;

        Judging(Task task) {
            this.task = task;
        }

        @Override
        public void deserialize(ConsumerRecord<byte[], byte[]> record, Collector<Sale> out) {
            if (judge == null) judge = new Sale.Judge(task);
            out.collect(judge.of(record.key(), record.value(), record.timestamp()));
        }

        @Override
        public TypeInformation<Sale> getProducedType() {
            return TypeInformation.of(Sale.class);
        }
    }

    /** Adds up, and writes what has changed each time that results are due. */
    private static final class Totals extends KeyedProcessFunction<String, Tuple3<String, Long, Long>, byte[][]> {
        private final Task task;
        private transient MapState<Long, Summary> windows;
        private transient Map<String, Set<Long>> changed;

        Totals(Task task) {
            this.task = task;
        }

        @Override
        public void open(OpenContext context) {
            windows = getRuntimeContext().getMapState(new MapStateDescriptor<>("windows", Types.LONG, TypeInformation.of(Summary.class)));
            changed = new HashMap<>();
        }

        @Override
        public void processElement(Tuple3<String, Long, Long> sale, Context context, Collector<byte[][]> out) throws Exception {
            Set<Long> due = changed.computeIfAbsent(sale.f0, region -> new HashSet<>());
            long at = sale.f2;
            if (due.isEmpty()) {
                context.timerService().registerProcessingTimeTimer(context.timerService().currentProcessingTime() + task.flushMs);
            }
            for (long start = at - at % Summary.EVERY_MS; start > at - Summary.WINDOW_MS; start -= Summary.EVERY_MS) {
                Summary summary = windows.get(start);
                windows.put(start, (summary == null ? new Summary() : summary).add(sale.f1));
                due.add(start);
            }
        }

        @Override
        public void onTimer(long at, OnTimerContext context, Collector<byte[][]> out) throws Exception {
            String region = context.getCurrentKey();
            for (long start : changed.getOrDefault(region, Set.of())) {
                Summary summary = windows.get(start);
                out.collect(new byte[][] {summary.key(task, region, start), summary.value(task, region, start)});
            }
            changed.remove(region);
        }
    }

    private static final class Letters implements KafkaRecordSerializationSchema<Sale> {
        private final String topic;

        Letters(String topic) {
            this.topic = topic;
        }

        @Override
        public ProducerRecord<byte[], byte[]> serialize(Sale sale, KafkaSinkContext context, Long timestamp) {
            ProducerRecord<byte[], byte[]> letter = new ProducerRecord<>(topic, sale.key, sale.value);
            letter.headers().add("millrace.error.reason", sale.reason.getBytes());
            return letter;
        }
    }

    private static final class Results implements KafkaRecordSerializationSchema<byte[][]> {
        private final String topic;

        Results(String topic) {
            this.topic = topic;
        }

        @Override
        public ProducerRecord<byte[], byte[]> serialize(byte[][] record, KafkaSinkContext context, Long timestamp) {
            return new ProducerRecord<>(topic, record[0], record[1]);
        }
    }

    private static <T> KafkaSink<T> sink(Task task, KafkaRecordSerializationSchema<T> form) {
        return KafkaSink.<T>builder()
            .setKafkaProducerConfig(task.producer())
            .setDeliveryGuarantee(DeliveryGuarantee.AT_LEAST_ONCE)
            .setRecordSerializer(form)
            .build();
    }

    public static void main(String[] words) throws Exception {
        Task task = new Task();
        Configuration settings = new Configuration();
        settings.setString("execution.checkpointing.dir", "file://" + task.scratch);
        settings.setString("execution.checkpointing.mode", "AT_LEAST_ONCE");
        settings.setString("execution.checkpointing.interval", "1 s");
        settings.setString("pipeline.object-reuse", "true");
        settings.setString("execution.buffer-timeout.interval", "10 ms");
        settings.setString("rest.port", "0");
        StreamExecutionEnvironment environment = StreamExecutionEnvironment.createLocalEnvironment(task.parallelism, settings);
        Properties consumer = new Properties();
        consumer.put("isolation.level", "read_committed");
        consumer.put("max.poll.records", "10000");
        KafkaSource<Sale> source = KafkaSource.<Sale>builder()
            .setBootstrapServers(task.bootstrapServers)
            .setTopics(task.source)
            .setGroupId(task.name)
            .setStartingOffsets(OffsetsInitializer.earliest())
            .setProperties(consumer)
            .setDeserializer(new Judging(task))
            .build();
        // Nothing is ever dropped here: the peer only adds up, and its state is kept as long as it runs.
        DataStream<Sale> judged = environment.fromSource(source, WatermarkStrategy.noWatermarks(), "sales");
        judged.filter(sale -> sale.reason != null).sinkTo(sink(task, new Letters(task.deadLetters)));
        SingleOutputStreamOperator<byte[][]> totals = judged
            .filter(sale -> sale.reason == null)
            .map(sale -> Tuple3.of(sale.region, sale.cents, sale.at))
            .returns(Types.TUPLE(Types.STRING, Types.LONG, Types.LONG))
            .keyBy(sale -> sale.f0)
            .process(new Totals(task));
        totals.sinkTo(sink(task, new Results(task.target)));
        environment.execute(task.name);
    }
}
