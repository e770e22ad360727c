/**
 * Takes the job runs and executions of this machine and says which pipelines have a stream that goes on, and whether it runs what is deployed now.
 * Called by the commands, none of which needs the toolchain for it.
 */
import { kebab } from '../../lib/declaration/plan.ts';
import type { Deployment } from '../cloudformation/index.ts';
import type { Home } from '../home.ts';
import { deployedPipelines } from '../stepfunctions/deployed-pipelines.ts';
import { endStates, type JobRunRecord, type JobRunState } from './job-run-records.ts';
import { JobRuns } from './job-runs.ts';
import { isCurrent } from './stream-version.ts';

/** A stream that goes on, or one that failed and that nothing came after. */
export interface StreamStatus {
  readonly pipeline: string;
  /** As people write it: `sum-by-window`. */
  readonly job: string;
  readonly runName: string;
  readonly runId: string;
  readonly state: JobRunState;
  readonly since: string;
  readonly pid?: number;
  /** Why it failed. */
  readonly details?: string;
  /** Whether it runs what is deployed; undefined for a pipeline that is not deployed. */
  readonly current?: boolean;
}

/** The job runs of this machine, for commands that look at them or end them and start none. */
export function knownJobRuns(home: Home): JobRuns {
  const launch = () => {
    throw new Error('nothing is started here');
  };
  return new JobRuns({ folder: home.jobRuns, launch });
}

/** The newest stream of each pipeline that goes on or has failed. */
export function streamsOf(home: Home, deployment: Deployment | undefined): StreamStatus[] {
  const newest = new Map<string, JobRunRecord>();
  for (const run of knownJobRuns(home).all()) {
    if (run.request.mode === 'STREAMING') newest.set(partsOf(run).pipeline, run);
  }
  return [...newest.values()]
    .filter(({ state }) => state === 'FAILED' || !endStates.includes(state))
    .map((run) => statusOf(run, home, deployment));
}

/** Only those that go on. */
export function liveStreams(home: Home, deployment: Deployment | undefined): StreamStatus[] {
  return streamsOf(home, deployment).filter(({ state }) => state !== 'FAILED');
}

function statusOf(run: JobRunRecord, home: Home, deployment: Deployment | undefined): StreamStatus {
  const { pipeline, job } = partsOf(run);
  const failed = run.state === 'FAILED';
  const machine = deployment && deployedPipelines(deployment).get(pipeline);
  return {
    pipeline,
    job: kebab(job),
    runName: run.request.name,
    runId: run.id,
    state: run.state,
    since: failed ? run.updatedAt : run.createdAt,
    ...(run.process && { pid: run.process.pid }),
    ...(failed && { details: run.stateDetails }),
    ...(machine && { current: isCurrent(run, job, machine, deployment.environment, home) }),
  };
}

/** A run is named `<pipeline>/<job>/<execution>`. */
function partsOf({ request }: JobRunRecord): { pipeline: string; job: string } {
  const [pipeline = '', job = ''] = request.name.split('/');
  return { pipeline, job };
}
