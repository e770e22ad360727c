/**
 * `millrace logs <job>`: what the latest run of a job, or a service, wrote for people; `--follow` goes on as it comes.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { MillraceError } from '../errors.ts';
import { serviceStatuses } from '../services/services.ts';
import { JobRunRecords } from '../workflow/job-run-records.ts';
import { LineTail } from '../workflow/line-tail.ts';
import type { Context } from './context.ts';
import { jobOf } from './progress.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  /** The JSON lines of stdout instead. */
  readonly events?: boolean;
}

export async function logs(context: Context, name: string, options: LogsOptions): Promise<number> {
  const file = await fileOf(context, name, options.events === true);
  const tail = new LineTail(file, context.print);
  if (options.follow && !context.signal.aborted) await once(context.signal, 'abort');
  tail.close();
  return 0;
}

async function fileOf({ home }: Context, name: string, events: boolean): Promise<string> {
  const services = await serviceStatuses(home);
  const service = services.find((candidate) => candidate.name === name);
  if (service && existsSync(service.log)) return service.log;
  const records = new JobRunRecords(home.jobRuns);
  const runs = records.all();
  const run = runs.filter((candidate) => candidate.id === name || jobOf(candidate) === name).at(-1);
  if (run) return events ? records.stdout(run.id) : records.stderr(run.id);
  const known = [...new Set([...runs.map(jobOf), ...services.filter(({ log }) => existsSync(log)).map((s) => s.name)])];
  throw new MillraceError(
    'UNKNOWN_LOG',
    `There is no log of "${name}". ${known.length > 0 ? `Allowed: ${known.sort().join(', ')}.` : 'Nothing was run yet.'}`,
  );
}
