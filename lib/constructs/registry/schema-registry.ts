/**
 * Apicurio Registry on ECS Fargate behind an internal load balancer, with PostgreSQL on RDS: the network and the sizes
 * come in, the registry's addresses go out. Called by the streaming stack.
 */
import { CfnParameter, Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import type { Network } from '../network/network.ts';
import { RegistryBalancer } from './registry-balancer.ts';
import { RegistryDatabase, type RegistryDatabaseProps } from './registry-database.ts';
import { RegistryRestart } from './registry-restart.ts';

export interface SchemaRegistryProps {
  readonly network: Network;
  /** How many tasks run at once. */
  readonly tasks: number;
  /** Fargate units of one task. */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** JDBC connections of one task. */
  readonly databaseConnections: number;
  readonly databaseSize: RegistryDatabaseProps['size'];
  readonly databaseMultiZone: boolean;
  readonly backupDays: number;
  /**
   * ARN of a certificate for `registry.<zone>`.
   * @default none: callers use HTTP inside the two VPCs
   */
  readonly certificateArn?: string;
  /** Where the load balancer's access logs go. */
  readonly accessLogs: IBucket;
  readonly removalPolicy: RemovalPolicy;
  readonly logRetentionDays: number;
}

/** The release that the local run starts too; `jgo.toml` names the same. */
export const REGISTRY_VERSION = '3.3.3';

/** Port of the registry's API. */
const API_PORT = 8080;

/** Health and metrics have a port of their own since Apicurio Registry 3.2. */
const MANAGEMENT_PORT = 9000;

/** The registry and its addresses. */
export class SchemaRegistry extends Construct {
  /**
   * Address at which jobs read. A deployment parameter whose default is the private name, so that the same template
   * can be deployed to a machine where the registry listens elsewhere.
   */
  readonly url: string;
  /** Address at which handlers register schemas; a deployment parameter like the other. */
  readonly writeUrl: string;
  /** Fire when the registry is not healthy, or its database is nearly full. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: SchemaRegistryProps) {
    super(scope, id);
    const { network, logRetentionDays } = props;
    const database = new RegistryDatabase(this, 'Database', {
      network,
      size: props.databaseSize,
      multiZone: props.databaseMultiZone,
      backupDays: props.backupDays,
      removalPolicy: props.removalPolicy,
    });
    const cluster = new ecs.Cluster(this, 'Cluster', {
      vpc: network.services,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    const service = this.createService(props, cluster, database);
    const balancer = new RegistryBalancer(this, 'Balancer', {
      network,
      service,
      apiPort: API_PORT,
      managementPort: MANAGEMENT_PORT,
      accessLogs: props.accessLogs,
      ...(props.certificateArn ? { certificateArn: props.certificateArn } : {}),
    });
    new RegistryRestart(this, 'Restart', { cluster, service, secret: database.secret, logRetentionDays });
    this.alarms = [balancer.healthAlarm(), database.storageAlarm()];
    this.url = this.address('RegistryUrl', balancer.readUrl, 'for those who read');
    this.writeUrl = this.address('RegistryWriteUrl', balancer.writeUrl, 'for those who register schemas');
  }

  private address(name: string, value: string, forWhom: string): string {
    const url = new CfnParameter(this, name, {
      default: value,
      allowedPattern: 'https?://[a-z0-9.-]+:\\d{2,5}',
      description: `Address of the schema registry ${forWhom}. Keep the default on AWS.`,
    });
    url.overrideLogicalId(name);
    return url.valueAsString;
  }

  private createService(
    props: SchemaRegistryProps,
    cluster: ecs.Cluster,
    database: RegistryDatabase,
  ): ecs.FargateService {
    const { network } = props;
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const ecsTasks = new iam.ServicePrincipal('ecs-tasks.amazonaws.com');
    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: props.cpu,
      memoryLimitMiB: props.memoryMiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      executionRole: new iam.Role(this, 'Execution', { assumedBy: ecsTasks }),
    });
    task.addContainer('Registry', {
      // From the public registry, through the NAT gateway: docs/decisions/0010-registry-image-and-way-out.md.
      image: ecs.ContainerImage.fromRegistry(`apicurio/apicurio-registry:${REGISTRY_VERSION}`),
      portMappings: [{ containerPort: API_PORT }, { containerPort: MANAGEMENT_PORT }],
      logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: 'registry' }),
      environment: {
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_STORAGE_SQL_KIND: 'postgresql',
        APICURIO_DATASOURCE_URL: database.jdbcUrl,
        APICURIO_DATASOURCE_USERNAME: database.userName,
        // The pool keeps 20 connections unless told otherwise, more than a small database should hold.
        APICURIO_DATASOURCE_JDBC_INITIAL_SIZE: '2',
        APICURIO_DATASOURCE_JDBC_MIN_SIZE: '2',
        APICURIO_DATASOURCE_JDBC_MAX_SIZE: String(props.databaseConnections),
      },
      secrets: { APICURIO_DATASOURCE_PASSWORD: ecs.Secret.fromSecretsManager(database.secret, 'password') },
    });
    acknowledge(task, {
      rule: 'AwsSolutions-ECS2',
      reason: 'The variables are addresses and sizes; the password comes from Secrets Manager.',
      until: 'never',
    });
    const group = new ec2.SecurityGroup(this, 'TaskGroup', {
      vpc: network.services,
      description: 'Tasks of the registry',
      allowAllOutbound: false,
    });
    group.addEgressRule(
      ec2.Peer.anyIpv4(),
      ec2.Port.HTTPS,
      'image, secret and logs through the NAT gateway: their hosts have no fixed addresses',
    );
    const service = new ecs.FargateService(this, 'Service', {
      cluster,
      taskDefinition: task,
      desiredCount: props.tasks,
      vpcSubnets: { subnets: network.services.privateSubnets },
      securityGroups: [group],
      circuitBreaker: { rollback: true },
      // New tasks have to be healthy before old ones go.
      minHealthyPercent: 100,
      healthCheckGracePeriod: Duration.minutes(3),
    });
    database.allowFrom(service);
    return service;
  }
}
