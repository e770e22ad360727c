/** `millrace topics [topic]`: the topics of the deployed pipelines, their partitions, or the decoded records of one. It changes nothing, and leaves no consumer group. */
import { setTimeout as sleep } from 'node:timers/promises';
import { replayWaysOf, topicsOf } from '../../lib/declaration/flow.ts';
import type { Topic } from '../../lib/declaration/kinds/topic.ts';
import { kebab } from '../../lib/declaration/names.ts';
import { fitsInstant } from '../../lib/declaration/parameter.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { byReason } from '../accounts/balance.ts';
import { deadLetterOf } from '../accounts/dead-letters.ts';
import { KafkaReader } from '../accounts/kafka-reader.ts';
import { distance, type Range, since } from '../accounts/offsets.ts';
import { type DecodedRecord, newestOf, type PlacedRecord, recordDecoderOf, textOf } from '../accounts/records.ts';
import { table } from '../accounts/results.ts';
import { readDeployment } from '../cloudformation/index.ts';
import { moment } from '../emr/streams.ts';
import { endpointsOf } from '../services/services.ts';
import { deployedPipelines } from '../stepfunctions/deployed-pipelines.ts';
import { visibleJson, visibleLine } from '../visible.ts';
import { type Context, environment, notUp, pipelines } from './context.ts';

/** As `main.ts` describes them. */
export interface TopicsOptions {
  readonly from?: string;
  readonly most?: number;
  readonly follow?: boolean;
  readonly deadLetters?: boolean;
  readonly reason?: readonly string[];
  readonly partitions?: boolean;
}

/** A topic with its name in a declaration. */
export interface KnownTopic {
  readonly topic: Topic;
  readonly alias: string;
  readonly pipeline: string;
  /** The topic whose records it holds: itself, or that of dead letters and replays. */
  readonly source: Topic;
}

type Reader = Pick<KafkaReader, 'range' | 'read' | 'offsetsAt'>;

const newestByDefault = 20;
const followMs = 1_000;

export async function topics(context: Context, name: string | undefined, options: TopicsOptions): Promise<number> {
  const [alone] = Object.keys(options).filter((option) => !['json', 'partitions'].includes(option));
  if (name === undefined && alone !== undefined) {
    throw new MillraceError(
      'NO_TOPIC',
      `--${kebab(alone)} is about the records of one topic. Name it; "npx millrace topics" lists them.`,
    );
  }
  const from = options.from === undefined ? undefined : beginOf(options.from);
  const deployment = readDeployment(context.home, environment);
  if (!deployment) throw notUp('Nothing is deployed here.');
  const endpoints = endpointsOf(context.home);
  if (!endpoints) throw notUp('The services do not run.');
  const deployed = deployedPipelines(deployment);
  const declared = (await pipelines()).filter((pipeline) => deployed.has(pipeline.name)).flatMap(knownTopicsOf);
  const reader = new KafkaReader(endpoints.bootstrapServers);
  const seen = new AbortController();
  // Who reads may have seen enough (`... | head`): the command ends when its consumer group is gone.
  process.stdout.once('error', () => seen.abort());
  context.onForce.push(() => seen.abort());
  await reader.connect();
  try {
    const there = new Set(await reader.topics());
    // A declaration may have been changed since it was deployed.
    const known = declared.filter(({ topic }) => there.has(topic.name));
    if (options.partitions) {
      const chosen = name === undefined ? known : [chosenOf(known, name, false)];
      await listPartitions(context, reader, [...new Set(chosen.map(({ topic }) => topic.name))]);
    } else if (name === undefined) await list(context, reader, known);
    else {
      const chosen = chosenOf(known, name, options.deadLetters === true || options.reason !== undefined);
      const signal = AbortSignal.any([context.signal, seen.signal]);
      await show({ ...context, signal }, reader, chosen, { ...options, from, registryUrl: endpoints.registryUrl });
    }
  } finally {
    await reader.close();
  }
  return 0;
}

export function knownTopicsOf(pipeline: Pipeline): KnownTopic[] {
  const ways = replayWaysOf(pipeline);
  return Object.entries(topicsOf(pipeline)).map(([alias, topic]) => {
    const source = topic.deadLettersOf ?? ways.find(({ replays }) => replays === topic)?.source ?? topic;
    return { topic, alias, pipeline: pipeline.name, source };
  });
}

/**
 * The topic of this name or alias, or the one of its dead letters.
 *
 * @throws MillraceError UNKNOWN_TOPIC, NO_DEAD_LETTERS
 */
export function chosenOf(known: readonly KnownTopic[], name: string, deadLetters: boolean): KnownTopic {
  const named = known.filter(({ topic, alias }) => topic.name === name || alias === name);
  const [found, another] = named.some(({ topic }) => topic.name === name)
    ? named.filter(({ topic }) => topic.name === name)
    : named;
  if (!found || (another && another.topic.name !== found.topic.name)) {
    const names = [...new Set((found ? named : known).map(({ topic }) => topic.name))].sort().join(', ');
    const what = found ? `"${name}" is the alias of several topics` : `There is no topic "${name}"`;
    throw new MillraceError('UNKNOWN_TOPIC', `${what}. Allowed: ${names || 'none: no pipeline is deployed'}.`);
  }
  if (!deadLetters || found.topic.deadLettersOf) return found;
  const letters = known.find(({ topic }) => topic.deadLettersOf?.name === found.topic.name);
  if (letters) return letters;
  const able = [...new Set(known.flatMap(({ topic }) => topic.deadLettersOf?.name ?? []))].sort().join(', ');
  throw new MillraceError(
    'NO_DEAD_LETTERS',
    `Topic ${found.topic.name} has no dead letters. Allowed: ${able || 'none of these topics'}.`,
  );
}

/** Where reading begins. */
export type Begin =
  | { readonly at: 'earliest' }
  | { readonly at: 'moment'; readonly timestampMs: number }
  | { readonly at: 'offset'; readonly partition: number; readonly offset: number };

/** @throws MillraceError INVALID_FROM */
export function beginOf(text: string): Begin {
  if (text === 'earliest') return { at: 'earliest' };
  const [, partition, offset] = /^(\d{1,9}):(\d{1,15})$/.exec(text) ?? [];
  if (partition !== undefined) return { at: 'offset', partition: Number(partition), offset: Number(offset) };
  if (text !== '' && fitsInstant(text)) return { at: 'moment', timestampMs: Date.parse(text) };
  throw new MillraceError(
    'INVALID_FROM',
    `--from is ${JSON.stringify(text)}. Allowed: earliest, an instant in UTC, such as 2026-01-31T13:00:00Z, or a partition and an offset, such as 0:42.`,
  );
}

/** What of a topic is read: from there on, of all partitions or of the one that is named. */
async function rangeFrom(reader: Reader, name: string, range: Range, begin: Begin): Promise<Range> {
  if (begin.at === 'earliest') return range;
  if (begin.at === 'moment') return since(await reader.offsetsAt(name, begin.timestampMs), range);
  return since({ [begin.partition]: begin.offset }, partitionOf(name, range, begin.partition));
}

function partitionOf(name: string, { from, to }: Range, partition: number): Range {
  const [low, end] = [from[partition], to[partition]];
  if (low !== undefined && end !== undefined) return { from: { [partition]: low }, to: { [partition]: end } };
  const allowed = Object.keys(to).join(', ');
  throw new MillraceError('INVALID_FROM', `Topic ${name} has no partition ${partition}. Allowed: ${allowed}.`);
}

export interface Reading extends Pick<TopicsOptions, 'most' | 'follow' | 'reason'> {
  readonly from: Begin | undefined;
  readonly registryUrl: string;
}

/** Prints records: those that are there, the newest ones unless it is said where to begin; then those that come, until the signal. */
export async function show(
  { json, print, terminal, signal }: Pick<Context, 'json' | 'print' | 'terminal' | 'signal'>,
  reader: Reader,
  { topic, source }: KnownTopic,
  { from, most, follow = false, reason: reasons, registryUrl }: Reading,
): Promise<void> {
  const decode = recordDecoderOf(source, registryUrl);
  const isLetter = topic.deadLettersOf !== undefined;
  const others: Record<string, number> = {};
  const isWanted = ({ record, partition }: PlacedRecord): boolean => {
    if (!reasons) return true;
    const { reason } = deadLetterOf(record, partition);
    if (reasons.includes(reason)) return true;
    others[reason] = (others[reason] ?? 0) + 1;
    return false;
  };
  let shown = 0;
  const tell = async (placed: PlacedRecord): Promise<void> => {
    const decoded = await decode(placed);
    const letter = isLetter ? deadLetterOf(placed.record, placed.partition) : undefined;
    print(json ? jsonOf(topic.name, decoded, letter) : blockOf(decoded, letter?.reason));
    shown += 1;
  };
  const range = await reader.range(topic.name);
  if (from) {
    const enough = new AbortController();
    const tellWanted = async (record: PlacedRecord['record'], partition: number): Promise<void> => {
      if (!isWanted({ record, partition })) return;
      await tell({ record, partition });
      if (shown === most) enough.abort();
    };
    const first = await rangeFrom(reader, topic.name, range, from);
    await reader.read(topic.name, first, tellWanted, AbortSignal.any([signal, enough.signal]));
  } else {
    const newest = await newestOf(reader, topic.name, range, most ?? newestByDefault, isWanted, signal);
    for (const placed of signal.aborted ? [] : newest) await tell(placed);
  }
  if (shown === 0 && !signal.aborted) {
    const what = reasons ? `no dead letters of ${reasons.join(', ')} in ${topic.name}` : `no records in ${topic.name}`;
    terminal.line(`${what}${from ? ' from there on' : ''}${byReason(others)}`);
  }
  for (let { to } = range; follow && !signal.aborted; ) {
    await sleep(followMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const now = await reader.range(topic.name);
    const fresh = since(to, from?.at === 'offset' ? partitionOf(topic.name, now, from.partition) : now);
    const tellWanted = async (record: PlacedRecord['record'], partition: number): Promise<void> => {
      if (isWanted({ record, partition })) await tell({ record, partition });
    };
    await reader.read(topic.name, fresh, tellWanted, signal);
    to = now.to;
  }
}

type Letter = ReturnType<typeof deadLetterOf>;

/** One record as a JSON line. */
export function jsonOf(topic: string, { key, value, ...place }: DecodedRecord, letter?: Letter): string {
  const told = { topic, ...place, key: key.value, keyDecoded: key.decoded, value: value.value };
  const deadLetter = letter && {
    reason: letter.reason,
    job: letter.job,
    topic: letter.topic,
    source: letter.source,
    isCut: letter.isCut,
  };
  return visibleJson({ ...told, valueDecoded: value.decoded, ...(deadLetter && { deadLetter }) });
}

/** One record for people: where it lies, its value, its headers. */
export function blockOf({ partition, offset, timestamp, key, value, headers }: DecodedRecord, reason?: string): string {
  const place = [moment(timestamp), `${partition}:${offset}`];
  if (reason !== undefined) place.push(visibleLine(reason));
  if (key.value !== null) place.push(`key ${line(key)}`);
  const told = value.value === null ? '(no value)' : line(value);
  const lines = [place.join('  '), `  ${told}${value.decoded ? '' : '  (not what its schema says)'}`];
  const texts = Object.entries(headers).map(([name, text]) => `${visibleLine(name)}=${visibleLine(String(text))}`);
  if (texts.length > 0) lines.push(`  ${texts.join('  ')}`);
  return lines.join('\n');
}

const line = (part: DecodedRecord['key']): string => textOf(part).replaceAll('\n', '␊');

/** What is in the topics: of a compacted one records may have gone, so that it holds as many at most. */
export async function summaryOf(reader: Pick<KafkaReader, 'range'>, known: readonly KnownTopic[]) {
  const ranges = new Map<string, Range>();
  for (const { topic } of known) {
    if (!ranges.has(topic.name)) ranges.set(topic.name, await reader.range(topic.name));
  }
  const records = (name: string) => distance(ranges.get(name)?.from ?? {}, ranges.get(name)?.to ?? {});
  return known.map(({ topic, alias, pipeline }) => {
    const letters = known.find((one) => one.pipeline === pipeline && one.topic.deadLettersOf?.name === topic.name);
    return {
      topic: topic.name,
      alias,
      pipeline,
      partitions: Object.keys(ranges.get(topic.name)?.to ?? {}).length,
      records: records(topic.name),
      compacted: topic.cleanup === 'compact',
      ...(letters && { deadLetters: { topic: letters.topic.name, records: records(letters.topic.name) } }),
    };
  });
}

async function list({ json, print }: Context, reader: Reader, known: readonly KnownTopic[]): Promise<void> {
  const found = await summaryOf(reader, known);
  if (json) return print(JSON.stringify({ topics: found }));
  const rows = found.map(({ compacted, deadLetters, ...told }) => {
    return { ...told, cleanup: compacted ? 'compacted' : '', letters: deadLetters?.records ?? '' };
  });
  print(
    table(rows, [
      { field: 'pipeline', title: 'pipeline', format: 'text' },
      { field: 'topic', title: 'topic', format: 'text' },
      { field: 'alias', title: 'alias', format: 'text' },
      { field: 'partitions', title: 'partitions', format: 'count' },
      { field: 'records', title: 'records', format: 'count' },
      { field: 'letters', title: 'dead letters', format: 'count' },
      { field: 'cleanup', title: '', format: 'text' },
    ]),
  );
}

/** Where the partitions of topics are, and how much is in them. */
export async function listPartitions(
  { json, print }: Pick<Context, 'json' | 'print'>,
  reader: Pick<KafkaReader, 'partitions'>,
  names: readonly string[],
): Promise<void> {
  const partitions = await reader.partitions(names);
  if (json) return print(JSON.stringify({ partitions }));
  const rows = partitions.map(({ replicas, inSync, ...told }) => {
    return { ...told, replicas: replicas.join(' '), inSync: inSync.join(' ') };
  });
  print(
    table(rows, [
      { field: 'topic', title: 'topic', format: 'text' },
      { field: 'partition', title: 'partition', format: 'count' },
      { field: 'leader', title: 'leader', format: 'count' },
      { field: 'replicas', title: 'replicas', format: 'text' },
      { field: 'inSync', title: 'in sync', format: 'text' },
      { field: 'first', title: 'first', format: 'count' },
      { field: 'end', title: 'end', format: 'count' },
      { field: 'bytes', title: 'bytes', format: 'count' },
    ]),
  );
}
