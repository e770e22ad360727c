/** DynamoDB Local: the items of deployed pipelines, on the loopback address only. It asks nobody for a signature that holds: who may do what is decided before it. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Home } from '../home.ts';
import { loopback } from './ports.ts';
import { readServiceFile } from './service-files.ts';
import type { Ports, ServiceDefinition } from './types.ts';

const urlOf = (ports: Ports) => `http://${loopback}:${ports.server ?? 0}`;

/** Where it listens. */
export const dynamodbUrl = (home: Home): string => urlOf(readServiceFile(home, 'dynamodb').ports ?? {});

/** Where what decides by role listens, which passes on to it what is allowed. */
export const dynamodbFrontUrl = (home: Home): string =>
  `http://${loopback}:${readServiceFile(home, 'iam').ports?.dynamodb ?? 0}`;

/** What answers requests: tables, or the streams of their changes. */
type Api = 'DynamoDB_20120810' | 'DynamoDBStreams_20120810';

/** A request, in the one form that all of them have. @throws Error in DynamoDB's words */
export async function askDynamodb(
  url: string,
  operation: string,
  parameters: object,
  api: Api = 'DynamoDB_20120810',
): Promise<Readonly<Record<string, unknown>>> {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `${api}.${operation}`,
      // Its form is asked for, and no more.
      authorization: `AWS4-HMAC-SHA256 Credential=millrace/${day}/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0`,
    },
    body: JSON.stringify(parameters),
    signal: AbortSignal.timeout(10_000),
  });
  const answer = (await response.json()) as Record<string, unknown>;
  if (response.ok) return answer;
  const name = String(answer.__type).replace(/^.*#/, '');
  throw Object.assign(new Error(`${name}: ${answer.message ?? answer.Message}`), { name });
}

export const dynamodb: ServiceDefinition = {
  name: 'dynamodb',
  title: 'DynamoDB',
  only: 'items',
  memoryBytes: 300 * 1024 * 1024,
  ports: [{ name: 'server', preferred: 8000 }],
  stopWithinMs: 5_000,
  prepare: async ({ data }) => void mkdirSync(data, { recursive: true }),
  command: ({ toolchain, ports, data, scratch }) => ({
    program: toolchain.java17,
    arguments: [
      '-Xmx256m',
      '-XX:+UseSerialGC',
      '-XX:+ExitOnOutOfMemoryError',
      '-XX:TieredStopAtLevel=1',
      // Where it unpacks the library for its file.
      `-Djava.io.tmpdir=${scratch}`,
      '-Dlog4j2.level=WARN',
      '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn',
      '-cp',
      [join(toolchain.dynamodbJars, '*'), toolchain.dynamodbServer].join(':'),
      'DynamoDbServer',
      loopback,
      String(ports.server),
      join(data, 'items.db'),
    ],
  }),
  probe: async (ports) => void (await askDynamodb(urlOf(ports), 'ListTables', {})),
  address: (ports) => ({ url: urlOf(ports) }),
  symptoms: [
    [
      /database disk image is malformed|file is not a database/,
      'its data file is damaged; "millrace down --purge" starts from empty data',
    ],
  ],
};
