/** What was decided on this machine, one line for each kind of request; what `millrace access` reads. */
import { appendFileSync, existsSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { objectIn } from '../../lib/declaration/json.ts';
import { readText, writeFileAtomically } from '../../tools/files.mjs';
import type { Home } from '../home.ts';
import type { Decision, Match } from './decide.ts';
import type { AccessRequest } from './policy.ts';

/** A line of `decisions.jsonl`. */
export interface DecisionRecord {
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly role: string;
  readonly action: string;
  /** As the statement names it that allowed the request first, so that one line stands for all objects of a folder; of a denied one as it was asked for. */
  readonly resource: string;
  readonly allowed: boolean;
  readonly statements: readonly Match[];
  /** Of a denied one. */
  readonly reason?: string;
  readonly context?: AccessRequest['context'];
  /** How many requests since the line before it of the same kind. */
  readonly count: number;
}

const flushMs = 5_000;
/** Requests that differ in their resources might be denied without end. */
const mostDenied = 1_000;

/** Bytes of lines, of some hours' work, before each kind of request gets a single one. */
const mostBytes = 8 * 2 ** 20;
const mode = 0o600;

const fileOf = (home: Home) => join(home.iam, 'decisions.jsonl');
/** Lines that are being summed. */
const fullOf = (home: Home) => join(home.iam, 'decisions.full.jsonl');
/** A line for each kind of request that is in the file no more. */
const summedOf = (home: Home) => join(home.iam, 'decisions.summed.jsonl');

const logs = new Set<DecisionLog>();
process.once('exit', () => {
  for (const log of logs) log.flush();
});

/** Writes the first request of a kind at once, and how many followed from time to time. */
export class DecisionLog {
  private readonly home: Home;
  private readonly kinds = new Map<string, { record: DecisionRecord; since: number }>();
  private denied = 0;
  private timer: NodeJS.Timeout | undefined;

  constructor(home: Home) {
    this.home = home;
    logs.add(this);
  }

  note(role: string, request: AccessRequest, { allowed, reason, statements }: Decision): void {
    const resource = (allowed && statements[0]?.resource) || request.resource;
    const key = JSON.stringify([role, request.action, allowed ? statements : resource]);
    const known = this.kinds.get(key);
    if (known) {
      known.since += 1;
      // A run that ends now is to tell of it.
      if (!allowed) this.flush();
      else this.timer ??= setTimeout(() => this.flush(), flushMs).unref();
      return;
    }
    if (!allowed && ++this.denied > mostDenied) return;
    const why = allowed ? {} : { reason, ...(request.context && { context: request.context }) };
    const at = new Date().toISOString();
    const record = { at, role, action: request.action, resource, allowed, statements, ...why, count: 1 };
    this.kinds.set(key, { record, since: 0 });
    this.append([record]);
  }

  flush(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    const at = new Date().toISOString();
    const more = [...this.kinds.values()].filter(({ since }) => since > 0);
    this.append(more.map(({ record, since }) => ({ ...record, at, count: since })));
    for (const kind of more) kind.since = 0;
  }

  private append(records: readonly DecisionRecord[]): void {
    // The home may have been purged meanwhile.
    if (records.length === 0 || !existsSync(this.home.iam)) return;
    const file = fileOf(this.home);
    appendFileSync(file, linesOf(records), { mode });
    if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > mostBytes) this.sum();
  }

  /** Others may write meanwhile: the file is put aside first, and theirs is a new one. */
  private sum(): void {
    const full = fullOf(this.home);
    // Left by a process that was killed here: it is summed first, and the file next time.
    if (!existsSync(full)) renameSync(fileOf(this.home), full);
    const kinds = new Map<string, DecisionRecord>();
    for (const record of [...recordsIn(summedOf(this.home)), ...recordsIn(full)]) {
      const key = JSON.stringify([record.role, record.action, record.resource, record.allowed, record.statements]);
      const count = record.count + (kinds.get(key)?.count ?? 0);
      // The newest is the last one.
      kinds.delete(key);
      kinds.set(key, { ...record, count });
    }
    writeFileAtomically(summedOf(this.home), linesOf([...kinds.values()]), mode);
    rmSync(full, { force: true });
  }
}

const linesOf = (records: readonly DecisionRecord[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');

function recordsIn(file: string): DecisionRecord[] {
  const lines = readText(file)?.split('\n') ?? [];
  return lines.flatMap((line) => (objectIn(line) as DecisionRecord | undefined) ?? []);
}

/** What was decided so far, the newest last. */
export function readDecisions(home: Home): DecisionRecord[] {
  return [summedOf, fullOf, fileOf].flatMap((file) => recordsIn(file(home)));
}
