package millrace.bench;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import org.apache.avro.io.BinaryEncoder;
import org.apache.avro.io.EncoderFactory;

/** The total of a region and window so far, and its record. */
public final class Summary implements Serializable {
    static final long WINDOW_MS = 600_000, EVERY_MS = 300_000;

    public long cents;
    public long orders;

    Summary add(long more) {
        cents += more;
        orders += 1;
        return this;
    }

    byte[] key(Task task, String region, long start) {
        return framed(task.keyId, encoder -> {
            encoder.writeString(region);
            encoder.writeLong(start);
        });
    }

    byte[] value(Task task, String region, long start) {
        return framed(task.valueId, encoder -> {
            encoder.writeString(region);
            encoder.writeBytes(BigInteger.valueOf(cents).toByteArray());
            encoder.writeLong(orders);
            encoder.writeLong(start);
            encoder.writeLong(start + WINDOW_MS);
        });
    }

    byte[] stored() {
        return ByteBuffer.allocate(16).putLong(cents).putLong(orders).array();
    }

    static Summary stored(byte[] bytes) {
        Summary summary = new Summary();
        ByteBuffer buffer = ByteBuffer.wrap(bytes);
        summary.cents = buffer.getLong();
        summary.orders = buffer.getLong();
        return summary;
    }

    private interface Body {
        void write(BinaryEncoder encoder) throws IOException;
    }

    private static byte[] framed(int id, Body body) {
        try {
            ByteArrayOutputStream bytes = new ByteArrayOutputStream();
            bytes.write(ByteBuffer.allocate(5).put((byte) 0).putInt(id).array());
            BinaryEncoder encoder = EncoderFactory.get().binaryEncoder(bytes, null);
            body.write(encoder);
            encoder.flush();
            return bytes.toByteArray();
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }
}
