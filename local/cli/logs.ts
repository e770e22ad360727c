/**
 * `millrace logs <job>`: what the latest run of a job, or a service, wrote for people; `--follow` goes on as it comes. Of a job these are Spark's warnings
 * and the job's own sentences, which Spark puts among the events on stdout.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { objectIn } from '../../lib/declaration/json.ts';
import { kebab } from '../../lib/declaration/names.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { type JobRunRecord, JobRunRecords, partsOf } from '../emr/job-run-records.ts';
import { LineTail } from '../emr/line-tail.ts';
import { serviceStatuses } from '../services/services.ts';
import { escaped } from '../visible.ts';
import type { Context } from './context.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  /** The JSON lines of stdout instead. */
  readonly events?: boolean;
}

export async function logs(context: Context, name: string, { follow, events }: LogsOptions): Promise<number> {
  const { home, json, print, signal } = context;
  const show = (of: string, file: string, isShown = (_line: string) => true) =>
    new LineTail(file, (line) => {
      if (!isShown(line)) return;
      if (events) print(escaped(line));
      else print(json ? JSON.stringify({ of, text: line }) : line);
    });
  const services = (await serviceStatuses(home)).filter(({ log }) => existsSync(log));
  const service = services.find((candidate) => candidate.name === name);
  const records = new JobRunRecords(home.jobRuns);
  const runs = records.all();
  const run = runs.findLast((candidate) => namesOf(candidate).includes(name));
  const tails: LineTail[] = [];
  if (service) tails.push(show(service.name, service.log));
  else if (!run) throw unknown(name, [...runs.map((each) => kebab(partsOf(each).run)), ...services.map((s) => s.name)]);
  else if (events) tails.push(show(run.id, records.stdout(run.id), (line) => objectIn(line) !== undefined));
  else {
    tails.push(show(run.id, records.stderr(run.id)));
    tails.push(show(run.id, records.stdout(run.id), (line) => objectIn(line) === undefined));
  }
  if (follow && !signal.aborted) await once(signal, 'abort');
  for (const tail of tails) tail.close();
  return 0;
}

/** What a person may call a run: its id, its job as the command line or the declaration writes it, and with its pipeline before it. */
function namesOf(record: JobRunRecord): string[] {
  const { pipeline, run } = partsOf(record);
  return [record.id, ...[run, kebab(run)].flatMap((name) => [name, `${pipeline}/${name}`])];
}

function unknown(name: string, known: readonly string[]): MillraceError {
  const allowed = [...new Set(known)].sort().join(', ');
  return new MillraceError(
    'UNKNOWN_LOG',
    `There is no log of "${name}". ${allowed ? `Allowed: ${allowed}.` : 'Nothing was run yet.'}`,
  );
}
