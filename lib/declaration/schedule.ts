/** Schedules: times at which a batch job of a pipeline is run by itself. */
import { z } from 'zod';
import { checkCamelCase, fitting, made } from './checks/form.ts';
import { CRON_FORM, cronOf, isTimeZone, nextTimes } from './cron.ts';
import { Job } from './job.ts';
import type { Note } from './mistakes.ts';
import { kebab } from './names.ts';
import type { Named } from './thing.ts';

export interface ScheduleProps {
  /** When, as EventBridge Scheduler takes it: minutes, hours, day of the month, month, day of the week, year. One of the days is `?`. */
  readonly cron: string;
  /** Whose clock that is, such as `Europe/Berlin`. */
  readonly timeZone: string;
  /** The batch job that is run then. */
  readonly job: Job;
}

/** What it has to know of its pipeline. */
interface Declared {
  readonly jobs: Named<Job>;
}

const form = z.strictObject({
  name: z.string(),
  cron: fitting(
    'is no time that comes again',
    CRON_FORM,
    (value) => typeof value === 'string' && cronOf(value) !== undefined,
    'string',
  ),
  timeZone: fitting(
    'is no time zone',
    'a name of the IANA database, such as Europe/Berlin, or UTC',
    (value) => typeof value === 'string' && isTimeZone(value),
    'string',
  ),
  job: made(Job, 'a job made by batch(...)'),
} satisfies Record<keyof ScheduleProps | 'name', z.ZodType>);

/** A schedule. */
export class Schedule {
  readonly name: string;
  readonly props: ScheduleProps;
  /** What its author wrote, and the form that this must have. */
  readonly given: object;
  readonly form = form;

  constructor(name: string, props: ScheduleProps) {
    this.name = name;
    this.props = props;
    this.given = { name, ...props };
  }

  /** The input of an execution that it starts. */
  input({ jobs }: Declared): { readonly job: string } {
    const name = Object.keys(jobs).find((one) => jobs[one] === this.props.job);
    return { job: kebab(name ?? '') };
  }

  /** When it comes next, in milliseconds since 1970. */
  next(after: number, count: number): number[] {
    const { cron: text, timeZone } = this.props;
    const cron = cronOf(text);
    return cron && isTimeZone(timeZone) ? nextTimes(cron, timeZone, after, count) : [];
  }

  check({ jobs }: Declared, note: Note): void {
    const { cron, timeZone, job } = this.props;
    checkCamelCase(note, 'name', this.name);
    if (!Object.values(jobs).includes(job)) note('job', 'is no job of the pipeline', job, 'a job in its `jobs`');
    else if (job.kind === 'stream') note('job', 'is a stream, which ends by nobody', job, 'a batch job');
    if (!cronOf(cron) || !isTimeZone(timeZone) || this.next(Date.now(), 1).length > 0) return;
    note('cron', 'never comes', cron, 'a time to come');
  }

  /** How a mistake shows it. */
  toJSON(): string {
    return `schedule ${this.name}`;
  }
}

/** A schedule, by its name. */
export const schedule = (name: string, props: ScheduleProps): Schedule => new Schedule(name, props);
