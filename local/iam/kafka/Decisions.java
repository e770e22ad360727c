package millrace.iam;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.HttpURLConnection;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the decision service says, remembered until the access that was deployed changes. */
final class Decisions {
    record Credentials(String secretAccessKey, String sessionToken) {}

    private record Question(String accessKeyId, String action, String resource, boolean quiet) {}

    /** Of the file that says what is deployed. */
    private record Version(Object file, Object modified, long size) {}

    /** What holds as long as that file is the same. */
    private record Deployed(Version version, String clusterArn, Map<Question, Boolean> answers) {}

    private static final Logger LOG = LoggerFactory.getLogger(Decisions.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int MOST_REMEMBERED = 10_000;
    private static final int PATIENCE_MS = 5_000;

    private final Path access;
    private final Path service;
    private final Path token;
    private volatile Deployed deployed;

    /** @param configuration the settings of the broker, these among them: paths of files that change while it runs */
    Decisions(Map<String, ?> configuration) {
        access = pathOf(configuration, "millrace.iam.access.file");
        service = pathOf(configuration, "millrace.iam.service.file");
        token = pathOf(configuration, "millrace.iam.token.file");
    }

    private static Path pathOf(Map<String, ?> configuration, String name) {
        if (configuration.get(name) instanceof String path) return Path.of(path);
        throw new IllegalArgumentException("The setting " + name + " is missing.");
    }

    /** The ARN that the deployed policies name: which cluster this broker stands for. */
    String clusterArn() throws IOException {
        return deployed().clusterArn;
    }

    Optional<Credentials> credentialsOf(String accessKeyId) throws IOException {
        JsonNode key = ask("GET", "/keys/" + URLEncoder.encode(accessKeyId, StandardCharsets.UTF_8), null);
        if (key == null) return Optional.empty();
        return Optional.of(new Credentials(key.path("secretAccessKey").asText(), key.path("sessionToken").asText()));
    }

    /**
     * Whether the role of this key may do it; not, when nobody can be asked.
     *
     * @param quiet a denial is no fault, and not written down
     */
    boolean allows(String accessKeyId, String action, String resource, boolean quiet) {
        try {
            Map<Question, Boolean> answers = deployed().answers;
            Question question = new Question(accessKeyId, action, resource, quiet);
            Boolean known = answers.get(question);
            if (known != null) return known;
            boolean allowed = decide(question);
            // A denial that is a fault is told each time: a later run is to say it too.
            if (!allowed && !quiet) return false;
            if (answers.size() >= MOST_REMEMBERED) answers.clear();
            answers.put(question, allowed);
            return allowed;
        } catch (IOException error) {
            LOG.error("{} on {} is refused: the decision service cannot be asked.", action, resource, error);
            return false;
        }
    }

    private boolean decide(Question question) throws IOException {
        Map<String, Object> body = Map.of(
                "accessKeyId", question.accessKeyId,
                "action", question.action,
                "resource", question.resource,
                "quiet", question.quiet);
        JsonNode answer = ask("POST", "/decide", body);
        if (answer == null) throw new IOException("The decision service has no /decide.");
        boolean allowed = answer.path("allowed").asBoolean(false);
        if (!allowed && !question.quiet) LOG.warn(answer.path("reason").asText());
        return allowed;
    }

    /** Another deployment, other answers: one that was asked for before is not kept with those that come after. */
    private Deployed deployed() throws IOException {
        Version now = versionOf(access);
        Deployed known = deployed;
        if (known != null && known.version.equals(now)) return known;
        String clusterArn = JSON.readTree(access.toFile()).path("kafkaCluster").asText(null);
        if (clusterArn == null) throw new IOException(access + " names no Kafka cluster.");
        return deployed = new Deployed(now, clusterArn, new ConcurrentHashMap<>());
    }

    private static Version versionOf(Path file) throws IOException {
        BasicFileAttributes found = Files.readAttributes(file, BasicFileAttributes.class);
        return new Version(found.fileKey(), found.lastModifiedTime(), found.size());
    }

    /** An answer of the service; null where it knows of no such thing. */
    private JsonNode ask(String method, String path, Object body) throws IOException {
        // The service may be started again on another port while the broker runs.
        int port = JSON.readTree(service.toFile()).path("ports").path("decisions").asInt();
        URI address = URI.create("http://127.0.0.1:" + port + path);
        HttpURLConnection connection = (HttpURLConnection) address.toURL().openConnection();
        connection.setRequestMethod(method);
        connection.setConnectTimeout(PATIENCE_MS);
        connection.setReadTimeout(PATIENCE_MS);
        connection.setRequestProperty("Authorization", "Bearer " + Files.readString(token).strip());
        if (body != null) {
            connection.setDoOutput(true);
            connection.setRequestProperty("Content-Type", "application/json");
            try (var output = connection.getOutputStream()) {
                output.write(JSON.writeValueAsBytes(body));
            }
        }
        int status = connection.getResponseCode();
        try (InputStream content = status < 400 ? connection.getInputStream() : connection.getErrorStream()) {
            byte[] answer = content == null ? new byte[0] : content.readAllBytes();
            if (status == 200) return JSON.readTree(answer);
            if (status == 404) return null;
            throw new IOException(address + " answered " + status + ": " + new String(answer, StandardCharsets.UTF_8));
        }
    }
}
