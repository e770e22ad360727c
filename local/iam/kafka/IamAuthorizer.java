package millrace.iam;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.stream.Collectors;
import org.apache.kafka.common.Endpoint;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.server.authorizer.AclCreateResult;
import org.apache.kafka.server.authorizer.AclDeleteResult;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.apache.kafka.server.authorizer.Authorizer;
import org.apache.kafka.server.authorizer.AuthorizerServerInfo;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Decides what clients ask of the broker by the policies of the role with which they signed in. */
public final class IamAuthorizer implements Authorizer {
    private static final Logger LOG = LoggerFactory.getLogger(IamAuthorizer.class);

    /** MSK's actions by what Kafka asks for; what is not here is allowed to nobody who signs in. */
    private static final Map<ResourceType, Map<AclOperation, String>> ACTIONS = Map.of(
            ResourceType.CLUSTER, Map.of(
                    AclOperation.DESCRIBE, "DescribeCluster",
                    AclOperation.IDEMPOTENT_WRITE, "WriteDataIdempotently"),
            ResourceType.TOPIC, Map.of(
                    AclOperation.DESCRIBE, "DescribeTopic",
                    AclOperation.READ, "ReadData",
                    AclOperation.WRITE, "WriteData",
                    AclOperation.CREATE, "CreateTopic",
                    AclOperation.DELETE, "DeleteTopic",
                    AclOperation.ALTER, "AlterTopic",
                    AclOperation.DESCRIBE_CONFIGS, "DescribeTopicDynamicConfiguration",
                    AclOperation.ALTER_CONFIGS, "AlterTopicDynamicConfiguration"),
            ResourceType.GROUP, Map.of(
                    AclOperation.DESCRIBE, "DescribeGroup",
                    AclOperation.READ, "AlterGroup",
                    AclOperation.DELETE, "DeleteGroup"),
            ResourceType.TRANSACTIONAL_ID, Map.of(
                    AclOperation.DESCRIBE, "DescribeTransactionalId",
                    AclOperation.WRITE, "AlterTransactionalId"));

    private static final Map<ResourceType, String> WORDS_OF_ARNS = Map.of(
            ResourceType.TOPIC, "topic", ResourceType.GROUP, "group", ResourceType.TRANSACTIONAL_ID, "transactional-id");

    private Decisions decisions;

    @Override
    public void configure(Map<String, ?> configuration) {
        decisions = new Decisions(configuration);
    }

    @Override
    public Map<Endpoint, ? extends CompletionStage<Void>> start(AuthorizerServerInfo server) {
        return server.endpoints().stream()
                .collect(Collectors.toMap(endpoint -> endpoint, endpoint -> CompletableFuture.<Void>completedFuture(null)));
    }

    @Override
    public List<AuthorizationResult> authorize(AuthorizableRequestContext context, List<Action> actions) {
        return actions.stream().map(action -> authorize(context.principal(), action)).toList();
    }

    /** By the principal, never by the listener: what the broker forwards to its controller comes on another one. */
    private AuthorizationResult authorize(KafkaPrincipal principal, Action action) {
        // The broker itself, and people's tools on the plain listener.
        if (KafkaPrincipal.ANONYMOUS.equals(principal)) return AuthorizationResult.ALLOWED;
        // What a client could do besides is asked here, not done: its answer is only shown.
        if (!action.logIfAllowed() && !action.logIfDenied()) return AuthorizationResult.DENIED;
        ResourcePattern resource = action.resourcePattern();
        String name = ACTIONS.getOrDefault(resource.resourceType(), Map.of()).get(action.operation());
        if (name == null) {
            if (action.logIfDenied()) LOG.warn("{} asks for {} on {}, for which MSK has no action.", principal, action.operation(), resource);
            return AuthorizationResult.DENIED;
        }
        try {
            String arn = arnOf(decisions.clusterArn(), resource);
            // A list leaves out what may not be seen. Idempotent writing is asked quietly too, and there a denial is a fault.
            boolean quiet = !action.logIfDenied() && action.operation() != AclOperation.IDEMPOTENT_WRITE;
            boolean allowed = decisions.allows(principal.getName(), "kafka-cluster:" + name, arn, quiet);
            return allowed ? AuthorizationResult.ALLOWED : AuthorizationResult.DENIED;
        } catch (IOException error) {
            LOG.error("{} on {} is refused: it is not known which cluster this is.", action.operation(), resource, error);
            return AuthorizationResult.DENIED;
        }
    }

    private static String arnOf(String cluster, ResourcePattern resource) {
        String word = WORDS_OF_ARNS.get(resource.resourceType());
        return word == null ? cluster : cluster.replaceFirst(":cluster/", ":" + word + "/") + "/" + resource.name();
    }

    /** Kafka would let everybody who may write some topic write idempotently; on MSK that is an action of its own. */
    @Override
    public AuthorizationResult authorizeByResourceType(AuthorizableRequestContext context, AclOperation operation, ResourceType type) {
        boolean own = KafkaPrincipal.ANONYMOUS.equals(context.principal());
        return own ? AuthorizationResult.ALLOWED : AuthorizationResult.DENIED;
    }

    @Override
    public List<? extends CompletionStage<AclCreateResult>> createAcls(AuthorizableRequestContext context, List<AclBinding> bindings) {
        throw noAcls();
    }

    @Override
    public List<? extends CompletionStage<AclDeleteResult>> deleteAcls(AuthorizableRequestContext context, List<AclBindingFilter> filters) {
        throw noAcls();
    }

    @Override
    public Iterable<AclBinding> acls(AclBindingFilter filter) {
        return List.of();
    }

    private static UnsupportedOperationException noAcls() {
        return new UnsupportedOperationException("Access is what the deployed policies say; there are no lists.");
    }

    @Override
    public void close() {}
}
