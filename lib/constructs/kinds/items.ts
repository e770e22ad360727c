/** Items: a table of DynamoDB for each, which is billed by what is asked of it. */
import { Aws, RemovalPolicy } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import type { Construct } from 'constructs';
import { feedsOf, itemsOf } from '../../declaration/flow.ts';
import type { Items } from '../../declaration/kinds/items.ts';
import { pascal } from '../../declaration/names.ts';
import { allow } from '../functions/allow.ts';
import { allowKey } from '../storage/customer-key.ts';
import type { Grant, Kind, KindProps } from './index.ts';

/** What a job asks for that writes: one item at a time, since only so each has its own condition. */
const WRITE = ['dynamodb:PutItem'];
const READ = ['dynamodb:Scan'];

const idOf = ({ name }: Items): string => `Items${pascal(name)}`;

/** The table of items that were made in a scope. */
export const tableOf = (scope: Construct, declared: Items): dynamodb.CfnGlobalTable =>
  scope.node.findChild(idOf(declared)) as dynamodb.CfnGlobalTable;

export default function items(scope: Construct, { pipeline, key, removalPolicy }: KindProps): Kind {
  const keep = removalPolicy !== RemovalPolicy.DESTROY;
  const fed = Object.values(feedsOf(pipeline)).map(({ props }) => props.of);
  const tables = Object.values(itemsOf(pipeline)).map((declared) => {
    // In the form that may get other Regions later: a table of the older one would have to be made anew.
    const table = new dynamodb.CfnGlobalTable(scope, idOf(declared), {
      billingMode: 'PAY_PER_REQUEST',
      attributeDefinitions: declared.key.map((attributeName) => ({ attributeName, attributeType: 'S' })),
      keySchema: declared.key.map((attributeName, index) => ({ attributeName, keyType: index ? 'RANGE' : 'HASH' })),
      ...(declared.props.ttl && { timeToLiveSpecification: { enabled: true, attributeName: declared.props.ttl } }),
      ...(fed.includes(declared) && { streamSpecification: { streamViewType: 'NEW_AND_OLD_IMAGES' } }),
      ...(key && { sseSpecification: { sseEnabled: true, sseType: 'KMS' } }),
      replicas: [
        {
          region: Aws.REGION,
          pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
          deletionProtectionEnabled: keep,
          ...(key && { sseSpecification: { kmsMasterKeyId: key.keyArn } }),
        },
      ],
    });
    table.applyRemovalPolicy(removalPolicy);
    return [declared.name, table.attrArn] as const;
  });
  const arns = Object.fromEntries(tables);
  const grant =
    (actions: string[]): Grant =>
    (role, { thing }) => {
      allow(role, actions, [arns[(thing.origin as Items).name] ?? '']);
      allowKey(role, key, 'useItems');
    };
  return { items: arns, grantRead: grant(READ), grantWrite: grant(WRITE) };
}
