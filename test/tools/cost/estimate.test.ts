/** What an environment costs: sums by hand for a tiny configuration, and what differs between two. */
import { expect, test } from 'vitest';
import { dev } from '../../../config/dev.ts';
import type { Environment } from '../../../config/environment.ts';
import { prod } from '../../../config/prod.ts';
import { postgres, table } from '../../../lib/declaration/index.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { cost } from '../../../local/cli/cost.ts';
import { type CostLine, type Estimate, estimate, STACKS } from '../../../tools/cost/estimate.ts';
import { renderEstimate, renderPart } from '../../../tools/cost/render.ts';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import { tinyPipeline, tinyProject } from '../../lib/declaration/tiny-pipeline.ts';

tinyProject();

/** One task of 1 vCPU and 4 GB, a database without a standby, one gateway. */
const tiny: Environment = {
  ...dev,
  name: 'tiny',
  registry: { ...dev.registry, tasks: 1, cpu: 1024, memoryMiB: 4096 },
};

function line({ lines }: Estimate, part: string): CostLine {
  const found = lines.find((candidate) => candidate.part === part);
  if (!found) throw new Error(`No line ${part}; there are ${lines.map((each) => each.part).join(', ')}.`);
  return found;
}

function parts(result: Estimate): Record<string, number> {
  return Object.fromEntries(
    result.lines.map(({ part, quantity, pipeline }) => [pipeline ? `${part} of ${pipeline}` : part, quantity]),
  );
}

/** How much of a part there is, whoever it is of. */
function quantityOf({ lines }: Estimate, part: string): number {
  return lines.filter((each) => each.part === part).reduce((sum, { quantity }) => sum + quantity, 0);
}

test('brokers of MSK Express cost their hours, and partitions nothing', () => {
  const result = estimate({ ...tiny, kafka: 'express' }, [tinyPipeline(), clients]);
  // 3 x 0.408 USD.
  expect(line(result, 'MSK Express, brokers').month).toBeCloseTo(893.52, 9);
  expect(line(result, 'CloudWatch alarms of brokers').month).toBeCloseTo(0.9, 9);
  expect(parts(result)).not.toHaveProperty('MSK Serverless, cluster');
  expect(quantityOf(result, 'MSK Serverless, partitions')).toBe(0);
});

test('what stands costs its hours, 24 a day and 730 a month', () => {
  const result = estimate(tiny, [tinyPipeline()]);
  expect(line(result, 'MSK Serverless, cluster')).toMatchObject({ quantity: 1, day: 18, run: 0, month: 547.5 });
  // 2 + 1 + 1 partitions of the tiny pipeline, 0.0015 USD an hour each.
  expect(line(result, 'MSK Serverless, partitions').quantity).toBe(4);
  expect(line(result, 'MSK Serverless, partitions').month).toBeCloseTo(4.38, 9);
  expect(line(result, 'Registry on Fargate, vCPU').day).toBeCloseTo(0.97152, 9);
  expect(line(result, 'Registry on Fargate, GB').month).toBeCloseTo(12.9794, 9);
  expect(line(result, 'Interface endpoints').month).toBeCloseTo(29.2, 9);
  const bare = estimate({ ...tiny, datasets: undefined }, []);
  expect(line(bare, 'Interface endpoints').month).toBeCloseTo(14.6, 9);
});

test('a database that pauses costs what a run takes of it, one that cannot its least units of both instances', () => {
  const kept = (logicalReplication: boolean) => {
    const words = table('words', {
      database: postgres('tiny', { logicalReplication }),
      key: ['word'],
      columns: ['word'],
    });
    return tinyPipeline({ jobs: ({ show }) => void Object.assign(show.writes, { kept: words }) });
  };
  const databases = { leastUnits: 0, mostUnits: 2, standby: true, backupDays: 1 };
  const paused = line(estimate({ ...tiny, databases }, [kept(false)]), 'Database units');
  expect(paused).toMatchObject({ day: 0, basis: 'run' });
  expect(paused.run).toBeGreaterThan((0.12 * 5) / 60);
  const awake = line(estimate({ ...tiny, databases }, [kept(true)]), 'Database units');
  expect(awake).toMatchObject({ quantity: 1, run: 0 });
  expect(awake.month).toBeCloseTo(87.6, 9);
  expect(parts(estimate({ ...tiny, databases }, [tinyPipeline()]))).not.toHaveProperty('Database units of tiny');
});

test('what is billed by the month costs its share of a day', () => {
  const storage = line(estimate(tiny, [tinyPipeline()]), 'Database storage');
  expect(storage.month).toBeCloseTo(2.3, 9);
  expect(storage.day).toBeCloseTo((2.3 * 24) / 730, 9);
});

test('a run costs its jobs by size and minutes, a month thirty of them', () => {
  const result = estimate(tiny, [tinyPipeline()]);
  // A driver and an executor of 1 vCPU and 2 GB, with overhead 3 GB; the stream runs 3 minutes more than the job beside it.
  expect(line(result, 'Spark count, vCPU').quantity).toBeCloseTo((2 * 6) / 60, 9);
  expect(line(result, 'Spark count, GB').quantity).toBeCloseTo((6 * 6) / 60, 9);
  expect(line(result, 'Spark send, vCPU').run).toBeCloseTo(0.1 * 0.052624 * 0.8, 9);
  const sparkDollars = result.lines
    .filter(({ part }) => part.startsWith('Spark'))
    .reduce((sum, { run }) => sum + run, 0);
  // 15 minutes of jobs in all: 0.5 vCPU-hours and 1.5 GB-hours.
  expect(sparkDollars).toBeCloseTo(0.8 * (0.5 * 0.052624 + 1.5 * 0.0057785), 9);
  const spark = line(result, 'Spark show, vCPU');
  expect(spark.month).toBeCloseTo(30 * spark.run, 9);
  expect(spark.day).toBe(0);
});

test('streams write to S3 for as long as they and their drains run, a bounded one only then', () => {
  const result = estimate(tiny, [tinyPipeline()]);
  // 6 minutes of the stream and 3 of its drain.
  const batches = 9 * 30;
  expect(line(result, 'S3 requests').quantity).toBe(batches * 28 + 4 * 20);
  expect(line(result, 'S3 reads').quantity).toBe(batches * 30 + 4 * 365);
  expect(line(result, 'S3 reads').run).toBeCloseTo(0.0000004 * (batches * 30 + 4 * 365), 9);
  expect(() => line(result, 'S3 requests of count')).toThrow('No line');
});

test('the registry is watched at 0.30 USD a metric', () => {
  expect(line(estimate(tiny, []), 'Container Insights').month).toBeCloseTo(25 * 0.3, 9);
});

test('the total is the sum of the lines', () => {
  const { lines, total } = estimate(tiny, [tinyPipeline()]);
  for (const column of ['day', 'run', 'month'] as const) {
    expect(total[column]).toBeCloseTo(
      lines.reduce((sum, each) => sum + each[column], 0),
      9,
    );
  }
});

test('environments differ where their files do, and nowhere else', () => {
  const [left, right] = [parts(estimate(dev, [tinyPipeline()])), parts(estimate(prod, [tinyPipeline()]))];
  expect(Object.keys(left)).toEqual(Object.keys(right));
  expect(Object.keys(left).filter((part) => left[part] !== right[part])).toEqual([
    'NAT gateways',
    'Their public addresses',
    'Registry on Fargate, vCPU',
    'Registry on Fargate, GB',
    'Database instance',
    'Database storage',
  ]);
  const database = (of: Environment) => line(estimate(of, [tinyPipeline()]), 'Database instance');
  expect(database(dev).month).toBeCloseTo(11.68, 9);
  // Two of the next size.
  expect(database(prod).month).toBeCloseTo(46.72, 9);
});

test('a third zone, warm workers and another pipeline show', () => {
  const workers = { count: 2, cores: 1, memory: 4 } as const;
  const changed: Environment = {
    ...prod,
    account: '000000000000',
    region: 'us-east-1',
    zones: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
    spark: { maximumCores: 16, idleMinutes: 30, warm: { drivers: workers, executors: workers } },
  };
  const result = estimate(changed, [tinyPipeline(), tinyPipeline()]);
  expect(line(result, 'NAT gateways').quantity).toBe(3);
  expect(line(result, 'Interface endpoints').quantity).toBe(6);
  expect(line(result, 'Spark kept warm, vCPU').quantity).toBe(2);
  expect(line(result, 'Spark kept warm, GB').quantity).toBe(8);
  expect(quantityOf(result, 'CloudWatch alarms')).toBe(STACKS.alarms + 2 * STACKS.alarmsOfPipeline);
  expect(quantityOf(result, 'MSK Serverless, partitions')).toBe(8);
});

test('a pipeline adds the same whichever others there are, and in every environment', () => {
  const other = { ...tinyPipeline(), name: 'other' };
  const alone = renderPart(estimate(dev, [tinyPipeline()]), 'tiny');
  expect(renderPart(estimate(dev, [other, tinyPipeline()]), 'tiny')).toEqual(alone);
  expect(renderPart(estimate(prod, [tinyPipeline()]), 'tiny')).toEqual(alone);
  expect(renderPart(estimate(dev, [other, tinyPipeline()]))).toEqual(renderPart(estimate(dev, [])));
});

test('a stream that goes on is paid for all day, and drained by a run', () => {
  const continuous: Pipeline = { ...tinyPipeline(), usually: 'start' };
  const result = estimate(tiny, [continuous]);
  // A driver and an executor of 1 vCPU each.
  expect(line(result, 'Spark count, vCPU')).toMatchObject({ quantity: 2, basis: 'hour', run: 0 });
  expect(line(result, 'Spark count, vCPU').day).toBeCloseTo(24 * 2 * 0.052624 * 0.8, 9);
  expect(line(result, 'Spark count, drain, vCPU').quantity).toBeCloseTo((2 * 3) / 60, 9);
  expect(() => line(result, 'Spark send, vCPU')).toThrow('No line');
  // 28 requests that write or list in a micro-batch, 30 micro-batches a minute.
  expect(line(result, 'S3 requests of count').day).toBeCloseTo(24 * 60 * 30 * 28 * 0.000005, 9);
});

test('a person reads the arithmetic, the totals and the date', () => {
  const text = renderEstimate(estimate(tiny, [tinyPipeline()]));
  expect(text).toMatch(/^MSK Serverless, cluster +1 +one +0\.75 per cluster-hour +18\.00 +- +547\.50$/m);
  expect(text).toMatch(/^Spark show, vCPU +0\.1 +2 x 3 min +0\.0420992 per vCPU-hour +- +0\.0042 +0\.13$/m);
  expect(text).toContain('List prices as read on 2026-11-21');
  expect(text).toContain('Assumed, not measured:');
});

test('the command prints one JSON object, with the same numbers', async () => {
  const printed: string[] = [];
  const context = { json: true, print: (text: string) => void printed.push(text) };
  expect(await cost(context, { env: 'dev' })).toBe(0);
  const [result] = printed.map((text) => JSON.parse(text) as Estimate & { pricesRead: string });
  expect(result).toMatchObject({ environment: 'dev', currency: 'USD', region: 'us-east-1', pricesRead: '2026-11-21' });
  expect(result && line(result, 'MSK Serverless, cluster').month).toBe(547.5);
});

test('an environment that does not exist is refused with those that do', async () => {
  const context = { json: false, print: () => {} };
  await expect(cost(context, { env: 'test' })).rejects.toMatchObject({
    code: 'UNKNOWN_ENVIRONMENT',
    message: 'There is no environment "test". Allowed: dev, prod. Environments are the files in config/.',
  });
});

test('connectors cost one worker that is always there, however many they are', () => {
  const result = estimate(tiny, [clients]);
  expect(line(result, 'Kafka Connect on Fargate, vCPU').month).toBeCloseTo(0.5 * 0.04048 * 730, 9);
  expect(line(result, 'Kafka Connect on Fargate, GB').month).toBeCloseTo(0.004445 * 730, 9);
  // Three of its own, besides that of heartbeats and that of the sink's tasks.
  const partitions = result.lines.filter(({ part }) => part === 'MSK Serverless, partitions');
  expect(partitions.map(({ quantity }) => quantity)).toEqual([6, 5, 1]);
  const { clientChanges: other } = clients.connectors ?? {};
  const two = { ...clients, connectors: { ...clients.connectors, other } } as Pipeline;
  expect(quantityOf(estimate(tiny, [two]), 'Kafka Connect on Fargate, vCPU')).toBe(0.5);
});

test('a source costs a function that runs all the time, its cursors, alarms and metrics', () => {
  const result = estimate(tiny, [clients]);
  expect(line(result, 'Listening functions, GB').month).toBeCloseTo(0.25 * 0.0000133334 * 3600 * 730, 9);
  const ofSource = result.lines.filter(({ arithmetic }) => /source|cursors/.test(arithmetic));
  expect(ofSource.map(({ part, quantity }) => [part, quantity])).toEqual([
    ['Listening functions, GB', 0.25],
    ['MSK Serverless, partitions', 1],
    ['CloudWatch alarms', 3],
    ['CloudWatch metrics', 2],
  ]);
});
