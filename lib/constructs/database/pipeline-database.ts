/** The database of a pipeline: an Aurora PostgreSQL cluster that grows and shrinks by itself, and that roles sign in to with tokens of IAM. */
import { ArnFormat, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import { Construct } from 'constructs';
import { DATABASE_OWNER } from '../../declaration/names.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
import { closedGroup, type Network } from '../network/network.ts';

export interface DatabaseSettings {
  /** Capacity units that it has at least; at 0 it pauses while nobody is connected. */
  readonly leastUnits: number;
  readonly mostUnits: number;
  /** Whether a second instance in another zone takes over. */
  readonly standby: boolean;
  readonly backupDays: number;
}

export interface PipelineDatabaseProps extends DatabaseSettings {
  readonly network: Network;
  readonly databaseName: string;
  /** Whether other programs may follow its changes; it then never pauses. */
  readonly logicalReplication: boolean;
  readonly removalPolicy: RemovalPolicy;
  /**
   * Key of what it holds. Another one replaces the cluster.
   * @default a key that AWS owns
   */
  readonly key: IKey | undefined;
}

/** Not PostgreSQL's usual port, which scanners try first. */
const PORT = 5433;
const ENGINE = 'aurora-postgresql';
/** The major version only: RDS upgrades the minor one by itself. */
const VERSION = '17';
const PAUSE_SECONDS = 300;
/** What one has that cannot pause. */
const LEAST_AWAKE = 0.5;
/** MB that a reader of changes may be behind before it is cut off: a disk that fills up would stop everybody. */
const KEPT_FOR_READERS = 20_480;

/** A cluster with one database. */
export class PipelineDatabase extends Construct {
  readonly host: string;
  readonly port: string;
  readonly alarms: readonly cloudwatch.Alarm[];
  private readonly cluster: rds.CfnDBCluster;

  constructor(scope: Construct, id: string, props: PipelineDatabaseProps) {
    super(scope, id);
    const { databaseName, logicalReplication, mostUnits } = props;
    const { services, sparkSecurityGroup, handlerSecurityGroup, connectSecurityGroup } = props.network;
    const keep = props.removalPolicy !== RemovalPolicy.DESTROY;
    const group = closedGroup(this, 'Group', services, `Database ${databaseName}`);
    const followers = logicalReplication ? [connectSecurityGroup] : [];
    for (const client of [sparkSecurityGroup, handlerSecurityGroup, ...followers]) {
      group.connections.allowFrom(client, ec2.Port.tcp(PORT), `database ${databaseName}`);
    }
    const subnets = new rds.CfnDBSubnetGroup(this, 'Subnets', {
      dbSubnetGroupDescription: `Database ${databaseName}`,
      subnetIds: services.isolatedSubnets.map(({ subnetId }) => subnetId),
    });
    const parameters = new rds.CfnDBClusterParameterGroup(this, 'Parameters', {
      description: `Database ${databaseName}`,
      family: `${ENGINE}${VERSION}`,
      parameters: {
        'rds.force_ssl': '1',
        ...(logicalReplication && { 'rds.logical_replication': '1', max_slot_wal_keep_size: String(KEPT_FOR_READERS) }),
      },
    });
    this.cluster = new rds.CfnDBCluster(this, 'Cluster', {
      engine: ENGINE,
      engineVersion: VERSION,
      databaseName,
      port: PORT,
      dbSubnetGroupName: subnets.ref,
      dbClusterParameterGroupName: parameters.ref,
      vpcSecurityGroupIds: [group.securityGroupId],
      // Its owner signs in with tokens too: nowhere is there a password.
      masterUsername: DATABASE_OWNER,
      masterUserAuthenticationType: 'iam-db-auth',
      enableIamDatabaseAuthentication: true,
      serverlessV2ScalingConfiguration: scaling(props),
      storageEncrypted: true,
      kmsKeyId: props.key?.keyArn,
      backupRetentionPeriod: props.backupDays,
      copyTagsToSnapshot: true,
      deletionProtection: keep,
    });
    this.cluster.applyRemovalPolicy(keep ? RemovalPolicy.SNAPSHOT : RemovalPolicy.DESTROY);
    this.host = this.cluster.attrEndpointAddress;
    this.port = this.cluster.attrEndpointPort;
    for (const name of props.standby ? ['First', 'Second'] : ['First']) this.instance(name);
    this.alarms = [
      this.alarm(
        'Units',
        'ACUUtilization',
        90,
        `has used nine tenths of its ${mostUnits} units for a quarter of an hour`,
      ),
      ...(logicalReplication
        ? [
            this.alarm(
              'Slots',
              'OldestReplicationSlotLag',
              (KEPT_FOR_READERS / 2) * 1024 ** 2,
              'keeps changes for a reader that is far behind',
            ),
          ]
        : []),
    ];
    if (keep) return;
    acknowledge(this.cluster, { 'AwsSolutions-RDS10': 'A disposable environment is deleted with one command.' });
  }

  /** Allows to sign in as one user. */
  grantConnect(role: iam.Role, user: string): void {
    const resourceName = `${this.cluster.attrDbClusterResourceId}/${user}`;
    const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
    const resource = Stack.of(this).formatArn({ service: 'rds-db', resource: 'dbuser', resourceName, arnFormat });
    allow(role, ['rds-db:connect'], [resource]);
  }

  private instance(name: string): void {
    const instance = new rds.CfnDBInstance(this, name, {
      dbClusterIdentifier: this.cluster.ref,
      dbInstanceClass: 'db.serverless',
      engine: ENGINE,
      publiclyAccessible: false,
      autoMinorVersionUpgrade: true,
      caCertificateIdentifier: 'rds-ca-rsa2048-g1',
    });
    // It holds nothing: the cluster does.
    instance.applyRemovalPolicy(RemovalPolicy.DESTROY);
  }

  private alarm(name: string, metricName: string, threshold: number, what: string): cloudwatch.Alarm {
    const metric = new cloudwatch.Metric({
      namespace: 'AWS/RDS',
      metricName,
      dimensionsMap: { DBClusterIdentifier: this.cluster.ref },
      statistic: 'Maximum',
    });
    return metric.createAlarm(this, name, {
      alarmDescription: `Database ${this.cluster.databaseName} ${what}. See docs/runbook.md.`,
      threshold,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: 3,
      // One that pauses says nothing.
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
  }
}

function scaling({ leastUnits, mostUnits, logicalReplication }: PipelineDatabaseProps) {
  const minCapacity = logicalReplication ? Math.max(leastUnits, LEAST_AWAKE) : leastUnits;
  return {
    minCapacity,
    maxCapacity: mostUnits,
    ...(minCapacity === 0 && { secondsUntilAutoPause: PAUSE_SECONDS }),
  };
}
