/** `millrace replay <pipeline>`: sends dead letters again as they are, to the topic by which they come back to the stream that set them aside. */
import { join } from 'node:path';
import kafkajs, { type KafkaMessage, type Message } from 'kafkajs';
import { type ReplayWay, replayWaysOf } from '../../lib/declaration/flow.ts';
import { fitsInstant } from '../../lib/declaration/parameter.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { withLock } from '../../tools/lock.mjs';
import { byReason, number } from '../accounts/balance.ts';
import { type DeadLetter, deadLetterOf } from '../accounts/dead-letters.ts';
import { KafkaReader, type TopicReader } from '../accounts/kafka-reader.ts';
import { readDeployment } from '../cloudformation/index.ts';
import { brokersOf } from '../services/services.ts';
import { deployedPipelines } from '../stepfunctions/deployed-pipelines.ts';
import { type Context, environment, notUp, pipelineOf, pipelines } from './context.ts';

/** As `main.ts` describes them. */
export interface ReplayOptions {
  readonly reason?: readonly string[];
  readonly since?: string;
  readonly until?: string;
  readonly dryRun?: boolean;
}

/** What became of the dead letters of one topic, each source record once. */
export interface Replayed {
  readonly deadLetters: string;
  /** Sent again, or to be sent, by reason. */
  readonly sent: Record<string, number>;
  /** Not sent, since an earlier replay has sent them. */
  sentBefore: number;
  /** Not sent, since they were too large for the topic of dead letters and are not whole. */
  cut: number;
  /** Not sent, since the stream that set them aside reads no replays of their topic. */
  withoutReplays: number;
  /** Not asked for, by reason. */
  readonly others: Record<string, number>;
}

/** Sends records to a topic, and has them there when it returns. */
export type Send = (topic: string, messages: Message[]) => Promise<void>;

/** Bytes of records that are sent at once: together they must fit into what a topic takes of one record by default. */
const mostBytes = 500_000;
export const lockWaitMs = 10_000;

export async function replay(context: Context, name: string, options: ReplayOptions): Promise<number> {
  const { home, json, print, terminal } = context;
  const pipeline = await pipelineOf(name);
  const ways = await replayWays(pipeline);
  const chosen = choiceOf(options);
  const deployment = readDeployment(home, environment);
  if (!deployment || !deployedPipelines(deployment).has(pipeline.name)) throw notUp(`${name} is not deployed here.`);
  const { running, bootstrapServers } = brokersOf(home);
  if (!running) throw notUp('The broker does not run.');
  const { dryRun = false } = options;
  const onWait = (holder: number) => terminal.line(`waiting for another replay, process ${holder}`);
  // What was sent before is looked up first: two at once would not know of each other.
  const lock = join(home.state, `${environment}.replay.lock`);
  const replayed = await withLock(lock, { waitMs: lockWaitMs, onWait, signal: context.signal }, () =>
    replayOn(bootstrapServers, ways, chosen, dryRun),
  );
  terminal.close();
  if (json) print(JSON.stringify({ pipeline: name, dryRun, replayed }));
  else for (const line of replayed.flatMap((one) => linesOf(one, dryRun))) print(line);
  return 0;
}

/** The ways by which dead letters come back; refused in words where there is none. */
async function replayWays(pipeline: Pipeline): Promise<ReplayWay[]> {
  const ways = replayWaysOf(pipeline);
  if (ways.length > 0) return ways;
  const able = (await pipelines()).filter((other) => replayWaysOf(other).length > 0).map(({ name }) => name);
  throw new MillraceError(
    'NO_REPLAYS',
    `Pipeline "${pipeline.name}" has no topic of replays, so that its dead letters cannot come back. ` +
      `Allowed: ${able.join(', ') || 'none of these pipelines'}. Declare replaysOf(source), name it in events(source, { replays }) ` +
      `and among what the stream reads, in ${pipeline.folders.declaration}/pipeline.ts.`,
  );
}

/** Whether a dead letter is one of those that are asked for. */
export type Choice = (reason: string, timestampMs: number) => boolean;

export function choiceOf({ reason, since, until }: ReplayOptions): Choice {
  const momentOf = (name: string, text: string | undefined) => {
    if (text === undefined) return undefined;
    if (text !== '' && fitsInstant(text)) return Date.parse(text);
    throw new MillraceError(
      'INVALID_TIME',
      `--${name} is ${JSON.stringify(text)}. Allowed: an instant in UTC, such as 2026-01-31T13:00:00Z.`,
    );
  };
  const [from, to] = [momentOf('since', since) ?? 0, momentOf('until', until) ?? Number.POSITIVE_INFINITY];
  return (why, timestampMs) => (!reason || reason.includes(why)) && timestampMs >= from && timestampMs < to;
}

/** The same on a broker: with `dryRun` everything but the sending. */
export async function replayOn(
  bootstrapServers: string,
  ways: readonly ReplayWay[],
  chosen: Choice,
  dryRun: boolean,
): Promise<Replayed[]> {
  const brokers = bootstrapServers.split(',');
  const kafka = new kafkajs.Kafka({ clientId: 'millrace', brokers, logLevel: kafkajs.logLevel.NOTHING });
  // What the client sends once more, when an answer was lost, must not be there twice.
  const producer = kafka.producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false });
  const reader = new KafkaReader(bootstrapServers);
  try {
    await Promise.all([reader.connect(), producer.connect()]);
    const send: Send = async (topic, messages) => void (await producer.send({ topic, acks: -1, messages }));
    return await replayAll(reader, dryRun ? async () => {} : send, ways, chosen);
  } finally {
    await Promise.all([reader.close(), producer.disconnect()]);
  }
}

/** Sends what is chosen of all dead letters of these ways. What the topics of replays hold already is known by where its record lay. */
export async function replayAll(
  reader: TopicReader,
  send: Send,
  ways: readonly ReplayWay[],
  chosen: Choice,
): Promise<Replayed[]> {
  const sent = new Set<string>();
  for (const replays of new Set(ways.map((way) => way.replays.name))) {
    await reader.read(
      replays,
      await reader.range(replays),
      (record, partition) => void sent.add(deadLetterOf(record, partition).id),
    );
  }
  const all: Replayed[] = [];
  for (const deadLetters of new Set(ways.map((way) => way.deadLetters.name))) {
    const letters = ways.filter((way) => way.deadLetters.name === deadLetters);
    all.push(await replayTopic(reader, send, letters, chosen, sent));
  }
  return all;
}

async function replayTopic(
  reader: TopicReader,
  send: Send,
  ways: readonly ReplayWay[],
  chosen: Choice,
  sent: Set<string>,
): Promise<Replayed> {
  const deadLetters = ways[0]?.deadLetters.name ?? '';
  const found: Replayed = { deadLetters, sent: {}, sentBefore: 0, cut: 0, withoutReplays: 0, others: {} };
  const batch = new Batch(send);
  const seen = new Set<string>();
  await reader.read(deadLetters, await reader.range(deadLetters), async (record, partition) => {
    // A stream that repeats a batch sets its records aside once more.
    const letter = deadLetterOf(record, partition);
    const { id, reason } = letter;
    if (seen.has(id)) return;
    seen.add(id);
    if (!chosen(reason, Number(record.timestamp))) return count(found.others, reason);
    if (letter.isCut) found.cut += 1;
    else if (sent.has(id)) found.sentBefore += 1;
    else {
      const replays = replaysFor(ways, letter);
      if (replays === undefined) found.withoutReplays += 1;
      else {
        await batch.add(replays, record);
        count(found.sent, reason);
      }
    }
  });
  await batch.flush();
  return found;
}

/** Where a dead letter comes back: by the job that set it aside, and the topic that it was read from, which may be that of replays already. */
function replaysFor(ways: readonly ReplayWay[], { job, topic }: DeadLetter): string | undefined {
  const way = ways.find((one) => one.job === job && [one.source.name, one.replays.name].includes(topic ?? ''));
  return way?.replays.name;
}

/** Records on their way to one topic after another, a few at a time. */
class Batch {
  private readonly send: Send;
  private topic = '';
  private messages: Message[] = [];
  private bytes = 0;

  constructor(send: Send) {
    this.send = send;
  }

  async add(topic: string, { key, value, headers = {} }: KafkaMessage): Promise<void> {
    const bytes = (key?.length ?? 0) + (value?.length ?? 0) + JSON.stringify(headers).length;
    if (topic !== this.topic || this.bytes + bytes > mostBytes) await this.flush();
    this.topic = topic;
    this.bytes += bytes;
    this.messages.push({ key, value, headers });
  }

  async flush(): Promise<void> {
    if (this.messages.length > 0) await this.send(this.topic, this.messages);
    this.messages = [];
    this.bytes = 0;
  }
}

function count(counts: Record<string, number>, reason: string): void {
  counts[reason] = (counts[reason] ?? 0) + 1;
}

const total = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((sum, one) => sum + one, 0);

function linesOf({ deadLetters, sent, sentBefore, cut, withoutReplays, others }: Replayed, dryRun: boolean): string[] {
  const lines = [`${deadLetters}: ${number(total(sent))} ${dryRun ? 'would be sent' : 'sent'} again${byReason(sent)}`];
  if (sentBefore > 0) lines.push(`  ${number(sentBefore)} not: an earlier replay has sent them`);
  if (cut > 0) lines.push(`  ${number(cut)} not: they were cut; send the whole records from their source topic`);
  if (withoutReplays > 0) lines.push(`  ${number(withoutReplays)} not: their topic has no replays`);
  if (total(others) > 0) lines.push(`  ${number(total(others))} not asked for${byReason(others)}`);
  return lines;
}
