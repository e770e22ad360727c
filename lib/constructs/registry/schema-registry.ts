/** Apicurio Registry on ECS Fargate behind an internal load balancer, with PostgreSQL on RDS. */
import { CfnParameter, Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { logGroup } from '../functions/logged-role.ts';
import { closedGroup } from '../network/network.ts';
import { allowKey } from '../storage/customer-key.ts';
import { API_PORT, MANAGEMENT_PORT, RegistryBalancer, type RegistryBalancerProps } from './registry-balancer.ts';
import { RegistryDatabase, type RegistryDatabaseProps } from './registry-database.ts';
import { RegistryImage } from './registry-image.ts';
import { RegistryRestart } from './registry-restart.ts';

export interface SchemaRegistryProps extends RegistryDatabaseProps, Omit<RegistryBalancerProps, 'service'> {
  /** First part of the name of the image's repository. */
  readonly imagePrefix: string;
  /**
   * Digest of the image.
   * @default the tag of the release as ECR first fetched it
   */
  readonly imageDigest?: string;
  readonly tasks: number;
  /** Fargate units of one task. */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** JDBC connections of one task. */
  readonly databaseConnections: number;
  readonly logRetentionDays: number;
}

/** Whoever reads need not say who he is; the user `writer` may do what a developer may, and nobody what an administrator may. */
const WRITERS = {
  QUARKUS_HTTP_AUTH_BASIC: 'true',
  QUARKUS_SECURITY_USERS_EMBEDDED_PLAIN_TEXT: 'true',
  QUARKUS_SECURITY_USERS_EMBEDDED_ROLES_WRITER: 'sr-developer',
  APICURIO_AUTH_ROLE_BASED_AUTHORIZATION: 'true',
  APICURIO_AUTH_ANONYMOUS_READ_ACCESS_ENABLED: 'true',
};

/** The registry and its addresses. */
export class SchemaRegistry extends Construct {
  /**
   * Address at which jobs read. A deployment parameter whose default is the private name, so that the same template
   * can be deployed to a machine where the registry listens elsewhere.
   */
  readonly url: string;
  /** Address at which handlers register schemas; a deployment parameter like the other. */
  readonly writeUrl: string;
  /** Password of whoever registers schemas; reading asks for none. */
  readonly writer: Secret;
  /** Fire when the registry is not healthy, or its database is nearly full. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: SchemaRegistryProps) {
    super(scope, id);
    const { logRetentionDays } = props;
    this.writer = new Secret(this, 'Writer', {
      description: 'Password of the functions that register schemas',
      generateSecretString: { excludePunctuation: true, passwordLength: 40 },
      encryptionKey: props.key && Key.fromKeyArn(this, 'Key', props.key.keyArn),
    });
    const another = 'The functions hold it as they were deployed: docs/decisions/0029-writers-of-the-registry.md.';
    acknowledge(this.writer, { 'AwsSolutions-SMG4': another });
    const database = new RegistryDatabase(this, 'Database', props);
    const cluster = new ecs.Cluster(this, 'Cluster', {
      vpc: props.network.services,
      containerInsightsV2: ecs.ContainerInsights.ENABLED,
    });
    const service = this.createService(props, cluster, database);
    const balancer = new RegistryBalancer(this, 'Balancer', { ...props, service });
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
    const { services } = props.network;
    const group = logGroup(this, 'Logs', props.logRetentionDays);
    const image = new RegistryImage(this, 'Image', { prefix: props.imagePrefix, digest: props.imageDigest });
    const executionRole = new iam.Role(this, 'Execution', {
      assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
    });
    image.grantFetch(executionRole);
    allowKey(executionRole, props.key, 'readSecrets');
    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: props.cpu,
      memoryLimitMiB: props.memoryMiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      executionRole,
    });
    task.addContainer('Registry', {
      image: image.image,
      portMappings: [{ containerPort: API_PORT }, { containerPort: MANAGEMENT_PORT }],
      logging: ecs.LogDrivers.awsLogs({ logGroup: group, streamPrefix: 'registry' }),
      environment: {
        ...WRITERS,
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_STORAGE_SQL_KIND: 'postgresql',
        ...database.environment,
        APICURIO_DATASOURCE_URL: database.jdbcUrl,
        APICURIO_DATASOURCE_USERNAME: database.userName,
        // The pool keeps 20 connections unless told otherwise, more than a small database should hold.
        APICURIO_DATASOURCE_JDBC_INITIAL_SIZE: '2',
        APICURIO_DATASOURCE_JDBC_MIN_SIZE: '2',
        APICURIO_DATASOURCE_JDBC_MAX_SIZE: String(props.databaseConnections),
      },
      secrets: {
        APICURIO_DATASOURCE_PASSWORD: ecs.Secret.fromSecretsManager(database.secret, 'password'),
        QUARKUS_SECURITY_USERS_EMBEDDED_USERS_WRITER: ecs.Secret.fromSecretsManager(this.writer),
      },
    });
    acknowledge(task, {
      'AwsSolutions-ECS2': 'The variables are addresses and sizes; the password comes from Secrets Manager.',
    });
    const tasks = closedGroup(this, 'TaskGroup', services, 'Tasks of the registry');
    const why = 'image, secret and logs through the NAT gateway: their hosts have no fixed addresses';
    tasks.addEgressRule(ec2.Peer.anyIpv4(), ec2.Port.HTTPS, why);
    const service = new ecs.FargateService(this, 'Service', {
      cluster,
      taskDefinition: task,
      desiredCount: props.tasks,
      vpcSubnets: { subnets: services.privateSubnets },
      securityGroups: [tasks],
      circuitBreaker: { rollback: true },
      // New tasks have to be healthy before old ones go.
      minHealthyPercent: 100,
      healthCheckGracePeriod: Duration.minutes(3),
    });
    // Or its first tasks ask for image and secrets before they may, and the circuit breaker counts.
    service.node.addDependency(executionRole);
    database.allowFrom(service);
    return service;
  }
}
