/**
 * `millrace logs <job>`: what the latest run of a job, or a service, wrote for people; `--follow` goes on as it comes. Of a job these are Spark's warnings
 * and the job's own sentences, which Spark puts among the events on stdout.
 */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { kebab } from '../../lib/declaration/plan.ts';
import { MillraceError } from '../../tools/errors.ts';
import { type JobRunRecord, JobRunRecords } from '../emr/job-run-records.ts';
import { eventIn } from '../emr/job-run-words.ts';
import { LineTail } from '../emr/line-tail.ts';
import { serviceStatuses } from '../services/services.ts';
import type { Context } from './context.ts';
import { jobOf } from './progress.ts';

export interface LogsOptions {
  readonly follow?: boolean;
  /** The JSON lines of stdout instead. */
  readonly events?: boolean;
}

export async function logs(context: Context, name: string, options: LogsOptions): Promise<number> {
  const sources = await sourcesOf(context, name, options.events === true);
  const tails = sources.map(
    ({ file, wanted }) =>
      new LineTail(file, (line) => {
        if (wanted(line)) context.print(line);
      }),
  );
  if (options.follow && !context.signal.aborted) await once(context.signal, 'abort');
  for (const tail of tails) tail.close();
  return 0;
}

/** A file and the lines of it that are shown. */
interface Source {
  readonly file: string;
  readonly wanted: (line: string) => boolean;
}

const every = () => true;
const isEvent = (line: string) => eventIn(line) !== undefined;

async function sourcesOf({ home }: Context, name: string, events: boolean): Promise<Source[]> {
  const services = await serviceStatuses(home);
  const service = services.find((candidate) => candidate.name === name);
  if (service && existsSync(service.log)) return [{ file: service.log, wanted: every }];
  const records = new JobRunRecords(home.jobRuns);
  const runs = records.all();
  const run = runs.filter((candidate) => [candidate.id, ...namesOf(candidate)].includes(name)).at(-1);
  if (run && events) return [{ file: records.stdout(run.id), wanted: isEvent }];
  if (run) {
    return [
      { file: records.stderr(run.id), wanted: every },
      { file: records.stdout(run.id), wanted: (line) => !isEvent(line) },
    ];
  }
  const known = [
    ...new Set([
      ...runs.map((each) => kebab(jobOf(each))),
      ...services.filter(({ log }) => existsSync(log)).map((s) => s.name),
    ]),
  ];
  throw new MillraceError(
    'UNKNOWN_LOG',
    `There is no log of "${name}". ${known.length > 0 ? `Allowed: ${known.sort().join(', ')}.` : 'Nothing was run yet.'}`,
  );
}

/** What a person may call a run: its job, as the command line writes it or as the declaration does, and with its pipeline before it. */
function namesOf(run: JobRunRecord): string[] {
  const [pipeline] = run.request.name.split('/');
  const jobs = [jobOf(run), kebab(jobOf(run))];
  return [...jobs, ...jobs.map((job) => `${pipeline}/${job}`)];
}
