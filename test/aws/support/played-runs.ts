/** EMR Serverless as the tests of the state machine play it: job runs that go from state to state each time they are asked about. */
import type { JsonObject, Task } from '../../../local/stepfunctions/task.ts';
import { TaskError } from '../../../local/stepfunctions/task.ts';

export interface PlayedRun {
  readonly Id: string;
  readonly Name?: string;
  State: string;
  readonly Mode?: string;
  readonly request?: JsonObject;
}

/** The states of a run, one for each time that it is asked about; the last one stays. */
export interface Script {
  /** @default it runs, or has succeeded when it is a batch run */
  readonly states?: readonly string[];
  /** @default it is cancelled */
  readonly cancelled?: readonly string[];
}

const ENDED = ['SUCCESS', 'FAILED', 'CANCELLED'];

export class PlayedRuns {
  readonly all: PlayedRun[];
  /** What was done, in order: `start <run>`, `cancel <run>`. */
  readonly done: string[] = [];
  private readonly scripts: Readonly<Record<string, Script>>;
  private readonly left = new Map<string, string[]>();
  private readonly pageSize: number;

  /**
   * @param scripts by the name of the job or drain, as the names of runs have it
   * @param before runs that are there already
   */
  constructor(scripts: Readonly<Record<string, Script>> = {}, before: readonly PlayedRun[] = [], pageSize = 50) {
    this.scripts = scripts;
    this.pageSize = pageSize;
    this.all = before.map((run) => ({ ...run }));
  }

  /** Runs that have not ended. */
  get alive(): PlayedRun[] {
    return this.all.filter(({ State }) => !ENDED.includes(State));
  }

  tasks(): Record<string, Task> {
    const sdk = (call: string) => `arn:aws:states:::aws-sdk:emrserverless:${call}`;
    return {
      [sdk('startJobRun')]: async (request) => ({ JobRunId: this.start(request, ['RUNNING']).Id }),
      'arn:aws:states:::emr-serverless:startJobRun.sync': async (request) => {
        const run = this.start(request, ['SUCCESS']);
        for (let left = this.left.get(run.Id) ?? []; left.length > 0; ) this.next(run);
        if (run.State === 'SUCCESS') return { JobRunId: run.Id };
        throw new TaskError('States.TaskFailed', JSON.stringify({ JobRunId: run.Id, State: run.State }));
      },
      [sdk('getJobRun')]: async ({ JobRunId }) => {
        const { Id, Name = '', State } = this.next(this.find(JobRunId));
        return { JobRun: { JobRunId: Id, Name, State } };
      },
      [sdk('listJobRuns')]: async ({ States, NextToken }) => {
        const after = this.all.slice(this.all.findIndex(({ Id }) => Id === NextToken) + 1);
        const wanted = after.filter(({ State }) => (States as string[]).includes(State));
        const page = wanted.slice(0, this.pageSize);
        return {
          JobRuns: page.map(({ request: _, ...run }) => run),
          ...(page.length < wanted.length && { NextToken: page.at(-1)?.Id ?? '' }),
        };
      },
      [sdk('cancelJobRun')]: async ({ JobRunId }) => {
        const run = this.find(JobRunId);
        if (ENDED.includes(run.State)) throw new TaskError('EmrServerless.ValidationException', 'It has ended.');
        const name = partOf(run);
        this.done.push(`cancel ${name}`);
        run.State = 'CANCELLING';
        this.left.set(run.Id, [...(this.scripts[name]?.cancelled ?? ['CANCELLED'])]);
        return {};
      },
    };
  }

  private start(request: JsonObject, usual: string[]): PlayedRun {
    const same = this.all.find((run) => run.request?.ClientToken === request.ClientToken);
    if (same) return same;
    const run: PlayedRun = {
      Id: `00f${this.all.length}`,
      Name: String(request.Name),
      State: 'SUBMITTED',
      Mode: String(request.Mode ?? 'BATCH'),
      request,
    };
    this.all.push(run);
    this.done.push(`start ${partOf(run)}`);
    this.left.set(run.Id, [...(this.scripts[partOf(run)]?.states ?? usual)]);
    return run;
  }

  private next(run: PlayedRun): PlayedRun {
    run.State = this.left.get(run.Id)?.shift() ?? run.State;
    return run;
  }

  private find(id: unknown): PlayedRun {
    const run = this.all.find(({ Id }) => Id === id);
    if (!run) throw new TaskError('EmrServerless.ResourceNotFoundException', `There is no run ${id}.`);
    return run;
  }
}

/** The job or drain that a run is of. */
const partOf = ({ Name = '' }: PlayedRun): string => Name.split('/')[1] ?? Name;
