/** `millrace run <pipeline>`: one execution of the deployed state machine, then what came of it; or what it would start. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { actionsOf, databaseOf, filesOf, sourcesOf } from '../../lib/declaration/flow.ts';
import { objectIn } from '../../lib/declaration/json.ts';
import { CHECKPOINTS, platformParameter } from '../../lib/declaration/names.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { diskFull, MillraceError, messageOf } from '../../tools/errors.mjs';
import { readToolchain } from '../../tools/setup/toolchain.mjs';
import { keepSettled } from '../accounts/balance.ts';
import { ParameterStore, readDeployment } from '../cloudformation/index.ts';
import { specOf } from '../emr/job-run-records.ts';
import { liveStreams, streamsOf } from '../emr/streams.ts';
import { endWarmJvms } from '../emr/warm-jvms.ts';
import { readAccess } from '../iam/access.ts';
import { readDecisions } from '../iam/decision-log.ts';
import { deniedOf } from '../iam/usage.ts';
import { fullAmong } from '../services/diagnosis.ts';
import { endpointsOf, serviceStatus, serviceStatuses, startServices, watchServices } from '../services/services.ts';
import { sourceOf } from '../services/sources.ts';
import { LocalStateMachines } from '../stepfunctions/execute.ts';
import { forgetOld } from '../stepfunctions/executions.ts';
import { scheduledInput } from '../stepfunctions/schedules.ts';
import type { JsonObject } from '../stepfunctions/task.ts';
import type { Watch } from '../watch/watch.ts';
import { type Context, environment, notUp, pipelineOf } from './context.ts';
import { dryRun } from './dry-run.ts';
import { refuseFilters } from './filters.ts';
import { progressOf } from './progress.ts';
import { countedRejects } from './rejects.ts';
import { failureOf, jobsShown, nextOf, type Output, reportedBefore, requestsShown, show } from './run-outcome.ts';
import { checkSampleData, publishSampleData } from './sample-data.ts';
import type { Running } from './up.ts';

/** As `main.ts` describes them. */
export interface RunOptions {
  readonly sampleData?: string;
  readonly input?: string;
  readonly job?: string;
  readonly schedule?: string;
  readonly action?: string;
  readonly stream?: string;
  readonly rebuild?: boolean;
  readonly dryRun?: boolean;
  readonly cold?: boolean;
  readonly strict?: boolean;
  readonly watch?: boolean;
}

/** The command: needs what `up` deployed and, unless it only looks, started. */
export async function run(context: Context, name: string, options: RunOptions): Promise<number> {
  const { home, terminal } = context;
  const pipeline = await pipelineOf(name);
  const input = options.schedule === undefined ? inputOf(options) : inputOfSchedule(context, pipeline, options);
  // Those that ship with a pipeline are edited too; what is asked of a part of it needs none that were not there before.
  const whole = input.job === undefined && input.action === undefined;
  const folder = options.sampleData ?? (whole ? pipeline.folders.sampleData : undefined);
  if (folder !== undefined) await checkSampleData(pipeline, folder);
  if (whole) await refuseFilters(pipeline, folder ?? pipeline.folders.sampleData, input);
  const deployment = readDeployment(home, environment);
  if (!deployment) throw notUp('Nothing is deployed here.');
  const tools = endpointsOf(home);
  if (!options.dryRun && !tools) throw notUp('The services do not run.');
  if (!options.dryRun && databaseOf(pipeline) && serviceStatus(home, 'postgres').state !== 'running') {
    throw notUp('PostgreSQL does not run.');
  }
  if (!options.dryRun && whole) await requireSources(home, pipeline);
  if (options.sampleData !== undefined && Object.keys(filesOf(pipeline)).length > 0) {
    const platform = new ParameterStore(home).get(platformParameter(environment));
    const { bucket = '' } = JSON.parse(platform?.value ?? '{}') as { bucket?: string };
    input.files = await publishSampleData(pipeline, options.sampleData, home, bucket);
    terminal.line(`published ${options.sampleData}`);
  }
  if (options.dryRun || !tools) return dryRun(context, pipeline.name, input, deployment);
  if (options.strict) await startServices(home, readToolchain(), terminal.line, context.signal, { strict: true });
  return runDeployed(context, pipeline, input, { deployment, tools }, options, true);
}

/** What a deployed schedule gives an execution. @throws MillraceError INVALID_INPUT, NOT_UP, ACCESS_DENIED */
function inputOfSchedule({ home }: Context, pipeline: Pipeline, options: RunOptions): JsonObject {
  const { schedule = '', input, job, action, stream, rebuild } = options;
  const names = Object.values(pipeline.schedules ?? {}).map(({ name }) => name);
  if (!names.includes(schedule)) {
    const allowed = names.join(', ') || 'none: the pipeline declares none';
    throw new MillraceError('INVALID_INPUT', `--schedule is "${schedule}". Allowed: ${allowed}.`);
  }
  const [other] =
    Object.entries({ input, job, action, stream, rebuild }).find(([, value]) => value !== undefined) ?? [];
  if (other !== undefined) {
    const words = `--schedule "${schedule}" says all that the execution is told, and --${other} was given too.`;
    throw new MillraceError('INVALID_INPUT', `${words} Allowed: one of them.`);
  }
  const deployment = readDeployment(home, environment);
  if (!deployment) throw notUp('Nothing is deployed here.');
  return scheduledInput(home, deployment, pipeline.name, schedule);
}

/** Whoever runs all of a pipeline wants what its sources hear. */
async function requireSources(home: Context['home'], pipeline: Pipeline): Promise<void> {
  const services = await serviceStatuses(home);
  for (const { name } of Object.values(sourcesOf(pipeline))) {
    const service = services.find((one) => one.name === sourceOf(pipeline.name, name));
    if (service?.state !== 'running') throw notUp(`Source ${name} does not run.`);
  }
}

/** Runs a pipeline that is deployed, with services that run; gives the exit code. With `advise` it says how to go on. */
export async function runDeployed(
  context: Context,
  pipeline: Pipeline,
  input: JsonObject,
  { deployment, tools }: Pick<Running, 'deployment' | 'tools'>,
  { cold = false, strict = false, watch = false }: Pick<RunOptions, 'cold' | 'strict' | 'watch'> = {},
  advise = false,
): Promise<number> {
  const { home, terminal, signal } = context;
  const listener = progressOf(terminal);
  const machines = new LocalStateMachines({ home, deployment, toolchain: readToolchain(), listener, cold, strict });
  context.onForce.push(() => machines.jobRuns.kill());
  signal.addEventListener('abort', () => void endWarmJvms(home.warmJvms), { once: true });
  for (const name of await machines.settleAbandoned()) {
    terminal.line(`cleaned up after execution ${name}, whose command was ended`);
  }
  forgetOld(machines.executions, machines.jobRuns, pipeline.name);
  const ours = ({ pipeline: name }: { readonly pipeline: string }) => name === pipeline.name;
  const before = liveStreams(home, deployment).filter(ours);
  // Only a whole run sends rows that can be counted; what else the input may say is known to the prepare function alone.
  const whole = input.job === undefined && (input.action ?? actionsOf(pipeline)[0]) === 'run';
  const counted = whole && [...(pipeline.accounts ?? []), ...(pipeline.sums ?? [])].length > 0;
  const lost = new AbortController();
  const onGone = (error: MillraceError) => {
    // No batch can be finished any more.
    machines.jobRuns.stop();
    lost.abort(error);
  };
  const endWatch = watchServices(home, onGone, terminal.line);
  // Who counts nothing need not load what reads topics.
  const accounts = counted ? new (await import('../accounts/accounts.ts')).Accounts(home, pipeline, tools) : undefined;
  let page: Watch | undefined;
  try {
    if (watch) page = await (await import('../watch/watch.ts')).watchPipeline(home, pipeline);
    if (page) terminal.plain(`${pipeline.name}: ${page.url}`);
    await accounts?.open();
    const execution = await machines.execute(pipeline.name, input, AbortSignal.any([signal, lost.signal]));
    terminal.count('');
    if (execution.status === 'ABORTED' && lost.signal.aborted) throw lost.signal.reason;
    const records = machines.executions.folderOf(execution);
    const runs = machines.jobRuns.all().filter(({ request }) => request.name.endsWith(`/${execution.name}`));
    if (execution.status !== 'SUCCEEDED') {
      // Of what was refused before anything ran there is nothing to show.
      if (runs.length > 0) await report(context, pipeline, execution.name);
      const streams = streamsOf(home, deployment).filter(ours);
      throw orFullDisk(
        home,
        failureOf(execution, records, streams, denialsSince(home, pipeline.name, execution.startedAt)),
      );
    }
    const output = execution.output as unknown as Output;
    if (accounts) terminal.line('counting what the topics hold');
    const settled = (await accounts?.settle(runs.flatMap((run) => specOf(run) ?? []))) ?? [];
    if (accounts) keepSettled(records, settled);
    const path = await report(context, pipeline, execution.name);
    const rejects = await countedRejects(home, pipeline, execution.name);
    const jobs = jobsShown(pipeline, output, runs, machines.jobRuns.records, home);
    const streams = liveStreams(home, deployment).filter(ours);
    const requests = requestsShown(runs, machines.jobRuns.records);
    const reported = reportedBefore(pipeline, runs, machines.jobRuns.records, home);
    show(context, {
      ...{ pipeline, execution, output, jobs, accounts: settled, rejects },
      ...{ before, streams, requests, reported, report: path },
    });
    if (advise && !context.json && output.action === 'run')
      terminal.plain(`Next  ${nextOf(pipeline, settled, rejects).join('\n      ')}`);
    // A state machine goes on after some refusals; what is denied here is denied on AWS too.
    const denials = denialsSince(home, pipeline.name, execution.startedAt);
    for (const denial of denials) terminal.bad('denied', ` ${denial}`);
    return settled.every(({ addsUp }) => addsUp) && denials.length === 0 ? 0 : 1;
  } finally {
    terminal.close();
    endWatch();
    // What an error kept from being ended, such as that of a full disk.
    machines.jobRuns.kill();
    await page?.close();
    // Those whose job was ended are gone; a stream of another pipeline keeps its own.
    if (signal.aborted) await endWarmJvms(home.warmJvms);
  }
}

/** The page of an execution as a file. A run is no less what it was where that cannot be made. */
async function report({ home, terminal }: Context, pipeline: Pipeline, execution: string): Promise<string | undefined> {
  try {
    const path = await (await import('../watch/report.ts')).writeReport(home, pipeline, execution);
    terminal.line(`report in ${path}`);
    return path;
  } catch (error) {
    terminal.line(`no report could be made: ${messageOf(error)}`);
    return undefined;
  }
}

/** The error of an execution, or that of a disk without room, which jobs tell in the words of whoever met it. */
function orFullDisk(home: Context['home'], failure: MillraceError): MillraceError {
  const full = fullAmong([...globSync(join(home.buckets, '*', CHECKPOINTS)), ...Object.values(home)]);
  return full === undefined ? failure : diskFull(full, { details: [failure.message, ...failure.details] });
}

/** What the roles of a pipeline were refused since a moment, in words: what a job's client says of a denial names neither role nor action. */
function denialsSince(home: Context['home'], pipeline: string, since: string): string[] {
  const access = readAccess(home);
  const roles = access.roles.filter(({ stack }) => stack === `${environment}/${pipeline}`);
  return deniedOf(access, roles, readDecisions(home))
    .filter(({ at }) => at >= since)
    .map(({ reason }) => reason);
}

/** The input of an execution. What it may hold is checked by the pipeline's prepare function alone, here as on AWS. */
export function inputOf({ input: text = '{}', job, action, stream, rebuild }: RunOptions): JsonObject {
  const input = objectIn(text);
  if (!input) {
    throw new MillraceError(
      'INVALID_INPUT',
      `--input is ${JSON.stringify(text)}. Allowed: a JSON object, such as {"rate": 100, "rows": 500}.`,
    );
  }
  for (const [name, value] of Object.entries({ job, action, stream, rebuild })) {
    if (value === undefined) continue;
    if (input[name] !== undefined) {
      throw new MillraceError(
        'INVALID_INPUT',
        `--${name} is "${value}", and --input names "${name}" too: ${JSON.stringify(input[name])}. Allowed: one of them.`,
      );
    }
    input[name] = value;
  }
  return input;
}
