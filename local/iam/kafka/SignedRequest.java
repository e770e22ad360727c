package millrace.iam;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.apache.kafka.common.errors.SaslAuthenticationException;

/** The request for kafka-cluster:Connect with a signature in its query, as which both mechanisms of MSK carry credentials. */
final class SignedRequest {
    static final String CONNECT = "kafka-cluster:Connect";

    private static final String ALGORITHM = "AWS4-HMAC-SHA256";
    private static final String SERVICE = "kafka-cluster";
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'").withZone(ZoneOffset.UTC);
    /** How far the clocks of AWS's clients may be ahead. */
    private static final Duration TOLERANCE = Duration.ofMinutes(5);

    private final String host;
    private final Map<String, String> query;
    private final String[] scope;
    private final Instant signedAt;
    private final Instant expiresAt;

    /** @param query names and values as they were before they were encoded */
    SignedRequest(String host, Map<String, String> query) {
        this.host = host;
        this.query = query;
        require(host != null && CONNECT.equals(query.get("Action")), "it asks for " + query.get("Action") + ", not for " + CONNECT);
        require(ALGORITHM.equals(query.get("X-Amz-Algorithm")), "its algorithm is not " + ALGORITHM);
        require("host".equals(query.get("X-Amz-SignedHeaders")), "it signs other headers than the host");
        scope = query.getOrDefault("X-Amz-Credential", "").split("/");
        require(scope.length == 5 && scope[3].equals(SERVICE) && scope[4].equals("aws4_request"), "its credential is not of " + SERVICE);
        try {
            signedAt = TIME.parse(query.getOrDefault("X-Amz-Date", ""), Instant::from);
            // JavaScript's signer divides milliseconds.
            long lifetime = (long) (Double.parseDouble(query.getOrDefault("X-Amz-Expires", "")) * 1000);
            expiresAt = signedAt.plusMillis(lifetime);
        } catch (DateTimeException | NumberFormatException error) {
            throw refused("its time is not one: " + error.getMessage());
        }
        require(scope[1].equals(query.get("X-Amz-Date").substring(0, 8)), "its credential is of another day");
    }

    String accessKeyId() {
        return scope[0];
    }

    Instant signedAt() {
        return signedAt;
    }

    Instant expiresAt() {
        return expiresAt;
    }

    /** Refuses a request that is not signed with these credentials, or not for now. */
    void verify(Decisions.Credentials credentials, Instant now) {
        require(!now.isAfter(expiresAt), "its signature expired at " + expiresAt);
        require(!signedAt.isAfter(now.plus(TOLERANCE)), "it is signed at " + signedAt + ", and now is " + now);
        String token = query.getOrDefault("X-Amz-Security-Token", "");
        require(same(token, credentials.sessionToken()), "its session token is not the one that belongs to its key");
        require(same(query.getOrDefault("X-Amz-Signature", ""), signature(credentials.secretAccessKey())), "its signature does not match");
    }

    private static boolean same(String one, String other) {
        return MessageDigest.isEqual(one.getBytes(StandardCharsets.UTF_8), other.getBytes(StandardCharsets.UTF_8));
    }

    private void require(boolean holds, String otherwise) {
        if (!holds) throw refused(otherwise);
    }

    /** Kafka tells the client the message of this exception, and of no other. */
    private static SaslAuthenticationException refused(String why) {
        return new SaslAuthenticationException("The signed request is refused: " + why + ".");
    }

    private String signature(String secretAccessKey) {
        String canonicalQuery = new TreeMap<>(query)
                .entrySet().stream()
                .filter(field -> !field.getKey().equals("X-Amz-Signature"))
                .map(field -> encoded(field.getKey()) + "=" + encoded(field.getValue()))
                .collect(Collectors.joining("&"));
        String canonical = String.join("\n", "GET", "/", canonicalQuery, "host:" + host, "", "host", sha256(""));
        String scopeOfKey = String.join("/", scope[1], scope[2], scope[3], scope[4]);
        String text = String.join("\n", ALGORITHM, query.get("X-Amz-Date"), scopeOfKey, sha256(canonical));
        byte[] key = ("AWS4" + secretAccessKey).getBytes(StandardCharsets.UTF_8);
        for (int part = 1; part < scope.length; part += 1) key = hmac(key, scope[part]);
        return HexFormat.of().formatHex(hmac(key, text));
    }

    /** As RFC 3986 has it, not as forms of a page do. */
    private static String encoded(String text) {
        return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20").replace("*", "%2A").replace("%7E", "~");
    }

    private static String sha256(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest);
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }

    private static byte[] hmac(byte[] key, String text) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
        } catch (GeneralSecurityException error) {
            throw new IllegalStateException(error);
        }
    }
}
