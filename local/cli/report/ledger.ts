/**
 * What the last reconciled execution of a pipeline left in its topics: the report counts from there. Kept in
 * `executions/<pipeline>/ledger.json`; written only when an execution reconciled, so that what a killed one left is carried over.
 */
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Home } from '../../home.ts';
import type { Offsets } from './kafka-reader.ts';

export interface Ledger {
  /** The broker that the offsets belong to. */
  readonly clusterId: string;
  /** Rows in all latest summaries. */
  readonly summarized: number;
  readonly source: Offsets;
  readonly deadLetters: Offsets;
}

const fileOf = (home: Home, pipeline: string) => join(home.executions, pipeline, 'ledger.json');

/** The ledger, or an empty one when there is none or its topics are gone. */
export function readLedger(home: Home, pipeline: string, now: Omit<Ledger, 'summarized'>): Ledger {
  const empty = { clusterId: now.clusterId, summarized: 0, source: {}, deadLetters: {} };
  let ledger: Ledger;
  try {
    ledger = JSON.parse(readFileSync(fileOf(home, pipeline), 'utf8')) as Ledger;
  } catch {
    return empty;
  }
  const goesOn = (last: Offsets, current: Offsets) =>
    Object.entries(last).every(([partition, offset]) => (current[Number(partition)] ?? 0) >= offset);
  const same = ledger.clusterId === now.clusterId;
  return same && goesOn(ledger.source, now.source) && goesOn(ledger.deadLetters, now.deadLetters) ? ledger : empty;
}

export function writeLedger(home: Home, pipeline: string, ledger: Ledger): void {
  const file = fileOf(home, pipeline);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(ledger, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
