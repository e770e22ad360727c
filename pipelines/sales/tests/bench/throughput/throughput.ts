/** How fast a backlog is worked through: the same sales, the same query, the same two cores; results are compared row by row. */
import { isDeepStrictEqual } from 'node:util';
import type { Row } from '../../../../../bench/rows.ts';
import { send } from '../sender/sender.ts';
import { type Running, type Stage, schemas, type Topics } from '../stage.ts';

interface Watched {
  /** Seconds since 1970 at which so many sales were counted. */
  readonly reached: readonly number[];
  readonly table: Readonly<Record<string, readonly number[]>>;
}

interface Rates {
  readonly cold: number[];
  readonly warm: number[];
  /** Processor seconds for a million sales, warm. */
  readonly cpu: number[];
}

/** What one micro-batch takes at most. */
const half = 5_000_000;

export async function throughput(stage: Stage, quick: boolean): Promise<Row[]> {
  const rounds = quick ? 1 : 3;
  const at = quick ? [half] : [half, 2 * half];
  const backlog = await stage.topics('backlog');
  await send(stage, backlog, at.at(-1) ?? half);
  const kinds = ['millrace', 'Kafka Streams', 'Flink'] as const;
  const rates: Record<string, Rates> = {};
  for (const name of kinds) rates[name] = { cold: [], warm: [], cpu: [] };
  let expected: Watched['table'] | undefined;
  for (let round = 0; round < rounds; round += 1) {
    for (const name of kinds) {
      const topics: Topics = { ...(await stage.topics('results')), source: backlog.source };
      const running = await started(stage, name, topics);
      const { reached, table } = await watched(stage, running, topics, at, rates[name]?.cpu);
      await running.stop();
      expected ??= table;
      if (!isDeepStrictEqual(table, expected))
        throw new Error(`${name} has other results: ${JSON.stringify({ table, expected })}`);
      const [first = 0, last = 0] = reached;
      rates[name]?.cold.push(half / (first - running.startedAt));
      if (!quick) rates[name]?.warm.push(half / (last - first));
    }
  }
  const ours = rates.millrace;
  return kinds.slice(1).flatMap((name): Row[] => {
    const peer = rates[name];
    if (!ours || !peer) return [];
    const atLeast = name === 'Flink' ? 1.25 : 1.5;
    const cold: Row = {
      metric: 'enrichment, cold, from 5 million sales',
      unit: 'sales/s',
      ours: ours.cold,
      beside: { name, values: peer.cold },
      goal: { of: 'ratio', atLeast: 1 },
    };
    if (quick) return [cold];
    return [
      cold,
      {
        metric: 'enrichment, warm',
        unit: 'sales/s',
        ours: ours.warm,
        beside: { name, values: peer.warm },
        goal: { of: 'ratio', atLeast },
      },
      {
        metric: 'processor time of a million sales',
        unit: 's',
        ours: ours.cpu,
        beside: { name, values: peer.cpu },
      },
    ];
  });
}

function started(stage: Stage, name: string, topics: Topics): Promise<Running> {
  if (name === 'millrace') return stage.stream({ topics, security: 'none', optimized: true });
  return stage.peer(name === 'Flink' ? 'FlinkPeer' : 'KafkaStreamsPeer', topics);
}

/** Follows the results; adds the processor time between the first and the last number of sales. */
async function watched(
  stage: Stage,
  running: Running,
  topics: Topics,
  at: readonly number[],
  cpu: number[] = [],
): Promise<Watched> {
  const words = ['--bootstrap', stage.bootstrapServers, '--target', topics.target, '--schemas', schemas];
  const script = new URL('watch.py', import.meta.url);
  const first = stage.python<Watched>(script, ...words, '--at', String(at[0]));
  const all = stage.python<Watched>(script, ...words, '--at', ...at.map(String));
  await first;
  const before = running.cpuSeconds();
  const found = await all;
  if (at.length > 1) cpu.push((running.cpuSeconds() - before) / (half / 1_000_000));
  return found;
}

/** The enrichment beside what the same Spark does with the same topic in a batch: reading it only, and the same query. */
export async function batches(stage: Stage, quick: boolean): Promise<Row[]> {
  const backlog = await stage.topics('batches');
  await send(stage, backlog, half * (quick ? 1 : 2));
  const rounds = quick ? 1 : 3;
  const found = { stream: [] as number[], noop: [] as number[], batch: [] as number[] };
  const entryPoint = new URL('../peers/batch.py', import.meta.url);
  for (let round = 0; round < rounds; round += 1) {
    const running = await stage.stream({ topics: backlog, security: 'none', optimized: true, entryPoint });
    await running.until('the batches', () => running.events.some(({ event }) => event === 'result'));
    for (const what of ['noop', 'batch'] as const) {
      const last = running.events.findLast((event) => event.what === what);
      found[what].push((half * (quick ? 1 : 2)) / Number(last?.seconds));
    }
    await running.stop();
    found.stream.push(await lastBatch(stage, backlog, quick ? 1 : 2));
  }
  const metric = 'enrichment with dead letters, warm';
  const row = (name: string, values: number[], atLeast: number): Row => ({
    metric,
    unit: 'sales/s',
    ours: found.stream,
    beside: { name, values },
    goal: { of: 'ratio', atLeast },
  });
  return [row('Spark, Kafka -> noop', found.noop, 0.55), row('the same query as a batch', found.batch, 0.9)];
}

/** Sales a second of the last of so many micro-batches that a backlog takes. */
async function lastBatch(stage: Stage, { source }: Topics, batches: number): Promise<number> {
  const topics = { ...(await stage.topics('batches')), source };
  const stream = await stage.stream({ topics, security: 'none', optimized: true });
  const ended = () => stream.events.filter(({ event, rowsIn }) => event === 'progress' && Number(rowsIn) > half / 2);
  await stream.until('the micro-batches', () => ended().length >= batches);
  const last = ended().at(-1);
  await stream.stop();
  return Number(last?.rowsIn) / Number(last?.batchSeconds);
}

/** The enrichment of a topic of many partitions beside that of one of few. */
export async function partitions(stage: Stage, quick: boolean): Promise<Row[]> {
  const batches = quick ? 1 : 2;
  const [many, few] = [await stage.topics('many', { partitions: 32 }), await stage.topics('few')];
  for (const topics of [many, few]) await send(stage, topics, half * batches);
  const [ours, values]: [number[], number[]] = [[], []];
  for (let round = 0; round < (quick ? 1 : 3); round += 1) {
    ours.push(await lastBatch(stage, many, batches));
    values.push(await lastBatch(stage, few, batches));
  }
  const beside = { name: '4 partitions', values };
  return [
    { metric: 'enrichment of 32 partitions', unit: 'sales/s', ours, beside, goal: { of: 'ratio', atLeast: 0.85 } },
  ];
}
