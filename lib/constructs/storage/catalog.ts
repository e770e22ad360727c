/** The database of an environment's datasets in the Glue catalog, which Athena and others look tables up in. */
import { type RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as glue from 'aws-cdk-lib/aws-glue';
import type * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { allow } from '../functions/allow.ts';

/** What Iceberg asks the catalog for: where a table's metadata is, and, with the version that it saw, to be of the next. */
const READ_TABLE = ['glue:GetTable'];
export const WRITE_TABLE = ['glue:CreateTable', 'glue:GetTable', 'glue:UpdateTable'];

/** A table, and what holds it: Glue asks for rights on all three. */
export const tableArns = (stack: Stack, database: string, table: string): string[] =>
  [
    ['catalog', undefined],
    ['database', database],
    ['table', `${database}/${table}`],
  ].map(([resource = '', resourceName]) => stack.formatArn({ service: 'glue', resource, resourceName }));

export interface CatalogProps {
  readonly databaseName: string;
  readonly removalPolicy: RemovalPolicy;
}

/** The database. Jobs make their tables in it: CloudFormation would write a table's metadata over what jobs have committed since. */
export class Catalog extends Construct {
  readonly databaseName: string;

  constructor(scope: Construct, id: string, { databaseName, removalPolicy }: CatalogProps) {
    super(scope, id);
    this.databaseName = databaseName;
    const database = new glue.CfnDatabase(this, 'Database', {
      catalogId: Stack.of(this).account,
      databaseInput: {
        name: databaseName,
        description: 'Datasets of pipelines',
        // IAM alone decides, in an account with Lake Formation too.
        createTableDefaultPermissions: [
          { principal: { dataLakePrincipalIdentifier: 'IAM_ALLOWED_PRINCIPALS' }, permissions: ['ALL'] },
        ],
      },
    });
    database.applyRemovalPolicy(removalPolicy);
  }

  /** Allows a job to read one table, or to make it and commit to it; its files are granted by the bucket. */
  grantTable(role: iam.Role, table: string, access: 'read' | 'write'): void {
    const actions = access === 'write' ? WRITE_TABLE : READ_TABLE;
    allow(role, actions, tableArns(Stack.of(role), this.databaseName, table));
  }
}
