/** Items of pipelines: a table of DynamoDB in the form that may have several Regions is one of DynamoDB Local. */
import { setTimeout as sleep } from 'node:timers/promises';
import { isObject } from '../../../lib/declaration/json.ts';
import { askDynamodb, dynamodbUrl } from '../../services/dynamodb.ts';
import { arn, nameOf, type Outcome, type Provider, type ResourceRequest, used } from './provider.ts';

type Ask = (operation: string, parameters: object) => Promise<Readonly<Record<string, unknown>>>;

const table: Provider = {
  reason: 'a table of DynamoDB Local',
  livesInServices: true,
  create: (request, { home }) =>
    make(request, (operation, parameters) => askDynamodb(dynamodbUrl(home), operation, parameters)),
  update: (request, _previous, { home }) =>
    make(request, (operation, parameters) => askDynamodb(dynamodbUrl(home), operation, parameters)),
  async remove(_stack, { physicalId }, { home }) {
    await unless('ResourceNotFoundException', askDynamodb(dynamodbUrl(home), 'DeleteTable', { TableName: physicalId }));
  },
};

/** Makes the table, or brings it to what is declared; another key is another table. */
async function make(request: ResourceRequest, ask: Ask): Promise<Outcome> {
  const names = ['TableName', 'KeySchema', 'AttributeDefinitions', 'TimeToLiveSpecification', 'StreamSpecification'];
  const properties = used(request, ...names);
  const { KeySchema, AttributeDefinitions, TimeToLiveSpecification: ttl, StreamSpecification: changes } = properties;
  const name = nameOf(request, properties.TableName, 255, JSON.stringify(KeySchema));
  const made = { TableName: name, BillingMode: 'PAY_PER_REQUEST', KeySchema, AttributeDefinitions };
  await unless('ResourceInUseException', ask('CreateTable', made));
  await standing(name, ask);
  const wanted = isObject(ttl) && ttl.Enabled !== false ? ttl.AttributeName : undefined;
  const { TimeToLiveDescription: now } = await ask('DescribeTimeToLive', { TableName: name });
  const current = isObject(now) && now.TimeToLiveStatus === 'ENABLED' ? now.AttributeName : undefined;
  // DynamoDB changes the attribute in two steps, an hour apart.
  for (const [Enabled, AttributeName] of [
    [false, current],
    [true, wanted],
  ] as const) {
    if (AttributeName === undefined || current === wanted) continue;
    await ask('UpdateTimeToLive', { TableName: name, TimeToLiveSpecification: { Enabled, AttributeName } });
  }
  const label = await streamOf(name, isObject(changes) ? changes : undefined, ask);
  const attributes = { Arn: arn(request.stack, 'dynamodb', `table/${name}`) };
  return {
    physicalId: name,
    attributes: label === undefined ? attributes : { ...attributes, StreamArn: `${attributes.Arn}/stream/${label}` },
  };
}

/** Sees to it that changes are kept, or are no longer; gives what they are known by. */
async function streamOf(name: string, wanted: object | undefined, ask: Ask): Promise<unknown> {
  const { StreamSpecification: now } = await standing(name, ask);
  const isKept = isObject(now) && now.StreamEnabled === true;
  if (isKept !== (wanted !== undefined)) {
    const StreamSpecification = { ...wanted, StreamEnabled: wanted !== undefined };
    await ask('UpdateTable', { TableName: name, StreamSpecification });
  }
  return wanted && (await standing(name, ask)).LatestStreamLabel;
}

async function standing(name: string, ask: Ask): Promise<Readonly<Record<string, unknown>>> {
  for (;;) {
    const { Table: described } = await ask('DescribeTable', { TableName: name });
    if (isObject(described) && described.TableStatus === 'ACTIVE') return described;
    await sleep(50);
  }
}

/** Waits for a request, for which one error is none. */
async function unless(error: string, request: Promise<unknown>): Promise<void> {
  await request.catch((thrown: unknown) => {
    if (Object(thrown).name !== error) throw thrown;
  });
}

export const providers: Record<string, Provider> = { 'AWS::DynamoDB::GlobalTable': table };
