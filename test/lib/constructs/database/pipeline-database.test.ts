/** The database of a pipeline on AWS: how it is kept, who reaches it, and as whom. */
import { describe, expect, test } from 'vitest';
import type { Environment } from '../../../../config/environment.ts';
import { batch, connector, pipeline, postgres, table, topic } from '../../../../lib/declaration/index.ts';
import { RDS_CERTIFICATE } from '../../../../lib/declaration/names.ts';
import { at } from '../../../aws/support/json.ts';
import readings from '../../../readings/pipelines/readings/pipeline.ts';
import { resourcesOf, templatesOf } from '../../support/templates.ts';

/** The stacks of an environment with a pipeline whose jobs write and read a table, and, where it can be followed, a connector that follows it. */
function stacks(environment: Partial<Environment> = {}, logicalReplication = false) {
  const averages = table('averages', {
    database: postgres('readings', { logicalReplication }),
    key: ['station', 'hour'],
    columns: ['station', 'hour', 'average'],
    deletes: logicalReplication,
  });
  const jobs = {
    write: batch('send.py', { reads: {}, writes: { averages } }),
    look: batch('show.py', { reads: { averages }, writes: {} }),
    other: batch('average.py', { reads: {}, writes: {} }),
  };
  const changes = topic('readings.averages-changes', { partitions: 1, cleanup: 'compact' });
  const averageChanges = connector('debezium-postgres', {
    writes: { changes },
    tables: { changes: averages },
    config: {},
  });
  const connectors = logicalReplication && { connectors: { averageChanges } };
  const declared = { ...pipeline(import.meta.url, { description: 'A table.', jobs, ...connectors }), name: 'readings' };
  return templatesOf({ environment, pipelines: [{ ...declared, folders: readings.folders }] });
}

const kept: Partial<Environment> = {
  removal: 'retain',
  alarmEmail: 'alarms@example.com',
  databases: { leastUnits: 0, mostUnits: 4, standby: true, backupDays: 14 },
};
const { readings: disposable, network } = stacks();
const { readings: protectedOne } = stacks(kept, true);

const only = (template: typeof disposable, type: string) => {
  const [one, ...others] = Object.values(resourcesOf(template, type));
  expect(others).toEqual([]);
  return one ?? {};
};
const policyOf = (job: string): string => {
  const policies = Object.entries(resourcesOf(disposable, 'AWS::IAM::Policy'));
  return JSON.stringify(policies.filter(([id]) => id.startsWith(job)));
};

describe('a cluster', () => {
  test('pauses when nobody is connected, and goes with its stack where nothing is kept', () => {
    const [cluster] = Object.values(disposable?.findResources('AWS::RDS::DBCluster') ?? {});
    expect(cluster).toMatchObject({ DeletionPolicy: 'Delete', Properties: { DeletionProtection: false } });
    expect(cluster?.Properties.ServerlessV2ScalingConfiguration).toEqual({
      MinCapacity: 0,
      MaxCapacity: 2,
      SecondsUntilAutoPause: 300,
    });
    expect(Object.keys(resourcesOf(disposable, 'AWS::RDS::DBInstance'))).toHaveLength(1);
  });

  test('is of a major version, whose minor ones RDS upgrades by itself, and its snapshots say what they are of', () => {
    const of = { Engine: 'aurora-postgresql', EngineVersion: '17', CopyTagsToSnapshot: true };
    expect(only(disposable, 'AWS::RDS::DBCluster')).toMatchObject(of);
    expect(only(disposable, 'AWS::RDS::DBInstance')).toMatchObject({
      AutoMinorVersionUpgrade: true,
      PubliclyAccessible: false,
    });
  });

  test('is protected, leaves a snapshot and has a standby where data is kept', () => {
    const [cluster] = Object.values(protectedOne?.findResources('AWS::RDS::DBCluster') ?? {});
    expect(cluster).toMatchObject({
      DeletionPolicy: 'Snapshot',
      Properties: { DeletionProtection: true, BackupRetentionPeriod: 14 },
    });
    expect(Object.keys(resourcesOf(protectedOne, 'AWS::RDS::DBInstance'))).toHaveLength(2);
  });

  test('whose changes are followed never pauses, keeps no more for a reader than it can hold, and tells of one that is behind', () => {
    const { ServerlessV2ScalingConfiguration: scaling } = only(protectedOne, 'AWS::RDS::DBCluster');
    expect(scaling).toEqual({ MinCapacity: 0.5, MaxCapacity: 4 });
    const { Parameters: parameters } = only(protectedOne, 'AWS::RDS::DBClusterParameterGroup');
    expect(parameters).toEqual({
      'rds.force_ssl': '1',
      'rds.logical_replication': '1',
      max_slot_wal_keep_size: '20480',
    });
    expect(only(disposable, 'AWS::RDS::DBClusterParameterGroup').Parameters).toEqual({ 'rds.force_ssl': '1' });
    const alarmsOf = (template: typeof disposable) =>
      Object.values(resourcesOf(template, 'AWS::CloudWatch::Alarm'))
        .filter(({ Namespace }) => Namespace === 'AWS/RDS')
        .map(({ MetricName, AlarmActions }) => [MetricName, (AlarmActions as unknown[]).length]);
    expect(alarmsOf(disposable)).toEqual([['ACUUtilization', 1]]);
    expect(alarmsOf(protectedOne)).toEqual([
      ['ACUUtilization', 1],
      ['OldestReplicationSlotLag', 1],
    ]);
  });

  test('has no password: its owner signs in with tokens too', () => {
    const cluster = only(disposable, 'AWS::RDS::DBCluster');
    expect(cluster).toMatchObject({
      MasterUserAuthenticationType: 'iam-db-auth',
      EnableIAMDatabaseAuthentication: true,
    });
    expect(Object.keys(cluster).filter((name) => /Password|Secret/.test(name))).toEqual([]);
    expect(resourcesOf(disposable, 'AWS::SecretsManager::Secret')).toEqual({});
  });

  test('is reached by workers and by handlers, on its port, and its answers find back through the peering', () => {
    const ingress = Object.values(resourcesOf(disposable, 'AWS::EC2::SecurityGroupIngress'));
    expect(ingress.map(({ FromPort, ToPort }) => [FromPort, ToPort])).toEqual([
      [5433, 5433],
      [5433, 5433],
    ]);
    const egress = Object.values(resourcesOf(disposable, 'AWS::EC2::SecurityGroupEgress'));
    expect(egress.map(({ GroupId }) => JSON.stringify(GroupId)).sort()).toEqual([
      expect.stringContaining('NetworkHandlers'),
      expect.stringContaining('NetworkSpark'),
    ]);
    const routes = Object.keys(resourcesOf(network, 'AWS::EC2::Route')).filter((id) => id.includes('BackToAnalytics'));
    expect(routes).toHaveLength(2);
  });
});

describe('a connector', () => {
  test('finds the database by what made it, and believes it by the certificate of RDS alone', () => {
    const [connectors] = Object.values(resourcesOf(protectedOne, 'Custom::KafkaConnectors'));
    const config = at(connectors, 'Connectors.0.Config') as Record<string, unknown>;
    const made = (part: string) => ({ 'Fn::GetAtt': [expect.stringMatching(/^Contracts/), part] });
    expect(Object.fromEntries(Object.entries(config).filter(([name]) => /host|port|ssl/.test(name)))).toEqual({
      'database.hostname': made('Endpoint.Address'),
      'database.port': made('Endpoint.Port'),
      'database.sslmode': made('SslMode'),
      'database.sslrootcert': RDS_CERTIFICATE,
    });
  });

  test('signs in with a password of forty letters and digits', () => {
    expect(only(protectedOne, 'AWS::SecretsManager::Secret').GenerateSecretString).toEqual({
      ExcludePunctuation: true,
      PasswordLength: 40,
    });
  });
});

describe('a job', () => {
  test('may sign in as its own user, and a job without tables as none', () => {
    expect(policyOf('Jobwrite')).toMatch(/"rds-db:connect"[^}]*\}.*DBClusterResourceId"\]\},"\/readings_write"/);
    expect(policyOf('Joblook')).toContain('"/readings_look"');
    expect(policyOf('Joblook')).not.toContain('readings_write');
    expect(policyOf('Jobother')).not.toContain('rds-db');
    expect(policyOf('ContractsTablesHandlerRole')).toContain('"/millrace"');
  });

  test('is told where the database is, and has its driver and the certificates of RDS', () => {
    const parameter = JSON.stringify(only(disposable, 'AWS::SSM::Parameter').Value);
    expect(parameter).toMatch(/databases.*readings.*"Fn::GetAtt":\["ContractsTables\w+","Url"\]/);
    const machine = JSON.stringify(resourcesOf(disposable, 'AWS::StepFunctions::StateMachine'));
    const shipped = [...machine.matchAll(/--jars(.*?)--conf/g)].map(
      ([, jars = '']) => jars.match(/\.jar/g)?.length ?? 0,
    );
    const [write = 0] = shipped;
    expect(shipped).toEqual([write, write, write - 3]);
  });

  test('may delete rows of a table only where it is declared so', () => {
    const deletesOf = (template: typeof disposable) =>
      Object.values(resourcesOf(template, 'Custom::Tables')).map(({ Tables }) => at(Tables, '0.Deletes'));
    expect(deletesOf(disposable)).toEqual([undefined]);
    expect(deletesOf(protectedOne)).toEqual(['true']);
  });

  test('finds roles, tables and migrations in one resource, which comes after all that the database is made of', () => {
    const [tables] = Object.values(disposable?.findResources('Custom::Tables') ?? {});
    expect(tables?.Properties).toMatchObject({
      Database: 'readings',
      Pipeline: 'readings',
      People: 'readings_sql',
      Tables: [{ Name: 'averages', Columns: ['station', 'hour', 'average'], Key: ['station', 'hour'] }],
      Roles: [
        { Name: 'readings_write', Reads: [], Writes: ['averages'] },
        { Name: 'readings_look', Reads: ['averages'], Writes: [] },
      ],
      Migrations: [{ Name: '001-averages.sql', Sql: expect.stringContaining('CREATE TABLE averages') }],
    });
    const waits = [tables?.DependsOn].flat();
    const made = ['AWS::RDS::DBInstance', 'AWS::EC2::SecurityGroupIngress', 'AWS::EC2::SecurityGroupEgress'].flatMap(
      (type) => Object.keys(resourcesOf(disposable, type)),
    );
    expect(made).toHaveLength(5);
    for (const id of made) expect(waits).toContain(id);
  });
});
