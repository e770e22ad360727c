/**
 * The contracts of one pipeline: its topics and its schemas, as custom resources. A declaration comes in; the ids of
 * the registered schemas go out to the jobs' parameters. Called by the pipeline stack.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CustomResource, Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Pipeline, SchemaReference, TopicDeclaration } from '../../declaration/model.ts';
import { artifactOf, pascal, schemaKey } from '../../declaration/plan.ts';
import { HandlerProvider } from '../functions/handler-provider.ts';
import type { KafkaCluster } from '../kafka/kafka-cluster.ts';
import type { Network } from '../network/network.ts';

export interface ContractsProps {
  readonly pipeline: Pipeline;
  readonly network: Network;
  readonly cluster: KafkaCluster;
  /** Address of the registry at which schemas can be registered. */
  readonly registryUrl: string;
  readonly logRetentionDays: number;
}

/** Topics and schemas of a pipeline. */
export class Contracts extends Construct {
  /** Id of each registered schema, by its key in the pipeline's parameter; JSON Schemas are not registered. */
  readonly schemaIds: Readonly<Record<string, string>>;

  constructor(scope: Construct, id: string, props: ContractsProps) {
    super(scope, id);
    const topics = this.createTopics(props);
    this.schemaIds = this.registerSchemas(props, topics);
  }

  private createTopics(props: ContractsProps): CustomResource {
    const { pipeline, cluster, network, logRetentionDays } = props;
    const topics = Object.values(pipeline.topics);
    const provider = new HandlerProvider(this, 'TopicsHandler', {
      folder: 'kafka-topics',
      description: `Topics of pipeline ${pipeline.name}`,
      network,
      logRetentionDays,
      // MSK Serverless creates 250 partitions in five minutes; 2,400 is the most that a cluster holds.
      totalTimeout: Duration.hours(1),
    });
    cluster.grantAdminister(
      provider.role,
      topics.map((topic) => topic.name),
    );
    const resource = new CustomResource(this, 'Topics', {
      resourceType: 'Custom::KafkaTopics',
      serviceToken: provider.serviceToken,
      // Whether a topic's data goes with it is said per topic, and honoured by the handler.
      removalPolicy: RemovalPolicy.DESTROY,
      properties: {
        BootstrapServers: cluster.bootstrapServers,
        Security: cluster.security,
        Pipeline: pipeline.name,
        Topics: topics.map((topic) => ({
          Name: topic.name,
          Partitions: String(topic.partitions),
          OnRemoval: topic.onRemoval ?? 'retain',
          Configuration: configurationOf(topic),
        })),
      },
    });
    resource.node.addDependency(provider);
    return resource;
  }

  private registerSchemas(props: ContractsProps, topics: CustomResource): Record<string, string> {
    const { pipeline, network, logRetentionDays } = props;
    const schemas = avroSchemasOf(pipeline);
    // Without a schema there is nothing to ask the registry for.
    if (schemas.length === 0) return {};
    const provider = new HandlerProvider(this, 'SchemasHandler', {
      folder: 'registry-artifacts',
      description: `Schemas of pipeline ${pipeline.name}`,
      network,
      logRetentionDays,
    });
    const ids: Record<string, string> = {};
    for (const { key, artifact, schema, immutable } of schemas) {
      const resource = new CustomResource(this, `${pascal(key)}Schema`, {
        resourceType: 'Custom::RegistryArtifact',
        serviceToken: provider.serviceToken,
        removalPolicy: RemovalPolicy.DESTROY,
        properties: {
          RegistryUrl: props.registryUrl,
          Group: 'default',
          ArtifactId: artifact,
          ArtifactType: 'AVRO',
          Content: JSON.stringify(
            JSON.parse(readFileSync(join(pipeline.folders.declaration, 'schemas', schema.file), 'utf8')),
          ),
          Compatibility: 'FULL_TRANSITIVE',
          Immutable: String(immutable),
          OnRemoval: 'retain',
        },
      });
      resource.node.addDependency(provider);
      // Schemas first: a refused schema rolls back cleanly, partitions once added cannot be taken away.
      topics.node.addDependency(resource);
      ids[key] = resource.getAttString('ContentId');
    }
    return ids;
  }
}

interface RegisteredSchema {
  /** Key of its id in the pipeline's parameter. */
  readonly key: string;
  readonly artifact: string;
  readonly schema: SchemaReference;
  readonly immutable: boolean;
}

/** The schemas that the registry holds. */
function avroSchemasOf(pipeline: Pipeline): RegisteredSchema[] {
  const schemas: RegisteredSchema[] = [];
  for (const [role, topic] of Object.entries(pipeline.topics)) {
    for (const part of ['key', 'value'] as const) {
      const schema = topic[part];
      const artifact = artifactOf(pipeline, role, part);
      // A framed key holds its schema's id: another schema would be another key for the same thing.
      if (schema && artifact) schemas.push({ key: schemaKey(role, part), artifact, schema, immutable: part === 'key' });
    }
  }
  for (const [role, { schema }] of Object.entries(pipeline.files)) {
    const { artifact } = schema;
    if (artifact) schemas.push({ key: schemaKey(role, 'file'), artifact, schema, immutable: false });
  }
  return schemas;
}

/** The settings of a topic by Kafka's names. */
function configurationOf(topic: TopicDeclaration): Record<string, string> {
  return {
    'cleanup.policy': topic.cleanup,
    ...(topic.retention === undefined ? {} : { 'retention.ms': String(topic.retention) }),
    ...(topic.timestamps === undefined ? {} : { 'message.timestamp.type': topic.timestamps }),
    ...topic.configuration,
  };
}
