package millrace.connect;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import org.apache.iceberg.Schema;
import org.apache.iceberg.SchemaParser;
import org.apache.iceberg.types.Types.DecimalType;
import org.apache.iceberg.types.Types.NestedField;
import org.apache.kafka.connect.data.SchemaAndValue;
import org.apache.kafka.connect.errors.DataException;
import org.apache.kafka.connect.storage.Converter;

/**
 * Makes rows of a dataset of JSON records, exactly, or says why one is none. Kafka Connect's own converter makes 0 of a text and a binary
 * fraction of a decimal; and what only the sink finds wrong ends its task, while what a converter finds wrong is a dead letter.
 */
public final class DatasetRow implements Converter {
    /** The columns, in Iceberg's JSON. */
    static final String COLUMNS = "columns";

    private static final int MOST_DIGITS = 1_000;

    private final ObjectReader reader = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS, DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
            .build()
            .readerFor(JsonNode.class);
    private Schema columns;

    @Override
    public void configure(Map<String, ?> settings, boolean isKey) {
        columns = SchemaParser.fromJson(String.valueOf(settings.get(COLUMNS)));
    }

    @Override
    public SchemaAndValue toConnectData(String topic, byte[] value) {
        // A deletion is nothing that can be appended.
        if (value == null) throw new DataException("null-value");
        JsonNode record = read(value);
        if (record == null) throw new DataException("not-json");
        if (!record.isObject()) throw new DataException("not-an-object");
        Map<String, Object> row = new HashMap<>();
        for (NestedField column : columns.columns()) {
            JsonNode field = record.get(column.name());
            if (field != null && !field.isNull()) row.put(column.name(), valueOf(column, field));
            else if (column.isRequired()) throw new DataException("missing-" + hyphenated(column));
        }
        return new SchemaAndValue(null, row);
    }

    private JsonNode read(byte[] value) {
        // The decoder refuses what is no UTF-8, which Jackson would read as another sign.
        Reader text = new InputStreamReader(new ByteArrayInputStream(value), StandardCharsets.UTF_8.newDecoder());
        try (JsonParser parser = reader.createParser(text)) {
            return reader.readTree(parser);
        } catch (IOException error) {
            throw new DataException("not-json", error);
        }
    }

    private static Object valueOf(NestedField column, JsonNode field) {
        Object value = switch (column.type().typeId()) {
            case STRING -> field.textValue();
            case BOOLEAN -> field.isBoolean() ? field.booleanValue() : null;
            case LONG -> field.isNumber() ? whole(field.decimalValue()) : null;
            case DECIMAL -> field.isNumber() ? fitting(field.decimalValue(), (DecimalType) column.type()) : null;
            case TIMESTAMP -> field.isTextual() ? moment(field.textValue()) : null;
            default -> throw new IllegalStateException("No column of a dataset is " + column.type());
        };
        if (value == null) throw new DataException("bad-" + hyphenated(column));
        return value;
    }

    private static Long whole(BigDecimal number) {
        if (isEndless(number)) return null;
        try {
            return number.longValueExact();
        } catch (ArithmeticException error) {
            return null;
        }
    }

    private static BigDecimal fitting(BigDecimal number, DecimalType type) {
        if (isEndless(number)) return null;
        BigDecimal plain = number.stripTrailingZeros();
        if (plain.scale() > type.scale()) return null;
        BigDecimal scaled = plain.setScale(type.scale());
        return scaled.precision() > type.precision() ? null : scaled;
    }

    /** Nobody writes down all digits of 1e999999999. */
    private static boolean isEndless(BigDecimal number) {
        return Math.abs((long) number.scale()) > MOST_DIGITS;
    }

    private static OffsetDateTime moment(String text) {
        try {
            return OffsetDateTime.parse(text).truncatedTo(ChronoUnit.MICROS);
        } catch (DateTimeException error) {
            return null;
        }
    }

    private static String hyphenated(NestedField column) {
        return column.name().replace('_', '-');
    }

    @Override
    public byte[] fromConnectData(String topic, org.apache.kafka.connect.data.Schema schema, Object value) {
        throw new UnsupportedOperationException("It reads records, and writes none.");
    }
}
