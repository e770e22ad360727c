package millrace.iam;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.Provider;
import java.security.Security;
import java.util.Map;
import java.util.UUID;
import javax.security.auth.Subject;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.CallbackHandler;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.spi.LoginModule;
import javax.security.sasl.SaslException;
import javax.security.sasl.SaslServer;
import javax.security.sasl.SaslServerFactory;
import org.apache.kafka.common.security.authenticator.SaslInternalConfigs;

/** The broker's half of the mechanism AWS_MSK_IAM. Naming this class as the listener's login module makes the mechanism known. */
public final class AwsMskIam implements LoginModule {
    private static final String MECHANISM = "AWS_MSK_IAM";

    static {
        Security.addProvider(new Mechanism());
    }

    private static final class Mechanism extends Provider {
        private static final long serialVersionUID = 1;

        Mechanism() {
            super("MillraceIam", "1", "the broker's half of " + MECHANISM);
            put("SaslServerFactory." + MECHANISM, Factory.class.getName());
        }
    }

    /** Makes the server's side of one exchange. */
    public static final class Factory implements SaslServerFactory {
        @Override
        public SaslServer createSaslServer(
                String mechanism, String protocol, String server, Map<String, ?> properties, CallbackHandler handler) {
            return new Exchange(handler);
        }

        @Override
        public String[] getMechanismNames(Map<String, ?> properties) {
            return new String[] {MECHANISM};
        }
    }

    /** One message of the client, and one answer. */
    private static final class Exchange implements SaslServer {
        private final CallbackHandler handler;
        private SignedRequest request;

        Exchange(CallbackHandler handler) {
            this.handler = handler;
        }

        @Override
        public byte[] evaluateResponse(byte[] response) throws SaslException {
            SignIn.PayloadCallback callback = new SignIn.PayloadCallback(response);
            try {
                handler.handle(new Callback[] {callback});
            } catch (IOException | UnsupportedCallbackException error) {
                throw new SaslException("The sign-in could not be checked.", error);
            }
            request = callback.accepted;
            // The client takes no other version.
            String answer = "{\"version\":\"2020_10_22\",\"request-id\":\"" + UUID.randomUUID() + "\"}";
            return answer.getBytes(StandardCharsets.UTF_8);
        }

        @Override
        public boolean isComplete() {
            return request != null;
        }

        @Override
        public String getAuthorizationID() {
            return request.accessKeyId();
        }

        @Override
        public Object getNegotiatedProperty(String name) {
            // A session ends with what it was signed for: then the client signs again.
            boolean lifetime = name.equals(SaslInternalConfigs.CREDENTIAL_LIFETIME_MS_SASL_NEGOTIATED_PROPERTY_KEY);
            return lifetime ? request.expiresAt().toEpochMilli() : null;
        }

        @Override
        public String getMechanismName() {
            return MECHANISM;
        }

        @Override
        public byte[] unwrap(byte[] incoming, int offset, int length) {
            throw new IllegalStateException("nothing is wrapped");
        }

        @Override
        public byte[] wrap(byte[] outgoing, int offset, int length) {
            throw new IllegalStateException("nothing is wrapped");
        }

        @Override
        public void dispose() {}
    }

    @Override
    public void initialize(Subject subject, CallbackHandler handler, Map<String, ?> state, Map<String, ?> options) {}

    @Override
    public boolean login() {
        return true;
    }

    @Override
    public boolean commit() {
        return true;
    }

    @Override
    public boolean abort() {
        return false;
    }

    @Override
    public boolean logout() {
        return true;
    }
}
