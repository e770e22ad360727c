package millrace.bench;

import java.io.IOException;
import java.io.Serializable;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.util.Map;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/** A record of the source as the enrichment judges it: a sale with its region, or the reason why it is none. */
final class Sale implements Serializable {
    static final long LATENESS_MS = 600_000, FUTURE_MS = 600_000;

    final String reason;
    final String region;
    final long cents;
    final long at;
    /** The record itself, of what is no sale. */
    final byte[] key, value;

    private Sale(String reason, String region, long cents, long at, byte[] key, byte[] value) {
        this.reason = reason;
        this.region = region;
        this.cents = cents;
        this.at = at;
        this.key = key;
        this.value = value;
    }

    private static Sale bad(String reason, byte[] key, byte[] value, long timestamp) {
        return new Sale(reason, "", 0, timestamp, key, value);
    }

    /** Decodes and judges records; for one thread. */
    static final class Judge {
        private final byte[] frame;
        private final Map<String, String> regions;
        private BinaryDecoder decoder;
        private ByteBuffer amount = ByteBuffer.allocate(16);

        Judge(Task task) {
            frame = ByteBuffer.allocate(5).put((byte) 0).putInt(task.saleId).array();
            regions = task.regions;
        }

        Sale of(byte[] key, byte[] value, long timestamp) {
            if (value == null) return bad("null-value", key, null, timestamp);
            if (value.length <= 5 || value[0] != 0) return bad("not-framed", key, value, timestamp);
            for (int index = 1; index < 5; index++) {
                if (value[index] != frame[index]) return bad("unknown-schema-id", key, value, timestamp);
            }
            try {
                decoder = DecoderFactory.get().binaryDecoder(value, 5, value.length - 5, decoder);
                int payment = decoder.readInt(), customer = decoder.readInt();
                amount = decoder.readBytes(amount);
                byte[] digits = new byte[amount.remaining()];
                amount.get(digits);
                long cents = new BigInteger(digits).longValueExact();
                long at = decoder.readLong();
                for (int optional = 0; optional < 2; optional++) {
                    if (decoder.readIndex() == 1) decoder.skipString();
                }
                String country = decoder.readString();
                if (!decoder.isEnd()) return bad("undecodable", key, value, timestamp);
                if (payment < 0 || customer < 0) return bad("out-of-range", key, value, timestamp);
                if (at < timestamp - LATENESS_MS) return bad("late", key, value, timestamp);
                if (at > timestamp + FUTURE_MS) return bad("future", key, value, timestamp);
                return new Sale(null, regions.getOrDefault(country, "Unassigned"), cents, at, null, null);
            } catch (IOException | RuntimeException error) {
                return bad("undecodable", key, value, timestamp);
            }
        }
    }
}
