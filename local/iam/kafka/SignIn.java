package millrace.iam;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.errors.SaslAuthenticationException;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerExtensionsValidatorCallback;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Lets in who has signed with the credentials of a deployed role that may connect. Both mechanisms end here. */
public final class SignIn implements AuthenticateCallbackHandler {
    /** What a client of AWS_MSK_IAM has sent; answered with the request that it stands for. */
    static final class PayloadCallback implements Callback {
        final byte[] payload;
        SignedRequest accepted;

        PayloadCallback(byte[] payload) {
            this.payload = payload;
        }
    }

    private record Token(String value, String principalName, Long startTimeMs, long lifetimeMs, Set<String> scope)
            implements OAuthBearerToken {}

    private static final Logger LOG = LoggerFactory.getLogger(SignIn.class);
    private static final ObjectMapper JSON = new ObjectMapper();
    /** The library sends these in lower case; their own names are what was signed. */
    private static final Map<String, String> SIGNED_NAMES = Stream.of(
                    "Action",
                    "X-Amz-Algorithm",
                    "X-Amz-Credential",
                    "X-Amz-Date",
                    "X-Amz-Expires",
                    "X-Amz-Security-Token",
                    "X-Amz-Signature",
                    "X-Amz-SignedHeaders")
            .collect(Collectors.toMap(String::toLowerCase, name -> name));

    private Decisions decisions;

    @Override
    public void configure(Map<String, ?> configuration, String mechanism, List<AppConfigurationEntry> entries) {
        decisions = new Decisions(configuration);
    }

    @Override
    public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
        for (Callback callback : callbacks) {
            if (callback instanceof PayloadCallback msk) {
                msk.accepted = accepted(ofPayload(msk.payload));
            } else if (callback instanceof OAuthBearerValidatorCallback bearer) {
                SignedRequest request = accepted(ofToken(bearer.tokenValue()));
                long from = request.signedAt().toEpochMilli();
                long until = request.expiresAt().toEpochMilli();
                bearer.token(new Token(bearer.tokenValue(), request.accessKeyId(), from, until, Set.of()));
            } else if (callback instanceof OAuthBearerExtensionsValidatorCallback extensions) {
                extensions.inputExtensions().map().keySet().forEach(extensions::valid);
            } else {
                throw new UnsupportedCallbackException(callback);
            }
        }
    }

    @Override
    public void close() {}

    private static SignedRequest ofPayload(byte[] payload) {
        try {
            Map<String, String> fields = JSON.readValue(payload, new TypeReference<>() {});
            Map<String, String> query = new TreeMap<>();
            SIGNED_NAMES.forEach((sent, name) -> {
                if (fields.get(sent) != null) query.put(name, fields.get(sent));
            });
            return new SignedRequest(fields.get("host"), query);
        } catch (IOException error) {
            throw new SaslAuthenticationException("What was sent is not the JSON of AWS_MSK_IAM.");
        }
    }

    /** The token is the address of the request; the signers add their User-Agent when all is signed. */
    private static SignedRequest ofToken(String token) {
        try {
            URI address = URI.create(new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8));
            String text = address.getRawQuery() == null ? "" : address.getRawQuery();
            Map<String, String> query = Arrays.stream(text.split("&"))
                    .map(field -> field.split("=", 2))
                    .filter(field -> field.length == 2 && !field[0].equalsIgnoreCase("User-Agent"))
                    .collect(Collectors.toMap(field -> decoded(field[0]), field -> decoded(field[1]), (one, other) -> other));
            return new SignedRequest(address.getHost(), query);
        } catch (IllegalArgumentException error) {
            throw new SaslAuthenticationException("The token is not a signed address in Base64.");
        }
    }

    /** In an address a plus is a plus, not a blank. */
    private static String decoded(String text) {
        return URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.UTF_8);
    }

    private SignedRequest accepted(SignedRequest request) {
        String key = request.accessKeyId();
        try {
            Decisions.Credentials credentials = decisions.credentialsOf(key)
                    .orElseThrow(() -> new SaslAuthenticationException("[" + key + "]: no deployed role has this access key."));
            request.verify(credentials, Instant.now());
            if (decisions.allows(key, SignedRequest.CONNECT, decisions.clusterArn(), false)) return request;
            throw new SaslAuthenticationException("[" + key + "]: Access denied");
        } catch (IOException error) {
            LOG.error("Nobody can be let in.", error);
            throw new SaslAuthenticationException("The decision service of this machine cannot be asked: run \"millrace up\".");
        }
    }
}
