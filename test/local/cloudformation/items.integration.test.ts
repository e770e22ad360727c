/** Tables of items in DynamoDB Local, as CloudFormation would make, change and remove them. */
import { expect, inject, test } from 'vitest';
import type { DeployedResource } from '../../../local/cloudformation/model.ts';
import { providers } from '../../../local/cloudformation/providers/items.ts';
import type { Machine, ResourceRequest } from '../../../local/cloudformation/providers/provider.ts';
import { millraceHome } from '../../../local/home.ts';
import { askDynamodb, dynamodbUrl } from '../../../local/services/dynamodb.ts';

const home = millraceHome(inject('home'));
const machine = { home } as Machine;
const provider = providers['AWS::DynamoDB::GlobalTable'];
if (!provider) throw new Error('nothing stands for items');
const ask = (operation: string, parameters: object) => askDynamodb(dynamodbUrl(home), operation, parameters);
const stack = { name: 'millrace-dev-tiny', path: 'dev/tiny', region: 'us-east-1', account: '000000000000' };

function request(key: readonly string[], ttl?: string): ResourceRequest {
  const properties = {
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: key.map((AttributeName) => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: key.map((AttributeName, index) => ({ AttributeName, KeyType: index ? 'RANGE' : 'HASH' })),
    ...(ttl && { TimeToLiveSpecification: { Enabled: true, AttributeName: ttl } }),
    Replicas: [{ Region: 'us-east-1' }],
  };
  return { stack: stack as never, logicalId: 'ContractsItemsWords', type: 'AWS::DynamoDB::GlobalTable', properties };
}

test('a table is made, keeps its items through changes, and is another one where its key is', async () => {
  const made = await provider.create(request(['word']), machine);
  expect(made.attributes.Arn).toBe(`arn:aws:dynamodb:us-east-1:000000000000:table/${made.physicalId}`);
  expect(made.physicalId).toMatch(/^millrace-dev-tiny-ContractsItemsWords-[0-9a-f]{8}$/);
  await ask('PutItem', { TableName: made.physicalId, Item: { word: { S: 'mill' } } });
  const previous = { ...made } as unknown as DeployedResource;
  const changed = await provider.update(request(['word'], 'until'), previous, machine);
  expect(changed).toEqual(made);
  const ttl = async () => (await ask('DescribeTimeToLive', { TableName: made.physicalId })).TimeToLiveDescription;
  expect(await ttl()).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'until' });
  await provider.update(request(['word'], 'gone_at'), previous, machine);
  expect(await ttl()).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'gone_at' });
  await provider.update(request(['word']), previous, machine);
  expect(await ttl()).toMatchObject({ TimeToLiveStatus: 'DISABLED' });
  expect(await ask('Scan', { TableName: made.physicalId })).toMatchObject({ Count: 1 });
  const other = await provider.update(request(['word', 'day']), previous, machine);
  expect(other.physicalId).not.toBe(made.physicalId);
  for (const { physicalId } of [made, other]) {
    await provider.remove(stack as never, { physicalId } as DeployedResource, machine);
    // Once more, as after an interruption.
    await provider.remove(stack as never, { physicalId } as DeployedResource, machine);
    await expect(ask('DescribeTable', { TableName: physicalId })).rejects.toThrow('ResourceNotFoundException');
  }
});
