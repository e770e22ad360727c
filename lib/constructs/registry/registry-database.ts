/** The registry's database, PostgreSQL on RDS. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as rds from 'aws-cdk-lib/aws-rds';
import type { ISecret } from 'aws-cdk-lib/aws-secretsmanager';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { closedGroup, type Network } from '../network/network.ts';
import { rdsAuthority } from '../network/rds-authority.ts';

export interface RegistryDatabaseProps {
  readonly network: Network;
  /** Size of a db.t4g instance. */
  readonly databaseSize: 'micro' | 'small' | 'medium';
  /** Whether a standby in another zone takes over. */
  readonly databaseMultiZone: boolean;
  readonly backupDays: number;
  readonly removalPolicy: RemovalPolicy;
  /**
   * Key of the database, of its backups and of its password. Another one replaces the database.
   * @default keys that AWS manages
   */
  readonly key?: kms.IKey;
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
  /** Variables that the driver reads when it connects. */
  readonly environment: Readonly<Record<string, string>>;
  readonly instance: rds.DatabaseInstance;

  constructor(scope: Construct, id: string, props: RegistryDatabaseProps) {
    super(scope, id);
    const keep = props.removalPolicy !== RemovalPolicy.DESTROY;
    const { services } = props.network;
    const group = closedGroup(this, 'Group', services, 'Database of the registry');
    // By its ARN: the secret would put the reader's role into the policy of the key, which is deployed before it.
    const key = props.key && kms.Key.fromKeyArn(this, 'Key', props.key.keyArn);
    this.instance = new rds.DatabaseInstance(this, 'Instance', {
      engine: rds.DatabaseInstanceEngine.postgres({ version: POSTGRES }),
      instanceType: new ec2.InstanceType(`t4g.${props.databaseSize}`),
      vpc: services,
      vpcSubnets: { subnets: services.isolatedSubnets },
      securityGroups: [group],
      port: DATABASE_PORT,
      databaseName: NAME,
      // RDS makes the password and rotates it every week; no template ever holds it.
      credentials: rds.Credentials.fromUsername(NAME, { encryptionKey: key }),
      manageMasterUserPassword: true,
      storageEncrypted: true,
      storageEncryptionKey: key,
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
      caCertificate: rds.CaCertificate.RDS_CA_RSA2048_G1,
    });
    if (!this.instance.secret) throw new Error('The database has no managed secret: keep manageMasterUserPassword.');
    this.secret = this.instance.secret;
    // The driver trusts one authority, which it takes from a variable: a task of Fargate cannot mount a file.
    const factory = 'sslfactory=org.postgresql.ssl.SingleCertValidatingFactory&sslfactoryarg=env:RDS_AUTHORITY';
    const endpoint = `${this.instance.dbInstanceEndpointAddress}:${DATABASE_PORT}`;
    this.jdbcUrl = `jdbc:postgresql://${endpoint}/${NAME}?sslmode=verify-full&${factory}`;
    this.environment = { RDS_AUTHORITY: rdsAuthority(this) };
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
