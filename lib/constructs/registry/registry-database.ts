/** The registry's database, PostgreSQL on RDS. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { closedGroup, type Network } from '../network/network.ts';

export interface RegistryDatabaseProps {
  readonly network: Network;
  /** Size of a db.t4g instance. */
  readonly databaseSize: 'micro' | 'small' | 'medium';
  /** Whether a standby in another zone takes over. */
  readonly databaseMultiZone: boolean;
  readonly backupDays: number;
  readonly removalPolicy: RemovalPolicy;
}

/** Not PostgreSQL's usual port, which scanners try first. */
const DATABASE_PORT = 5433;

/** The major version only: RDS upgrades the minor one by itself, and a template that names it would ask for the old one again. */
const POSTGRES = rds.PostgresEngineVersion.of('17', '17');

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
    const group = closedGroup(this, 'Group', services, 'Database of the registry');
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: POSTGRES }),
      instanceType: new ec2.InstanceType(`t4g.${props.databaseSize}`),
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
      multiAz: props.databaseMultiZone,
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
    // No `verify-full`: the authority that signs for RDS is in no trust store of the registry's image, and a task of Fargate cannot mount one.
    this.jdbcUrl = `jdbc:postgresql://${this.instance.dbInstanceEndpointAddress}:${DATABASE_PORT}/${NAME}?sslmode=require`;
    if (keep) return;
    acknowledge(this.instance, {
      'AwsSolutions-RDS3': 'A disposable environment: its schemas are registered again by a deployment.',
      'AwsSolutions-RDS10': 'A disposable environment is deleted with one command.',
    });
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
