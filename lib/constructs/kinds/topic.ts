/** Topics: one custom resource creates and alters those of a pipeline. */
import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { ownTopicsOf, topicsOf } from '../../declaration/flow.ts';
import type { Topic } from '../../declaration/kinds/topic.ts';
import { EXPRESS_DIFFERENCES, NO_LIMIT } from '../../declaration/limits.ts';
import { groupPrefix } from '../../declaration/names.ts';
import { HandlerProvider } from '../functions/handler-provider.ts';
import type { ClusterKind } from '../kafka/brokers.ts';
import type { Grant, Kind, KindProps } from './index.ts';

/** How far a record's time may be from the broker's clock, as MSK Serverless and declarations say it. */
const DIFFERENCE = 'message.timestamp.difference.max.ms';

export default function topics(scope: Construct, props: KindProps): Kind {
  const { pipeline, network, cluster, logRetentionDays, schemas } = props;
  const declared = [...Object.values(topicsOf(pipeline)), ...ownTopicsOf(pipeline)];
  const provider = new HandlerProvider(scope, 'TopicsHandler', {
    folder: 'kafka-topics',
    description: `Topics of pipeline ${pipeline.name}`,
    placement: network.handlers,
    logRetentionDays,
    // MSK Serverless creates 250 partitions in five minutes; 2,400 is the most that a cluster holds.
    totalTimeout: Duration.hours(1),
  });
  const names = declared.map(({ name }) => name);
  cluster.grantAdminister(provider.role, names);
  const resource = new CustomResource(scope, 'Topics', {
    resourceType: 'Custom::KafkaTopics',
    serviceToken: provider.serviceToken,
    // Whether a topic's data goes with it is said per topic, and honoured by the handler.
    removalPolicy: RemovalPolicy.DESTROY,
    properties: {
      BootstrapServers: cluster.bootstrapServers,
      Security: 'iam',
      Pipeline: pipeline.name,
      Topics: declared.map((topic) => ({
        Name: topic.name,
        Partitions: String(topic.props.partitions),
        OnRemoval: topic.props.onRemoval ?? 'retain',
        Configuration: configurationOf(topic, cluster.kind),
      })),
    },
  });
  resource.node.addDependency(provider);
  // A refused schema rolls back cleanly, partitions once added cannot be taken away.
  if (schemas) resource.node.addDependency(schemas);
  return {
    grantRead: consumption(props),
    grantWrite: (role, { thing }) => cluster.grantProduce(role, [(thing.origin as Topic).name]),
  };
}

/** Allows a job to read a topic, in whichever way. */
export function consumption({ cluster, pipeline }: KindProps): Grant {
  return (role, { job, thing }) =>
    cluster.grantConsume(role, [(thing.origin as Topic).name], groupPrefix(pipeline.name, job));
}

/** The settings of a topic by Kafka's names. */
function configurationOf(
  { cleanup, props: { retention, timestamps, configuration } }: Topic,
  kind: ClusterKind,
): Record<string, string> {
  const { [DIFFERENCE]: difference = NO_LIMIT, ...others } = configuration ?? {};
  const settings = {
    'cleanup.policy': cleanup,
    ...(retention === undefined ? {} : { 'retention.ms': String(retention) }),
    ...(timestamps === undefined ? {} : { 'message.timestamp.type': timestamps }),
  };
  if (kind === 'serverless') return { ...settings, ...configuration };
  return { ...settings, ...others, ...Object.fromEntries(EXPRESS_DIFFERENCES.map((name) => [name, difference])) };
}
