/** A worker of Kafka Connect on Fargate: two containers of public images, of which the first brings archive and secrets, and the second runs what it brought. */
import { Duration, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Secret as ManagedSecret } from 'aws-cdk-lib/aws-secretsmanager';
import { DnsRecordType, PrivateDnsNamespace } from 'aws-cdk-lib/aws-servicediscovery';
import { Construct } from 'constructs';
import { Topic } from '../../declaration/kinds/topic.ts';
import { CONNECT_PORT, WORKER_SIZE } from '../../declaration/limits.ts';
import {
  connectGroup,
  connectTopics,
  controlPrefix,
  RDS_CERTIFICATE,
  replicationRole,
  sinkGroups,
} from '../../declaration/names.ts';
import type { Pipeline } from '../../declaration/pipeline.ts';
import type { Secret } from '../../declaration/secret.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import { logGroup } from '../functions/logged-role.ts';
import type { KafkaCluster } from '../kafka/kafka-cluster.ts';
import { grantDataset } from '../kinds/dataset.ts';
import type { FollowedDatabase } from '../kinds/index.ts';
import { closedGroup, type Network } from '../network/network.ts';
import { rdsAuthority } from '../network/rds-authority.ts';
import type { AssetsFolder } from '../storage/assets-folder.ts';
import type { Catalog } from '../storage/catalog.ts';
import { allowKey } from '../storage/customer-key.ts';
import type { DataBucket } from '../storage/data-bucket.ts';
import { workerArchive } from './worker-archive.ts';
import { propertiesOf } from './worker-properties.ts';

/** Amazon's own images, from its own public registry: the command line of AWS, and the Java that the local worker has. */
const IMAGES = {
  bring: 'public.ecr.aws/aws-cli/aws-cli:2.15.0',
  run: 'public.ecr.aws/amazoncorretto/amazoncorretto:17.0.18-al2023',
};

const FOLDER = '/millrace';

/** Loads the archive, and lays each secret into a file that nobody else reads. */
const BRING = [
  'set -e',
  `cd ${FOLDER}`,
  'aws s3 cp --no-progress "$ARCHIVE" worker.zip',
  'umask 077',
  'mkdir secrets',
  'i=0; for name in $SECRETS; do eval "printf %s \\"\\$SECRET_$i\\"" > "secrets/$name"; i=$((i + 1)); done',
].join('\n');

const RUN = [
  'set -e',
  `cd ${FOLDER}`,
  'jar xf worker.zip',
  'rm worker.zip',
  'printf %s "$WORKER_PROPERTIES" > worker.properties',
  `printf %s "$RDS_AUTHORITY" > ${RDS_CERTIFICATE}`,
  'exec java -Xmx640m -XX:+ExitOnOutOfMemoryError -cp "libs/*" org.apache.kafka.connect.cli.ConnectDistributed worker.properties',
].join('\n');

export interface WorkerProps {
  readonly pipeline: Pipeline;
  readonly network: Network;
  readonly cluster: KafkaCluster;
  readonly assets: AssetsFolder;
  readonly bucket: DataBucket;
  /** Where tables of datasets are looked up. @default the environment keeps no datasets */
  readonly catalog: Catalog | undefined;
  /** Name of the zone in which it is to be found. */
  readonly zoneName: string;
  readonly logRetentionDays: number;
  /** The pipeline's own database, where its connectors follow it. @default none does */
  readonly followed: FollowedDatabase | undefined;
}

export class Worker extends Construct {
  readonly service: ecs.FargateService;
  readonly logGroup: LogGroup;
  /** Where its REST interface answers. */
  readonly url: string;

  constructor(scope: Construct, id: string, props: WorkerProps) {
    super(scope, id);
    const { pipeline, network, cluster, assets, zoneName } = props;
    const connectors = Object.values(pipeline.connectors ?? {});
    this.logGroup = logGroup(this, 'Logs', props.logRetentionDays);
    const role = new iam.Role(this, 'Role', {
      description: `Connectors of pipeline ${pipeline.name}`,
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    });
    const plugins = [...new Set(connectors.map(({ plugin }) => plugin))];
    const archive = new Asset(this, 'Archive', { path: workerArchive(plugins) });
    assets.grantRead(role);
    const topics = connectors.flatMap(({ writes }) => Object.values(writes).filter((thing) => thing instanceof Topic));
    const own = Object.entries(pipeline.connectors ?? {}).flatMap(([name, one]) => one.ownTopics(pipeline.name, name));
    cluster.grantConnect(role, {
      group: connectGroup(pipeline.name),
      internal: Object.values(connectTopics(pipeline.name)),
      writes: [...new Set([...topics, ...own].map(({ name }) => name))],
    });
    this.grantSinks(role, props);

    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: WORKER_SIZE.cpu,
      memoryLimitMiB: WORKER_SIZE.memoryMiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      taskRole: role,
      executionRole: new iam.Role(this, 'Execution', {
        assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
      }),
      // Storage of the task alone, which goes with it.
      volumes: [{ name: 'millrace' }],
    });
    acknowledge(task, {
      'AwsSolutions-ECS2':
        'The variables are addresses and settings; secrets come from Secrets Manager, to the container that writes them to files.',
    });
    allowKey(task.obtainExecutionRole() as iam.Role, props.followed?.key, 'readSecrets');
    const logging = ecs.LogDrivers.awsLogs({ logGroup: this.logGroup, streamPrefix: 'connect' });
    const shell = { entryPoint: ['sh', '-c'], logging };
    const secrets = {
      ...this.secretsOf(connectors.flatMap((one) => one.secrets)),
      // Its name has no dot, which each of the others has.
      ...(props.followed && {
        [replicationRole(pipeline.name)]: ecs.Secret.fromSecretsManager(props.followed.password),
      }),
    };
    const bring = task.addContainer('Bring', {
      ...shell,
      image: ecs.ContainerImage.fromRegistry(IMAGES.bring),
      command: [BRING],
      essential: false,
      environment: { ARCHIVE: archive.s3ObjectUrl, SECRETS: Object.keys(secrets).join(' ') },
      secrets: Object.fromEntries(Object.values(secrets).map((secret, index) => [`SECRET_${index}`, secret])),
    });
    const run = task.addContainer('Run', {
      ...shell,
      image: ecs.ContainerImage.fromRegistry(IMAGES.run),
      command: [RUN],
      portMappings: [{ containerPort: CONNECT_PORT }],
      environment: {
        WORKER_PROPERTIES: propertiesOf(pipeline.name, cluster.bootstrapServers),
        // A machine without the archive brings these.
        PLUGINS: plugins.join(' '),
        ...(props.followed && { RDS_AUTHORITY: rdsAuthority(this) }),
      },
      healthCheck: {
        command: ['CMD-SHELL', `curl -fs http://localhost:${CONNECT_PORT}/health || exit 1`],
        startPeriod: Duration.minutes(3),
      },
      stopTimeout: Duration.seconds(60),
    });
    run.addContainerDependencies({ container: bring, condition: ecs.ContainerDependencyCondition.SUCCESS });
    for (const container of [bring, run]) {
      container.addMountPoints({ containerPath: FOLDER, sourceVolume: 'millrace', readOnly: false });
    }

    const namespace = new PrivateDnsNamespace(this, 'Names', {
      name: `${pipeline.name}.connect.${zoneName}`,
      vpc: network.services,
    });
    const fargate = new ecs.Cluster(this, 'Cluster', {
      vpc: network.services,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    this.service = new ecs.FargateService(this, 'Service', {
      cluster: fargate,
      taskDefinition: task,
      desiredCount: 1,
      vpcSubnets: { subnets: network.services.privateSubnets },
      securityGroups: [network.connectSecurityGroup, this.outside(props)],
      circuitBreaker: { rollback: true },
      // The new task joins the old one's group and takes over its connectors.
      minHealthyPercent: 100,
      cloudMapOptions: {
        name: 'worker',
        cloudMapNamespace: namespace,
        dnsRecordType: DnsRecordType.A,
        dnsTtl: Duration.seconds(10),
      },
    });
    this.service.node.addDependency(role, task.obtainExecutionRole());
    this.url = `http://worker.${namespace.namespaceName}:${CONNECT_PORT}`;
  }

  /** Allows what connectors do that write datasets. */
  private grantSinks(role: iam.Role, props: WorkerProps): void {
    const { pipeline, cluster } = props;
    for (const [name, connector] of Object.entries(pipeline.connectors ?? {})) {
      if (!connector.dataset) continue;
      const control = connector.ownTopics(pipeline.name, name);
      cluster.grantSink(role, {
        reads: [...Object.values(connector.reads), ...control].map((topic) => topic.name),
        groups: sinkGroups(pipeline.name, name),
        prefix: controlPrefix(pipeline.name, name),
      });
      grantDataset(props, role, connector.dataset, 'write');
    }
  }

  /** By the files that connectors look for them in. */
  private secretsOf(secrets: readonly Secret[]): Record<string, ecs.Secret> {
    const named = new Map(secrets.map((secret) => [secret.name, secret.name]));
    const managed = new Map(
      [...named.keys()].map((name) => [name, ManagedSecret.fromSecretNameV2(this, `Secret-${name}`, name)]),
    );
    return Object.fromEntries(
      secrets.map(({ file, name, key }) => [file, ecs.Secret.fromSecretsManager(managed.get(name) as never, key)]),
    );
  }

  /** The way to databases that are not ours, each at its port: where they are is no more than a name here. */
  private outside({ pipeline, network }: WorkerProps): ec2.SecurityGroup {
    const group = closedGroup(
      this,
      'Outside',
      network.services,
      `Databases of connectors of pipeline ${pipeline.name}`,
    );
    const connectors = Object.values(pipeline.connectors ?? {});
    for (const port of new Set(connectors.flatMap((one) => one.databasePort ?? []))) {
      group.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.tcp(port), 'a database outside, by its name');
    }
    return group;
  }
}
