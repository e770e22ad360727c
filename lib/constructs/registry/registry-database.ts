/**
 * The registry's database, PostgreSQL on RDS: network, size and what becomes of it come in; the address for JDBC and the
 * secret of its password go out. Called by the registry's construct.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import type { Network } from '../network/network.ts';

export interface RegistryDatabaseProps {
  readonly network: Network;
  /** Size of a db.t4g instance. */
  readonly size: 'micro' | 'small' | 'medium';
  /** Whether a standby in another zone takes over. */
  readonly multiZone: boolean;
  readonly backupDays: number;
  readonly removalPolicy: RemovalPolicy;
}

/** Not PostgreSQL's usual port, which scanners try first. */
const DATABASE_PORT = 5433;

/** Name of the database, and of the user that owns it. */
const NAME = 'registry';

/** A database that holds every schema. */
export class RegistryDatabase extends Construct {
  readonly userName = NAME;
  readonly secret: ISecret;
  readonly jdbcUrl: string;
  readonly instance: rds.DatabaseInstance;

  constructor(scope: Construct, id: string, props: RegistryDatabaseProps) {
    super(scope, id);
    const keep = props.removalPolicy === RemovalPolicy.RETAIN;
    const { services } = props.network;
    const group = new ec2.SecurityGroup(this, 'Group', {
      vpc: services,
      description: 'Database of the registry',
      allowAllOutbound: false,
    });
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: rds.PostgresEngineVersion.VER_17_9 }),
      instanceType: new ec2.InstanceType(`t4g.${props.size}`),
      vpc: services,
      vpcSubnets: { subnets: services.isolatedSubnets },
      securityGroups: [group],
      port: DATABASE_PORT,
      databaseName: NAME,
      // RDS makes the password and rotates it every week; no template ever holds it.
      credentials: rds.Credentials.fromUsername(NAME),
      manageMasterUserPassword: true,
      storageEncrypted: true,
      storageType: rds.StorageType.GP3,
      multiAz: props.multiZone,
      allocatedStorage: 20,
      maxAllocatedStorage: 100,
      backupRetention: Duration.days(props.backupDays),
      deletionProtection: keep,
      removalPolicy: keep ? RemovalPolicy.SNAPSHOT : props.removalPolicy,
      deleteAutomatedBackups: !keep,
      copyTagsToSnapshot: true,
      autoMinorVersionUpgrade: true,
    });
    if (!this.instance.secret) throw new Error('The database has no managed secret: keep manageMasterUserPassword.');
    this.secret = this.instance.secret;
    this.jdbcUrl = `jdbc:postgresql://${this.instance.dbInstanceEndpointAddress}:${DATABASE_PORT}/${NAME}?sslmode=require`;
    if (!keep) {
      acknowledge(
        this.instance,
        {
          rule: 'AwsSolutions-RDS3',
          reason: 'A disposable environment: its schemas are registered again by a deployment.',
          until: 'the environment is to be kept.',
        },
        {
          rule: 'AwsSolutions-RDS10',
          reason: 'A disposable environment is deleted with one command.',
          until: 'the environment is to be kept.',
        },
      );
    }
  }

  /** Allows connections from these, and nobody else. */
  allowFrom(other: ec2.IConnectable): void {
    this.instance.connections.allowFrom(other, ec2.Port.tcp(DATABASE_PORT), 'registry');
  }

  /** Fires when less than 2 GiB are left, with growth switched off by its maximum. */
  storageAlarm(): cloudwatch.Alarm {
    return this.instance.metricFreeStorageSpace({ period: Duration.minutes(5) }).createAlarm(this, 'Storage', {
      alarmDescription: "The registry's database has less than 2 GiB left. See docs/runbook.md.",
      threshold: 2 * 1024 ** 3,
      comparisonOperator: cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: 3,
      treatMissingData: cloudwatch.TreatMissingData.MISSING,
    });
  }
}
