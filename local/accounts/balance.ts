/** The equation that must hold for no row to be lost or counted twice, its line for people, and what is kept of it. */
import { join } from 'node:path';
import { readJson, writeJson } from '../../tools/files.mjs';

/** What was counted for one account. Rows; from files and topics, never from what a job says of itself. */
export interface Counts {
  /** Rows that the execution was to read from the account's file; undefined where it has none. */
  readonly read?: number;
  /** Lines of the file that were no rows. */
  readonly rejected: number;
  /** Records that came into the topic during the execution. */
  readonly sent: number;
  /** Records that lay in the topic before it and had not been accounted for. */
  readonly carriedOver: number;
  /** Dead letters that were sent again, to the topic of replays. */
  readonly replayed: number;
  readonly summarized: number;
  readonly deadLetters: number;
  readonly deadLettersByReason: Readonly<Record<string, number>>;
  /** Dead letters whose source record came in during the execution. */
  readonly deadLettersOfExecution: number;
}

export interface Balance extends Counts {
  /** Records that others wrote to the topic during the execution and that all became dead letters. */
  readonly byOthers: number;
  readonly addsUp: boolean;
  readonly line: string;
}

/** What was counted of an account. */
export interface Settled extends Balance {
  /** What people call it. */
  readonly account: string;
  readonly rejectedByReason: Readonly<Record<string, number>>;
  /** Where the lines lie that were no rows. */
  readonly rejectsFolder?: string | undefined;
  /** Whether it is a sum that was found again, as only its line says, and not rows. */
  readonly isSum?: boolean;
}

const fileIn = (folder: string): string => join(folder, 'accounts.json');

/** Keeps what was counted of an execution in its folder, for those who look later. */
export const keepSettled = (folder: string, settled: readonly Settled[]): void => writeJson(fileIn(folder), settled);

/** Undefined where nobody has counted, or not yet. */
export const settledIn = (folder: string): Settled[] | undefined =>
  readJson(fileIn(folder), 'Delete it.', Array.isArray);

export function balanceOf(counts: Counts): Balance {
  const { read, rejected, carriedOver, replayed, summarized, deadLetters } = counts;
  const surplus = read === undefined ? 0 : counts.sent - (read - rejected);
  // A surplus is somebody else's only if it can be told from ours: all of it has to be records that our producer could not have written.
  const byOthers = surplus > 0 && surplus <= counts.deadLettersOfExecution ? surplus : 0;
  const sent = counts.sent - byOthers;
  const allSent = read === undefined || read === sent + rejected;
  const allCounted = sent + byOthers + carriedOver + replayed === summarized + deadLetters;
  const came = [`${number(sent)} sent`];
  if (byOthers > 0) came.push(`${number(byOthers)} by others`);
  if (carriedOver > 0) came.push(`${number(carriedOver)} carried over`);
  if (replayed > 0) came.push(`${number(replayed)} replayed`);
  const letters = `${number(deadLetters)} dead letters${byReason(counts.deadLettersByReason)}`;
  const counted = `${came.join(' + ')} ${sign(allCounted)} ${number(summarized)} summarized + ${letters}`;
  const sentLine = `${number(read ?? 0)} read ${sign(allSent)} ${number(sent)} sent + ${number(rejected)} rejected; `;
  const line = `${read === undefined ? '' : sentLine}${counted}`;
  return { ...counts, sent, byOthers, addsUp: allSent && allCounted, line };
}

/** ` (2 late, 1 not-framed)`, or nothing. */
export function byReason(counts: Readonly<Record<string, number>>): string {
  const reasons = Object.keys(counts).sort();
  const told = reasons.map((reason) => `${number(counts[reason] ?? 0)} ${reason}`);
  return told.length > 0 ? ` (${told.join(', ')})` : '';
}

const sign = (holds: boolean) => (holds ? '=' : '≠');

export const number = (value: number) => value.toLocaleString('en-US', { maximumFractionDigits: 2 });
