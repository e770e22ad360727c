/** Which streams of this machine go on or have failed, whether they run what is deployed now, and what people are told of them. */
import { isDeepStrictEqual } from 'node:util';
import { fill, IncompleteDeployment } from '../../lib/declaration/fill.ts';
import { kebab, pipelineParameter, platformParameter } from '../../lib/declaration/names.ts';
import type { JobStart, Plan } from '../../lib/declaration/plan.ts';
import { type DeployedResource, type Deployment, ParameterStore } from '../cloudformation/index.ts';
import type { Home } from '../home.ts';
import { deployedPipelines } from '../stepfunctions/deployed-pipelines.ts';
import { hasEnded, type JobRunRecord, type JobSpec, partsOf, specOf } from './job-run-records.ts';
import { JobRuns } from './job-runs.ts';

/** A stream that goes on, or one that failed and that nothing came after. */
export interface StreamStatus {
  readonly pipeline: string;
  /** As people write it: `sum-by-window`. */
  readonly job: string;
  readonly runName: string;
  readonly runId: string;
  readonly state: JobRunRecord['state'];
  readonly since: string;
  readonly pid?: number;
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

/** The newest run of each stream, where it goes on or has failed. A failed one that is deployed no more is forgotten. */
export function streamsOf(home: Home, deployment: Deployment | undefined): StreamStatus[] {
  const runs = knownJobRuns(home).all();
  const streams = runs.filter(({ request }) => request.mode === 'STREAMING');
  const keyOf = (record: JobRunRecord) => `${partsOf(record).pipeline}/${partsOf(record).run}`;
  const newest = new Map(streams.map((record) => [keyOf(record), record]));
  const machines = deployment && deployedPipelines(deployment);
  const sorted = [...newest].sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.flatMap(([, record]) => {
    const failed = record.state === 'FAILED';
    if (!failed && hasEnded(record)) return [];
    const { pipeline, run } = partsOf(record);
    const machine = machines?.get(pipeline);
    const deployed = machine && deployment && deployedPlanOf(machine, deployment.environment, home);
    if (failed && deployed && !Object.hasOwn(deployed.event.plan.jobs, run)) return [];
    return {
      pipeline,
      job: kebab(run),
      runName: record.request.name,
      runId: record.id,
      state: record.state,
      since: failed ? record.updatedAt : record.createdAt,
      pid: record.process?.pid,
      ...(failed && { details: record.stateDetails }),
      ...(machine && { current: deployed !== undefined && isCurrent(record, deployed) }),
    };
  });
}

/** Only those that go on. */
export function liveStreams(home: Home, deployment: Deployment | undefined): StreamStatus[] {
  return streamsOf(home, deployment).filter(({ state }) => state !== 'FAILED');
}

/** What the state machine of a deployment holds, as far as it is read here. */
interface Definition {
  readonly States?: { readonly Prepare?: { readonly Parameters?: { FunctionName: string; Payload?: Prepared } } };
}
interface Prepared {
  readonly plan?: Plan;
  readonly starts?: Readonly<Record<string, JobStart>>;
}

type DeployedPlan = NonNullable<ReturnType<typeof deployedPlanOf>>;

/**
 * What a deployed state machine tells its prepare function, the same for every execution: its plan, and the parameters in force. Undefined for one that
 * an earlier version deployed.
 */
export function deployedPlanOf(machine: DeployedResource, environment: string, home: Home) {
  const { States } = JSON.parse(String(machine.properties.DefinitionString)) as Definition;
  const { FunctionName: prepareFunction = '', Payload: { plan, starts } = {} } = States?.Prepare?.Parameters ?? {};
  if (!plan?.jobs || !starts) return undefined;
  const store = new ParameterStore(home);
  const read = (name: string) => JSON.parse(store.get(name)?.value ?? '{}');
  const event = {
    plan,
    starts,
    platform: read(platformParameter(environment)),
    pipeline: read(pipelineParameter(environment, plan.pipeline)),
  };
  return { prepareFunction, event };
}

/** Whether the deployed state machine would start the very same. What a person may set for each execution does not count. */
function isCurrent(run: JobRunRecord, { event: { plan, starts, platform, pipeline } }: DeployedPlan): boolean {
  const spec = specOf(run);
  const [start, job] = spec ? [starts[spec.job], plan.jobs[spec.job]] : [];
  if (!spec || !start || !job) return false;
  const { entryPoint, sparkSubmitParameters } = run.request;
  if (start.entryPoint !== entryPoint || start.submitParameters !== sparkSubmitParameters) return false;
  const defaults = Object.fromEntries(Object.entries(plan.parameters).map(([name, rule]) => [name, rule.default]));
  const read = Object.entries(spec.reads).flatMap(([alias, { url }]) => (url ? [[alias, url] as const] : []));
  const scope = {
    platform,
    pipeline,
    execution: { name: spec.execution },
    parameters: { ...defaults, ...spec.parameters },
    files: { ...pipeline.files, ...Object.fromEntries(read) },
  };
  try {
    return isDeepStrictEqual(withoutChoices(fill(job.spec, scope) as unknown as JobSpec), withoutChoices(spec));
  } catch (error) {
    if (error instanceof IncompleteDeployment) return false;
    throw error;
  }
}

const withoutChoices = ({
  execution: _execution,
  parameters: _parameters,
  mode: _mode,
  rebuild: _rebuild,
  ...rest
}: JobSpec) => rest;

/** `2026-01-31 13:05:00 UTC` */
export const moment = (time: string): string => `${time.slice(0, 19).replace('T', ' ')} UTC`;

/** One line: what a stream does since when, and what can be done where something has to be. */
export function streamLine({ pipeline, job, state, since, pid, details = '', current }: StreamStatus): string {
  if (state === 'FAILED') {
    const why = details.split('\n')[0];
    return `stream ${job} failed at ${moment(since)}: ${why}; "npx millrace logs ${job}" says more, "npx millrace run ${pipeline} --action start" goes on from its checkpoint`;
  }
  const what = state === 'CANCELLING' ? 'is ending, started' : state === 'RUNNING' ? 'runs since' : 'is starting since';
  const id = pid === undefined ? '' : ` (pid ${pid})`;
  const old = `; it runs what was deployed before: "npx millrace run ${pipeline} --action upgrade"`;
  return `stream ${job} ${what} ${moment(since)}${id}${current === false ? old : ''}`;
}

/** What can be done with the streams of a pipeline that go on. */
export function streamCommands(streams: readonly StreamStatus[]): string[] {
  const [first] = streams;
  if (!first) return [];
  const one = streams.length > 1 ? ` (one of them: --stream ${first.job})` : '';
  return [
    ...streams.map(({ job }) => `Log      npx millrace logs ${job} --follow`),
    `Upgrade  npx millrace run ${first.pipeline} --action upgrade${one}`,
    `Stop     npx millrace run ${first.pipeline} --action stop${one}`,
  ];
}
