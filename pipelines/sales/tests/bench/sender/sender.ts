/** How fast sales are sent, with keys and in the product's format, beside Kafka's own load tool with records of the same size. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Row } from '../../../../../bench/rows.ts';
import type { Spec } from '../../../../../lib/declaration/spec.ts';
import { readToolchain } from '../../../../../tools/setup/toolchain.mjs';
import { root, type Stage, type Topics } from '../stage.ts';

/** Bytes of a sale: a framed key of 8, and a framed value with country, city and district; the mean of the sample file. */
const recordBytes = 64;

/** Sends so many sales as fast as possible by the job of the pipeline; gives the sales per second. */
export const send = (stage: Stage, topics: Pick<Topics, 'source'>, rows: number): Promise<number> =>
  sendBy(stage, topics, { rows, rate: 0 });

/** Sends sales by the job of the pipeline, at a rate or as fast as possible (0), or by another program. */
export async function sendBy(
  stage: Stage,
  { source }: Pick<Topics, 'source'>,
  { entryPoint, ...input }: { readonly rows: number; readonly rate: number; readonly entryPoint?: URL | undefined },
): Promise<number> {
  const plain = (spec: Spec): Spec =>
    ({
      ...spec,
      kafka: { bootstrapServers: stage.bootstrapServers, security: 'none' },
      writes: { ...spec.writes, sales: { ...spec.writes.sales, topic: source } },
    }) as Spec;
  const words = ['--job', 'produce', '--input', JSON.stringify(input)];
  const running = await stage.job(words, plain, { optimized: true, entryPoint });
  await running.until('the end of sending', () => running.events.some(({ event }) => event === 'result'));
  const progress = running.events.find(({ event }) => event === 'progress');
  await running.stop();
  return Number(progress?.sent) / Number(progress?.batchSeconds);
}

/** Kafka's tool with the same settings of its producer. */
function perfTest(stage: Stage, { source }: Topics, rows: number): number {
  const payload = join(stage.folder(), 'payload');
  const lines = readFileSync(join(root, 'sample_data', 'sales', 'sales.csv'), 'utf8')
    .split('\n')
    .slice(1, -1);
  writeFileSync(payload, `${lines.map((line) => line.slice(0, recordBytes).padEnd(recordBytes)).join('\n')}\n`);
  const toolchain = readToolchain();
  const settings = { 'linger.ms': 20, 'batch.size': 128 * 1024, 'compression.type': 'lz4', acks: 'all' };
  const words = [
    ...['-Xmx1g', '-cp', join(toolchain.kafkaJars, '*'), 'org.apache.kafka.tools.ProducerPerformance'],
    ...['--topic', source, '--num-records', String(rows), '--payload-file', payload, '--throughput', '-1'],
    ...['--producer-props', `bootstrap.servers=${stage.bootstrapServers}`],
    ...Object.entries(settings).map(([name, value]) => `${name}=${value}`),
  ];
  const output = execFileSync(toolchain.java17, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return Number([...output.matchAll(/([\d.]+) records\/sec/g)].at(-1)?.[1]);
}

export async function sender(stage: Stage, quick: boolean): Promise<Row[]> {
  const [rounds, rows] = quick ? [1, 2_000_000] : [5, 5_000_000];
  const [ours, values]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    ours.push(await send(stage, await stage.topics('sender'), rows));
    values.push(perfTest(stage, await stage.topics('perf'), rows));
  }
  const beside = { name: 'kafka-producer-perf-test', values };
  return [{ metric: 'sender', unit: 'sales/s', ours, beside, goal: { of: 'ratio', atLeast: 1 } }];
}
