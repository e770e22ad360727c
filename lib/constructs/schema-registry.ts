/**
 * Apicurio Registry on ECS Fargate behind an internal load balancer, with PostgreSQL on RDS: the network and the sizes
 * come in, the registry's address goes out. Called by the streaming stack.
 */
import { CfnParameter, Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as ecs from 'aws-cdk-lib/aws-ecs';
import * as elb from 'aws-cdk-lib/aws-elasticloadbalancingv2';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as rds from 'aws-cdk-lib/aws-rds';
import * as route53 from 'aws-cdk-lib/aws-route53';
import { LoadBalancerTarget } from 'aws-cdk-lib/aws-route53-targets';
import { Construct } from 'constructs';
import type { Network } from './network.ts';

export interface SchemaRegistryProps {
  readonly network: Network;
  /** Fargate units of one task. */
  readonly cpu: number;
  readonly memoryMiB: number;
  /** JDBC connections of one task. */
  readonly databaseConnections: number;
  readonly databaseMultiZone: boolean;
  readonly removalPolicy: RemovalPolicy;
  readonly logRetention: logs.RetentionDays;
}

/** The release that the local run starts too; `jgo.toml` names the same. */
export const REGISTRY_VERSION = '3.3.3';

/** Port of the registry's API. */
export const REGISTRY_PORT = 8080;

/** Health and metrics have a port of their own since Apicurio Registry 3.2. */
const MANAGEMENT_PORT = 9000;

/** Not PostgreSQL's usual port, which scanners try first. */
const DATABASE_PORT = 5433;

/** The registry and its address. */
export class SchemaRegistry extends Construct {
  /**
   * Address of the registry. A deployment parameter whose default is the private name, so that the same template can
   * be deployed to a machine where the registry listens elsewhere.
   */
  readonly url: string;

  constructor(scope: Construct, id: string, props: SchemaRegistryProps) {
    super(scope, id);
    const { network } = props;
    const vpc = network.services;
    const database = this.createDatabase(props);
    const service = this.createService(props, database);

    const balancerGroup = new ec2.SecurityGroup(this, 'BalancerGroup', {
      vpc,
      description: 'Load balancer of the registry',
      allowAllOutbound: false,
    });
    for (const [client, who] of [
      [network.sparkSecurityGroup, 'jobs'],
      [network.handlerSecurityGroup, 'handlers'],
    ] as const) {
      balancerGroup.connections.allowFrom(client, ec2.Port.tcp(REGISTRY_PORT), `registry from ${who}`);
    }
    const balancer = new elb.ApplicationLoadBalancer(this, 'Balancer', {
      vpc,
      internetFacing: false,
      securityGroup: balancerGroup,
      vpcSubnets: { subnets: vpc.privateSubnets },
      dropInvalidHeaderFields: true,
    });
    const listener = balancer.addListener('Api', {
      port: REGISTRY_PORT,
      protocol: elb.ApplicationProtocol.HTTP,
      open: false,
    });
    listener.addTargets('Registry', {
      port: REGISTRY_PORT,
      protocol: elb.ApplicationProtocol.HTTP,
      targets: [service],
      deregistrationDelay: Duration.seconds(30),
      healthCheck: { path: '/health/ready', port: String(MANAGEMENT_PORT) },
    });
    service.connections.allowFrom(balancerGroup, ec2.Port.tcp(MANAGEMENT_PORT), 'health check');
    const record = new route53.ARecord(this, 'Name', {
      zone: network.zone,
      recordName: 'registry',
      target: route53.RecordTarget.fromAlias(new LoadBalancerTarget(balancer)),
    });
    record.node.addDependency(service);

    const url = new CfnParameter(this, 'Url', {
      default: `http://registry.${network.zone.zoneName}:${REGISTRY_PORT}`,
      allowedPattern: 'https?://[a-z0-9.-]+:\\d{2,5}',
      description: 'Address of the schema registry as its clients see it. Keep the default on AWS.',
    });
    url.overrideLogicalId('RegistryUrl');
    this.url = url.valueAsString;
  }

  private createDatabase(props: SchemaRegistryProps): rds.DatabaseInstance {
    return new rds.DatabaseInstance(this, 'Database', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17 }),
      instanceType: ec2.InstanceType.of(ec2.InstanceClass.T4G, ec2.InstanceSize.MICRO),
      vpc: props.network.services,
      vpcSubnets: { subnets: props.network.services.privateSubnets },
      port: DATABASE_PORT,
      databaseName: 'registry',
      // RDS makes the password and rotates it; no template ever holds it.
      credentials: rds.Credentials.fromUsername('registry'),
      manageMasterUserPassword: true,
      storageEncrypted: true,
      multiAz: props.databaseMultiZone,
      allocatedStorage: 20,
      maxAllocatedStorage: 100,
      backupRetention: Duration.days(7),
      deletionProtection: props.removalPolicy === RemovalPolicy.RETAIN,
      removalPolicy: props.removalPolicy === RemovalPolicy.RETAIN ? RemovalPolicy.SNAPSHOT : props.removalPolicy,
      autoMinorVersionUpgrade: true,
    });
  }

  private createService(props: SchemaRegistryProps, database: rds.DatabaseInstance): ecs.FargateService {
    const vpc = props.network.services;
    const logGroup = new logs.LogGroup(this, 'Logs', {
      retention: props.logRetention,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const cluster = new ecs.Cluster(this, 'Cluster', { vpc, containerInsightsV2: ecs.ContainerInsights.ENABLED });
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
    if (!database.secret) throw new Error('The database has no managed secret: keep manageMasterUserPassword.');
    task.addContainer('Registry', {
      image: ecs.ContainerImage.fromRegistry(`apicurio/apicurio-registry:${REGISTRY_VERSION}`),
      portMappings: [{ containerPort: REGISTRY_PORT }, { containerPort: MANAGEMENT_PORT }],
      logging: ecs.LogDrivers.awsLogs({ logGroup, streamPrefix: 'registry' }),
      environment: {
        APICURIO_STORAGE_KIND: 'sql',
        APICURIO_STORAGE_SQL_KIND: 'postgresql',
        APICURIO_DATASOURCE_URL: `jdbc:postgresql://${database.dbInstanceEndpointAddress}:${DATABASE_PORT}/registry`,
        APICURIO_DATASOURCE_USERNAME: 'registry',
        // The pool keeps 20 connections unless told otherwise, more than a small database should hold.
        APICURIO_DATASOURCE_JDBC_INITIAL_SIZE: '2',
        APICURIO_DATASOURCE_JDBC_MIN_SIZE: '2',
        APICURIO_DATASOURCE_JDBC_MAX_SIZE: String(props.databaseConnections),
      },
      secrets: { APICURIO_DATASOURCE_PASSWORD: ecs.Secret.fromSecretsManager(database.secret, 'password') },
    });
    const service = new ecs.FargateService(this, 'Service', {
      cluster,
      taskDefinition: task,
      desiredCount: 1,
      vpcSubnets: { subnets: vpc.privateSubnets },
      circuitBreaker: { rollback: true },
      minHealthyPercent: 100,
      healthCheckGracePeriod: Duration.minutes(2),
    });
    database.connections.allowFrom(service, ec2.Port.tcp(DATABASE_PORT), 'registry');
    return service;
  }
}
