/**
 * Calls the function of a feed with the changes of its items, as Lambda would: what it may read, and where it may leave what it gives up, is decided by the role of the
 * function. Its words are the folder of the home, the name of the service, and the port on which it says whether it reads.
 */
import { appendFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { PassThrough } from 'node:stream';
import { isObject, objectIn } from '../../lib/declaration/json.ts';
import { messageOf } from '../../tools/errors.mjs';
import { readJson, writeJson } from '../../tools/files.mjs';
import { millraceHome } from '../home.ts';
import { decisionPoint } from '../iam/decision-point.ts';
import { askDynamodb, dynamodbUrl } from '../services/dynamodb.ts';
import { type FeedSettings, givenUpFile, positionsFile, readFeed } from '../services/feeds.ts';
import { loopback } from '../services/ports.ts';
import type { FeedName } from '../services/types.ts';
import { type OpenFunction, openFunction } from './invoke.ts';
import type { DeployedResource } from './model.ts';
import { PACE, type Polled, type Position, poll, type Shard, type StreamRecord } from './shard-polling.ts';

/** For so long a decision is taken to be the same. */
const DECIDED_MS = 60_000;
/** The most that DynamoDB gives at once. */
const MOST_RECORDS = 1_000;

const [root, name, port] = process.argv.slice(2);
const home = millraceHome(root);
const feed = name as FeedName;
const settings = readFeed(home, feed) as FeedSettings;
const tells = settings.tells as DeployedResource;
const { EventSourceArn, BatchSize, MaximumRetryAttempts, MaximumRecordAgeInSeconds, DestinationConfig } = (
  settings.mapping as DeployedResource
).properties as Readonly<Record<string, unknown>> & {
  readonly DestinationConfig: { readonly OnFailure: { readonly Destination: string } };
};
const streamArn = String(EventSourceArn);
const [, table = ''] = /:table\/([^/]+)\/stream\//.exec(streamArn) ?? [];

let reads = false;
let lastWords = 'it has not begun to read';
const failed = (message: string) => {
  lastWords = message;
  console.log(`${new Date().toISOString()} ${message}`);
};

const decided = new Map<string, number>();

/** @throws Error where the function's role may not */
function mustBeAllowed(action: string, resource: string): void {
  if (Date.now() - (decided.get(action) ?? Number.NEGATIVE_INFINITY) < DECIDED_MS) return;
  const request = { principal: String(tells.properties.Role), action, resource };
  const { allowed, reason } = decisionPoint(home).decide(request);
  if (!allowed) throw new Error(reason);
  decided.set(action, Date.now());
}

/** A request to the stream that stands for the deployed one: the newest of its table. */
async function ask(operation: string, parameters: object): Promise<Readonly<Record<string, unknown>>> {
  mustBeAllowed(`dynamodb:${operation}`, streamArn);
  return askDynamodb(dynamodbUrl(home), operation, parameters, 'DynamoDBStreams_20120810');
}

async function currentStream(): Promise<string> {
  const { Table: described } = await askDynamodb(dynamodbUrl(home), 'DescribeTable', { TableName: table });
  return String(isObject(described) ? described.LatestStreamArn : undefined);
}

let stream = '';

async function shards(): Promise<Shard[]> {
  stream = await currentStream();
  const found: Shard[] = [];
  for (let from: unknown; ; ) {
    const page = { StreamArn: stream, ...(from === undefined ? {} : { ExclusiveStartShardId: from }) };
    const { StreamDescription: described } = await ask('DescribeStream', page);
    const { Shards: some = [], LastEvaluatedShardId: last } = described as {
      readonly Shards?: readonly { readonly ShardId: string; readonly ParentShardId?: string }[];
      readonly LastEvaluatedShardId?: string;
    };
    found.push(...some.map(({ ShardId: id, ParentShardId: parent }) => ({ id, parent })));
    if (last === undefined) break;
    from = last;
  }
  reads = true;
  return found;
}

/** What comes next on each shard that is read. */
const iterators = new Map<string, { readonly after: string | undefined; readonly next: string }>();

async function read(shard: string, after: string | undefined) {
  const known = iterators.get(shard);
  iterators.delete(shard);
  const next = known?.after === after && known ? known.next : await iteratorOf(shard, after);
  const { Records = [], NextShardIterator } = await ask('GetRecords', { ShardIterator: next, Limit: MOST_RECORDS });
  const records = Records as StreamRecord[];
  if (typeof NextShardIterator === 'string') {
    iterators.set(shard, { after: records.at(-1)?.dynamodb.SequenceNumber ?? after, next: NextShardIterator });
  }
  return { records, ended: NextShardIterator === undefined };
}

async function iteratorOf(shard: string, after: string | undefined): Promise<unknown> {
  const from = (at: object) => ask('GetShardIterator', { StreamArn: stream, ShardId: shard, ...at });
  const oldest = { ShardIteratorType: 'TRIM_HORIZON' };
  if (after === undefined) return (await from(oldest)).ShardIterator;
  const behind = from({ ShardIteratorType: 'AFTER_SEQUENCE_NUMBER', SequenceNumber: after });
  const found = await behind.catch((error: unknown) => {
    // Nobody has read for a day: what is left is read.
    if (Object(error).name === 'TrimmedDataAccessException') return from(oldest);
    throw error;
  });
  return found.ShardIterator;
}

let opened: OpenFunction | undefined;

async function call(records: readonly StreamRecord[]): Promise<void> {
  const event = { Records: records.map((one) => ({ ...one, eventSourceARN: streamArn })) };
  try {
    opened ??= await openFunction(home, tells, { log: told() });
    await opened.call(event);
  } catch (error) {
    await opened?.close();
    opened = undefined;
    throw error;
  }
}

/** What a function says, without what Lambda says of each call. */
function told(): PassThrough {
  const log = new PassThrough();
  createInterface({ input: log }).on('line', (line) => {
    if (objectIn(line)) console.log(`${new Date().toISOString()} ${line}`);
  });
  return log;
}

const file = positionsFile(home, feed);
const positions = new Map(
  Object.entries((readJson(file, 'Run "npx millrace down --purge".') ?? {}) as Record<string, Position>),
);

/** The message that Lambda leaves in the queue: where the records stand, and not what they are. */
const giveUp: Polled['giveUp'] = (shard, records, condition, tries) => {
  const { Destination: queue } = DestinationConfig.OnFailure;
  mustBeAllowed('sqs:SendMessage', queue);
  const [first, last] = [records.at(0)?.dynamodb, records.at(-1)?.dynamodb];
  const arrival = (seconds = 0) => new Date(seconds * 1_000).toISOString();
  const message = {
    requestContext: { functionArn: tells.attributes.Arn, condition, approximateInvokeCount: tries },
    responseContext: { functionError: 'Unhandled', message: lastWords },
    version: '1.0',
    timestamp: new Date().toISOString(),
    DDBStreamBatchInfo: {
      shardId: shard,
      startSequenceNumber: first?.SequenceNumber,
      endSequenceNumber: last?.SequenceNumber,
      approximateArrivalOfFirstRecord: arrival(first?.ApproximateCreationDateTime),
      approximateArrivalOfLastRecord: arrival(last?.ApproximateCreationDateTime),
      batchSize: records.length,
      streamArn: stream,
    },
  };
  appendFileSync(givenUpFile(home, feed), `${JSON.stringify(message)}\n`);
};

const ending = new AbortController();
process.once('SIGTERM', () => ending.abort());
createServer((_request, response) => {
  response.writeHead(reads ? 200 : 503, { 'content-type': 'text/plain' }).end(reads ? 'it reads\n' : lastWords);
})
  .on('error', (error) => {
    console.error(error);
    process.exit(1);
  })
  .listen(Number(port), loopback);

try {
  await poll(
    {
      ...{ shards, read, call, giveUp, failed },
      positions: {
        get: (shard) => positions.get(`${table} ${shard}`),
        set(shard, position) {
          positions.set(`${table} ${shard}`, position);
          writeJson(file, Object.fromEntries(positions));
        },
      },
    },
    {
      ...PACE,
      batchSize: Number(BatchSize),
      retries: Number(MaximumRetryAttempts),
      maxAgeMs: Number(MaximumRecordAgeInSeconds) * 1_000,
    },
    ending.signal,
  );
  await opened?.close();
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
process.exit();
