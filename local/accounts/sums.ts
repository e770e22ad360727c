/** Finds a sum again that a topic was sent: in a table and, of what could not be used, in the dead letters. Exact to the last digit. */
import { join } from 'node:path';
import type { KafkaMessage } from 'kafkajs';
import { databaseOf, sumName } from '../../lib/declaration/flow.ts';
import { objectIn } from '../../lib/declaration/json.ts';
import type { Table } from '../../lib/declaration/kinds/table.ts';
import type { Pipeline, Sum } from '../../lib/declaration/pipeline.ts';
import { keepDecimals } from '../../lib/declaration/shown.ts';
import { readJson, writeJson } from '../../tools/files.mjs';
import type { Home } from '../home.ts';
import { asSuperuser } from '../services/postgres-sign-in.ts';
import { byReason, number, type Settled } from './balance.ts';
import { countBy, type DeadLetter, deadLetterOf } from './dead-letters.ts';
import { decimalOf, unitsOf } from './decimals.ts';
import type { TopicReader } from './kafka-reader.ts';
import { type Offsets, type Range, since } from './offsets.ts';

/** What the last execution that added up has left: the next one counts from there. */
interface Ledger {
  readonly clusterId: string;
  readonly sent: Offsets;
  readonly deadLetters: Offsets;
  /** What the table held, in units. */
  readonly held: string;
}

/** What rows of a table hold in a column, as PostgreSQL writes it. */
export type HeldBy = (table: Table, column: string, rows: NonNullable<Sum['rows']>) => Promise<string>;

/** Asks the database of this machine. */
export const heldIn =
  (home: Home, pipeline: Pipeline): HeldBy =>
  (table, column, wanted) =>
    asSuperuser(home, databaseOf(pipeline)?.name ?? '', async (client) => {
      const of = [pipeline.name, table.name].map((name) => client.escapeIdentifier(name)).join('.');
      const sum = `sum(${client.escapeIdentifier(column)})`;
      const those = Object.keys(wanted).map((name, index) => `${client.escapeIdentifier(name)} = $${index + 1}`);
      const where = those.length > 0 ? ` WHERE ${those.join(' AND ')}` : '';
      const query = `SELECT coalesce(${sum}, 0)::numeric::text AS held FROM ${of}${where}`;
      const { rows } = await client.query(query, Object.values(wanted));
      return String(rows[0]?.held);
    });

/**
 * Finds a sum.
 *
 * @param read how far the topic was worked through @default to its end
 */
export function settleSum(
  home: Home,
  pipeline: Pipeline,
  sum: Sum,
  reader: TopicReader,
  heldBy: HeldBy = heldIn(home, pipeline),
  read?: Offsets,
): Promise<Settled> {
  const { of } = sum;
  return of === undefined
    ? settleKeys(pipeline, sum, reader, heldBy)
    : settleValues(home, pipeline, { ...sum, of }, reader, heldBy, read);
}

/** Counts the keys that a compacted topic holds now, of whatever execution: what it forgets on the way changes nothing. */
async function settleKeys(pipeline: Pipeline, sum: Sum, reader: TopicReader, heldBy: HeldBy): Promise<Settled> {
  const { sent, deadLetters, table, column, rows = {} } = sum;
  const [came, letters] = [await reader.range(sent.name), await reader.range(deadLetters.name)];
  const held = unitsOf(await heldBy(table, column, rows)) ?? 0n;
  const newest = new Map<string, string>();
  await reader.read(sent.name, came, ({ key, value, offset }, partition) => {
    const name = key?.toString('base64') ?? '';
    if (value === null) newest.delete(name);
    else newest.set(name, `${partition}/${offset}`);
  });
  const reasonsAt = new Map<string, string>();
  await reader.read(deadLetters.name, letters, (record, partition) => {
    const { source, reason } = deadLetterOf(record, partition);
    if (source?.topic === sent.name) reasonsAt.set(`${source.partition}/${source.offset}`, reason);
  });
  const aside = [...newest.values()].flatMap((place) => reasonsAt.get(place) ?? []);
  const reasons = countBy(aside);
  const units = (unitsOf(String(newest.size)) ?? 0n) - (unitsOf(String(aside.length)) ?? 0n);
  const addsUp = units === held;
  const told = aside.length > 0 ? ` + ${number(aside.length)} whose newest is a dead letter${byReason(reasons)}` : '';
  const line = `${number(newest.size)} keys ${addsUp ? '=' : '≠'} ${decimalOf(held).replace(/\.00$/, '')} sum(${column}) of ${table.name}${told}`;
  return settledBy({ account: sumName(pipeline, sum), addsUp, line }, newest.size, reasons, aside.length);
}

async function settleValues(
  home: Home,
  pipeline: Pipeline,
  sum: Sum & { readonly of: string },
  reader: TopicReader,
  heldBy: HeldBy,
  read: Offsets | undefined,
): Promise<Settled> {
  const { sent, of, deadLetters, table, column, rows = {} } = sum;
  const name = sumName(pipeline, sum);
  const file = join(home.executions, pipeline.name, 'sums.json');
  const ledgers: Readonly<Record<string, Ledger>> =
    readJson(file, 'Delete it: what topics and tables hold is summed up from the beginning then.') ?? {};
  const clusterId = await reader.clusterId();
  const known = ledgers[name]?.clusterId === clusterId ? ledgers[name] : undefined;
  const [came, letters] = [upTo(await reader.range(sent.name), read), await reader.range(deadLetters.name)];
  const held = unitsOf(await heldBy(table, column, rows)) ?? 0n;

  const ofTopic = since(known?.sent ?? {}, came);
  let [units, records] = [0n, 0];
  await reader.read(sent.name, ofTopic, (record) => {
    units += valueIn(record, of);
    records += 1;
  });
  const set = new Map<string, DeadLetter & { readonly units: bigint }>();
  await reader.read(deadLetters.name, since(known?.deadLetters ?? {}, letters), (record, partition) => {
    const letter = deadLetterOf(record, partition);
    const isRow = letter.topic === `${pipeline.name}.${table.name}` && isAmong(record, rows);
    if (isRow || letter.topic === sent.name)
      set.set(letter.id, { ...letter, units: valueIn(record, isRow ? column : of) });
  });
  const aside = [...set.values()];
  const reasons = countBy(aside.map(({ reason }) => reason));
  const unitsAside = aside.reduce((all, one) => all + one.units, 0n);
  const gained = held - BigInt(known?.held ?? 0);
  const count = await reader.count(sent.name, ofTopic.from, came);
  // Compaction may have taken away what was added up: then nobody can say, and the next execution goes on from here.
  const forgotten = sent.cleanup === 'compact' ? count - records : 0;
  const addsUp = forgotten > 0 || units === gained + unitsAside;
  if (addsUp) {
    const next: Ledger = { clusterId, sent: came.to, deadLetters: letters.to, held: String(held) };
    writeJson(file, { ...ledgers, [name]: next });
  }
  const [left, right, less] = [units, gained, unitsAside].map(decimalOf);
  const told = aside.length > 0 ? ` + ${less} in ${number(aside.length)} dead letters${byReason(reasons)}` : '';
  const sums = `sum(${of}) of ${number(count)} sent: ${left} ${addsUp ? '=' : '≠'} ${right} sum(${column}) of ${table.name}${told}`;
  const line =
    forgotten > 0
      ? `sum(${of}) is not compared this time: compaction has taken ${number(forgotten)} of ${number(count)} records`
      : sums;
  return settledBy({ account: name, addsUp, line }, count, reasons, aside.length);
}

/** A range as far as it was read. */
const upTo = ({ from, to }: Range, read: Offsets | undefined): Range => ({
  from,
  to: Object.fromEntries(
    Object.entries(to).map(([at, offset]) => [at, Math.min(offset, read?.[Number(at)] ?? offset)] as const),
  ),
});

/** Whether a row, as the value of a dead letter has it, is among those that have this in their columns. */
function isAmong({ value }: Pick<KafkaMessage, 'value'>, rows: Readonly<Record<string, string>>): boolean {
  const row = objectIn(value?.toString('utf8') ?? '') ?? {};
  return Object.entries(rows).every(([name, wanted]) => row[name] === wanted);
}

/** A sum as all accounts are told: it knows of no files, and of no rows of others. */
const settledBy = (
  told: Pick<Settled, 'account' | 'addsUp' | 'line'>,
  sent: number,
  deadLettersByReason: Settled['deadLettersByReason'],
  deadLetters: number,
): Settled => ({
  ...told,
  isSum: true,
  sent,
  rejected: 0,
  rejectedByReason: {},
  rejectsFolder: undefined,
  byOthers: 0,
  carriedOver: 0,
  replayed: 0,
  summarized: sent - deadLetters,
  deadLetters,
  deadLettersByReason,
  deadLettersOfExecution: 0,
});

/** The number in a field of a record; nothing where there is none, as in what was set aside for that. */
function valueIn({ value }: Pick<KafkaMessage, 'value'>, field: string): bigint {
  try {
    const found: unknown = JSON.parse(value?.toString('utf8') ?? '', keepDecimals)?.[field];
    return unitsOf(String(found)) ?? 0n;
  } catch {
    return 0n;
  }
}
