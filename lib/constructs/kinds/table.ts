/** Tables: the database of a pipeline, and one custom resource that applies its migrations and makes the roles of its jobs. */
import { join } from 'node:path';
import { CustomResource, RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Secret } from 'aws-cdk-lib/aws-secretsmanager';
import type { Construct } from 'constructs';
import { zipSync } from 'fflate';
import { databaseOf, tablesOf, usesOf } from '../../declaration/flow.ts';
import { PEOPLE, type Table } from '../../declaration/kinds/table.ts';
import { migrationsIn } from '../../declaration/migrations.ts';
import {
  connectorSlot,
  DATABASE_OWNER,
  databaseRole,
  RDS_CERTIFICATE,
  rdsAuthorityFile,
  replicationRole,
} from '../../declaration/names.ts';
import type { Pipeline } from '../../declaration/pipeline.ts';
import { PipelineDatabase } from '../database/pipeline-database.ts';
import { acknowledge } from '../functions/acknowledge.ts';
import { BUILD, writeIfChanged } from '../functions/handler-bundle.ts';
import { HandlerProvider } from '../functions/handler-provider.ts';
import { rdsAuthorities, rdsAuthority } from '../network/rds-authority.ts';
import type { FollowedDatabase, Grant, Kind, KindProps } from './index.ts';

/** Folder of `build` with an archive of the certificates by which jobs know RDS. */
const AUTHORITIES = 'rds-authority';

export default function tables(scope: Construct, props: KindProps): Kind {
  const { pipeline, network, databases, key, removalPolicy, logRetentionDays } = props;
  const declared = databaseOf(pipeline);
  if (!declared || !databases) throw new Error(`The environment has no databases for pipeline ${pipeline.name}.`);
  const { name, logicalReplication } = declared;
  const database = new PipelineDatabase(scope, 'Database', {
    ...databases,
    network,
    databaseName: name,
    logicalReplication,
    removalPolicy,
    key,
  });
  const publications = publicationsOf(pipeline);
  const password = publications.length > 0 ? replicationPassword(scope, props) : undefined;
  const provider = new HandlerProvider(scope, 'TablesHandler', {
    folder: 'tables',
    description: `Tables of pipeline ${pipeline.name}`,
    placement: network.handlers,
    environment: {
      RDS_AUTHORITY: rdsAuthority(scope),
      // A reference, which CloudFormation resolves: nothing lets this function out of the VPC to ask for the secret.
      ...(password && { REPLICATION_PASSWORD: password.secretValue.unsafeUnwrap() }),
    },
    logRetentionDays,
  });
  database.grantConnect(provider.role, DATABASE_OWNER);
  const resource = new CustomResource(scope, 'Tables', {
    resourceType: 'Custom::Tables',
    serviceToken: provider.serviceToken,
    // What is in a database goes with the cluster, or stays with it.
    removalPolicy: RemovalPolicy.DESTROY,
    properties: {
      Host: database.host,
      Port: database.port,
      Database: name,
      User: DATABASE_OWNER,
      Pipeline: pipeline.name,
      Migrations: migrationsIn(pipeline.folders.declaration).map((one) => ({ Name: one.name, Sql: one.sql })),
      Tables: Object.values(tablesOf(pipeline)).map((table) => ({
        Name: table.name,
        Columns: table.props.columns,
        Key: table.props.key,
        ...(table.props.deletes && { Deletes: 'true' }),
      })),
      Roles: rolesOf(pipeline),
      People: databaseRole(pipeline.name, PEOPLE),
      ...(password && { Replication: replicationRole(pipeline.name), Publications: publications }),
    },
  });
  // With its rules: without them nobody is let through to it.
  resource.node.addDependency(provider, database);
  writeAuthorities();
  const followed: FollowedDatabase | undefined = password && {
    password,
    key,
    place: {
      'database.hostname': database.host,
      'database.port': database.port,
      // Only the handler knows whether there is TLS: on a developer's machine there is none.
      'database.sslmode': resource.getAttString('SslMode'),
      'database.sslrootcert': RDS_CERTIFICATE,
    },
  };
  const grant: Grant = (role, { job }) => database.grantConnect(role, databaseRole(pipeline.name, job));
  return {
    databases: { [name]: resource.getAttString('Url') },
    jars: ['postgres-jars', AUTHORITIES],
    alarms: database.alarms,
    followed,
    grantRead: grant,
    grantWrite: grant,
  };
}

/** The role of each job that uses tables, with those that it reads and writes. */
function rolesOf(pipeline: Pipeline) {
  const uses = usesOf(pipeline).filter(({ thing }) => thing.origin.kind === 'table');
  const names = (job: string, way: string) =>
    uses.filter((use) => use.job === job && use.way === way).map(({ thing }) => (thing.origin as Table).name);
  return [...new Set(uses.map(({ job }) => job))].map((job) => ({
    Name: databaseRole(pipeline.name, job),
    Reads: names(job, 'reads'),
    Writes: names(job, 'writes'),
  }));
}

/** What each connector follows of the database: a publication with its tables. */
function publicationsOf({ name: pipeline, connectors = {} }: Pipeline) {
  return Object.entries(connectors)
    .map(([name, { ownTables }]) => ({ Name: connectorSlot(pipeline, name), Tables: ownTables.map((one) => one.name) }))
    .filter(({ Tables }) => Tables.length > 0);
}

function replicationPassword(scope: Construct, { pipeline, key }: KindProps): Secret {
  const password = new Secret(scope, 'Replication', {
    description: `Password by which connectors of pipeline ${pipeline.name} follow its database`,
    generateSecretString: { excludePunctuation: true, passwordLength: 40 },
    ...(key && { encryptionKey: Key.fromKeyArn(scope, 'ReplicationKey', key.keyArn) }),
  });
  acknowledge(password, {
    'AwsSolutions-SMG4':
      'Another password is another secret, by a deployment, which hands it to database and worker together.',
  });
  return password;
}

/** Certificates in the form in which a driver finds them beside itself. */
function writeAuthorities(): void {
  const entries = Object.entries(rdsAuthorities()).map(([region, text]) => [
    rdsAuthorityFile(region),
    Buffer.from(text),
  ]);
  const archive = zipSync(Object.fromEntries(entries), { mtime: new Date(1980, 0, 1) });
  writeIfChanged(join(BUILD, AUTHORITIES, 'rds-authority.jar'), archive);
}
