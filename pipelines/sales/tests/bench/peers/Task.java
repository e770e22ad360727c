package millrace.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What a peer is told: places, topics and schema ids, as properties of the JVM that begin with `task.`. */
final class Task implements Serializable {
    final String bootstrapServers = said("bootstrapServers");
    final String source = said("source");
    final String target = said("target");
    final String deadLetters = said("deadLetters");
    final String name = said("name");
    final String scratch = said("scratch");
    final int saleId = Integer.parseInt(said("saleId"));
    final int keyId = Integer.parseInt(said("keyId"));
    final int valueId = Integer.parseInt(said("valueId"));
    /** As many as the stream has cores. */
    final int parallelism = Integer.parseInt(said("parallelism"));
    /** How long results are held back so that one record tells of many events. */
    final int flushMs = Integer.parseInt(said("flushMs"));
    final Map<String, String> regions = regions(said("regions"));

    private static String said(String name) {
        String value = System.getProperty("task." + name);
        if (value == null) throw new IllegalArgumentException("-Dtask." + name + " is missing");
        return value;
    }

    /** The file of the pipeline: a header, then countries and regions, quoted or not. */
    private static Map<String, String> regions(String file) {
        Pattern line = Pattern.compile("\"?([^\"]*?)\"?\\s*,\\s*\"?([^\",]*)\"?\\s*");
        try {
            Map<String, String> found = new HashMap<>();
            for (String text : Files.readAllLines(Path.of(file))) {
                Matcher fields = line.matcher(text);
                if (fields.matches()) found.put(fields.group(1), fields.group(2));
            }
            return found;
        } catch (IOException error) {
            throw new IllegalArgumentException(file + " cannot be read", error);
        }
    }

    /** Batches and acknowledgements like those of the stream. */
    Properties producer() {
        Properties settings = new Properties();
        settings.put("bootstrap.servers", bootstrapServers);
        settings.put("linger.ms", "20");
        settings.put("batch.size", String.valueOf(128 * 1024));
        settings.put("compression.type", "lz4");
        settings.put("acks", "all");
        return settings;
    }
}
