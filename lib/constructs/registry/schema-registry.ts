/** Apicurio Registry on ECS Fargate behind an internal load balancer, with PostgreSQL on RDS. */
import { CfnParameter, Duration } from 'aws-cdk-lib';
import type * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { logGroup } from '../functions/logged-role.ts';
import { closedGroup } from '../network/network.ts';
import { API_PORT, MANAGEMENT_PORT, RegistryBalancer, type RegistryBalancerProps } from './registry-balancer.ts';
import { RegistryDatabase, type RegistryDatabaseProps } from './registry-database.ts';
import { RegistryRestart } from './registry-restart.ts';

export interface SchemaRegistryProps extends RegistryDatabaseProps, Omit<RegistryBalancerProps, 'service'> {
  readonly tasks: number;
  /** Fargate units of one task. */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** JDBC connections of one task. */
  readonly databaseConnections: number;
  readonly logRetentionDays: number;
}

/** The release that the local run starts too; `jgo.toml` names the same. */
export const REGISTRY_VERSION = '3.3.3';

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
    const { logRetentionDays } = props;
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
    const task = new ecs.FargateTaskDefinition(this, 'Task', {
      cpu: props.cpu,
      memoryLimitMiB: props.memoryMiB,
      runtimePlatform: {
        cpuArchitecture: ecs.CpuArchitecture.ARM64,
        operatingSystemFamily: ecs.OperatingSystemFamily.LINUX,
      },
      executionRole: new iam.Role(this, 'Execution', {
        assumedBy: new iam.ServicePrincipal('ecs-tasks.amazonaws.com'),
      }),
    });
    task.addContainer('Registry', {
      // From the public registry, through the NAT gateway: docs/decisions/0010-registry-image-and-way-out.md.
      image: ecs.ContainerImage.fromRegistry(`apicurio/apicurio-registry:${REGISTRY_VERSION}`),
      portMappings: [{ containerPort: API_PORT }, { containerPort: MANAGEMENT_PORT }],
      logging: ecs.LogDrivers.awsLogs({ logGroup: group, streamPrefix: 'registry' }),
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
    database.allowFrom(service);
    return service;
  }
}
