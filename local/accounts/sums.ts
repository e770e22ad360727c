/** Finds a sum again that a topic was sent: in a table and, of what could not be used, in the dead letters. Exact to the last digit. */
import { join } from 'node:path';
import type { KafkaMessage } from 'kafkajs';
import { databaseOf, sumName } from '../../lib/declaration/flow.ts';
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
import { type Offsets, since } from './offsets.ts';

/** What the last execution that added up has left: the next one counts from there. */
interface Ledger {
  readonly clusterId: string;
  readonly sent: Offsets;
  readonly deadLetters: Offsets;
  /** What the table held, in units. */
  readonly held: string;
}

/** What all rows of a table hold in a column, as PostgreSQL writes it. */
export type HeldBy = (table: Table, column: string) => Promise<string>;

/** Asks the database of this machine. */
export const heldIn =
  (home: Home, pipeline: Pipeline): HeldBy =>
  (table, column) =>
    asSuperuser(home, databaseOf(pipeline)?.name ?? '', async (client) => {
      const of = [pipeline.name, table.name].map((name) => client.escapeIdentifier(name)).join('.');
      const sum = `sum(${client.escapeIdentifier(column)})`;
      const { rows } = await client.query(`SELECT coalesce(${sum}, 0)::numeric::text AS held FROM ${of}`);
      return String(rows[0]?.held);
    });

export function settleSum(
  home: Home,
  pipeline: Pipeline,
  sum: Sum,
  reader: TopicReader,
  heldBy: HeldBy = heldIn(home, pipeline),
): Promise<Settled> {
  const { of } = sum;
  return of === undefined
    ? settleKeys(pipeline, sum, reader, heldBy)
    : settleValues(home, pipeline, { ...sum, of }, reader, heldBy);
}

/** Counts the keys that a compacted topic holds now, of whatever execution: what it forgets on the way changes nothing. */
async function settleKeys(pipeline: Pipeline, sum: Sum, reader: TopicReader, heldBy: HeldBy): Promise<Settled> {
  const { sent, deadLetters, table, column } = sum;
  const [came, letters] = [await reader.range(sent.name), await reader.range(deadLetters.name)];
  const held = unitsOf(await heldBy(table, column)) ?? 0n;
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
): Promise<Settled> {
  const { sent, of, deadLetters, table, column } = sum;
  const name = sumName(pipeline, sum);
  const file = join(home.executions, pipeline.name, 'sums.json');
  const ledgers: Readonly<Record<string, Ledger>> =
    readJson(file, 'Delete it: what topics and tables hold is summed up from the beginning then.') ?? {};
  const clusterId = await reader.clusterId();
  const known = ledgers[name]?.clusterId === clusterId ? ledgers[name] : undefined;
  const [came, letters] = [await reader.range(sent.name), await reader.range(deadLetters.name)];
  const held = unitsOf(await heldBy(table, column)) ?? 0n;

  const ofTopic = since(known?.sent ?? {}, came);
  let units = 0n;
  await reader.read(sent.name, ofTopic, (record) => {
    units += valueIn(record, of);
  });
  const set = new Map<string, DeadLetter & { readonly units: bigint }>();
  await reader.read(deadLetters.name, since(known?.deadLetters ?? {}, letters), (record, partition) => {
    const letter = deadLetterOf(record, partition);
    const isRow = letter.topic === `${pipeline.name}.${table.name}`;
    if (isRow || letter.topic === sent.name)
      set.set(letter.id, { ...letter, units: valueIn(record, isRow ? column : of) });
  });
  const aside = [...set.values()];
  const reasons = countBy(aside.map(({ reason }) => reason));
  const unitsAside = aside.reduce((all, one) => all + one.units, 0n);
  const gained = held - BigInt(known?.held ?? 0);
  const count = await reader.count(sent.name, ofTopic.from, came);
  const addsUp = units === gained + unitsAside;
  if (addsUp) {
    const next: Ledger = { clusterId, sent: came.to, deadLetters: letters.to, held: String(held) };
    writeJson(file, { ...ledgers, [name]: next });
  }
  const [left, right, less] = [units, gained, unitsAside].map(decimalOf);
  const told = aside.length > 0 ? ` + ${less} in ${number(aside.length)} dead letters${byReason(reasons)}` : '';
  const line = `sum(${of}) of ${number(count)} sent: ${left} ${addsUp ? '=' : '≠'} ${right} sum(${column}) of ${table.name}${told}`;
  return settledBy({ account: name, addsUp, line }, count, reasons, aside.length);
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
