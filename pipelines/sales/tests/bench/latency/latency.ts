/** How long it takes from the sending of a sale to the first summary that counts it, at a steady rate, as a client outside sees it. */
import type { Row } from '../../../../../bench/rows.ts';
import { deployed, type Running, type Stage, schemas, type Topics } from '../stage.ts';

interface Percentiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly events: number;
}

interface Measured {
  readonly name: string;
  readonly running: Running;
  readonly topics: Topics;
  readonly echo?: boolean;
}

const perSecond = 1_000;
const goals = { p50: 450, p95: 900, p99: 1_500 } as const;

export async function latency(stage: Stage, quick: boolean): Promise<Row[]> {
  const [rounds, seconds] = quick ? [2, 10] : [5, 30];
  const all: Measured[] = [];
  /** Lets what was started work for a while, and then wait for its turn. */
  const ready = async (name: string, topics: Topics, start: Promise<Running>, echo = false) => {
    const measured = { name, topics, running: await start, echo };
    await client(stage, measured, quick ? 8 : 30, 0);
    measured.running.pause();
    all.push(measured);
  };
  await ready('millrace', deployed, stage.stream({ security: 'iam', optimized: false }));
  const entryPoint = new URL('../peers/empty_batch.py', import.meta.url);
  const empty = await stage.topics('empty');
  await ready(
    'empty micro-batch',
    empty,
    stage.stream({ topics: empty, security: 'none', optimized: false, entryPoint }),
    true,
  );
  for (const [name, main] of [
    ['Kafka Streams', 'KafkaStreamsPeer'],
    ['Flink', 'FlinkPeer'],
  ] as const) {
    const topics = await stage.topics(main);
    await ready(name, topics, stage.peer(main, topics));
  }
  const found = new Map<string, Percentiles[]>(all.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const measured of all) {
      measured.running.resume();
      found.get(measured.name)?.push(await client(stage, measured, seconds, 3));
      measured.running.pause();
    }
  }
  for (const { running } of all) await running.stop();
  const values = (name: string, share: keyof typeof goals) => found.get(name)?.map((each) => each[share]) ?? [];
  return Object.entries(goals).flatMap(([name, atMost]) => {
    const share = name as keyof typeof goals;
    const ours = values('millrace', share);
    return all.slice(1).map((peer, index) => ({
      metric: `event -> summary, ${share} at ${perSecond}/s`,
      unit: 'ms',
      ours,
      beside: { name: peer.name, values: values(peer.name, share) },
      ...(index === 0 && { goal: { of: 'ours' as const, atMost } }),
    }));
  });
}

/** One round: the client sends for so many seconds, of which the first ones do not count. */
export async function client(
  stage: Stage,
  { topics, echo, running }: Omit<Measured, 'name'>,
  seconds: number,
  warmUp: number,
): Promise<Percentiles> {
  const { saleId, saleKeyId } = await stage.schemaIds();
  const told = {
    bootstrap: stage.bootstrapServers,
    source: topics.source,
    target: topics.target,
    schemas,
    'sale-id': saleId,
    'key-id': saleKeyId,
    rate: perSecond,
    seconds,
    'warm-up': warmUp,
  };
  const words = Object.entries(told).flatMap(([name, value]) => [`--${name}`, String(value)]);
  const script = new URL('client.py', import.meta.url);
  return stage.python<Percentiles>(script, ...words, ...(echo ? ['--echo'] : [])).catch((error: unknown) => {
    throw new Error(`the stream has not done its work; it said:\n${running.said()}`, { cause: error });
  });
}
