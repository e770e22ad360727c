/**
 * `millrace run <pipeline>`: one execution of the deployed state machine, then its results and the line that accounts for every row. Also the
 * middle of `demo`.
 */
import type { Pipeline } from '../../lib/declaration/model.ts';
import { kebab } from '../../lib/declaration/plan.ts';
import { bucketPath, type Deployment, ParameterStore, readDeployment } from '../deploy/index.ts';
import { MillraceError } from '../errors.ts';
import { serviceStatuses } from '../services/services.ts';
import { readToolchain } from '../setup/toolchain.mjs';
import { LocalStateMachines } from '../workflow/execute.ts';
import type { ExecutionRecord } from '../workflow/executions.ts';
import type { JobRunRecord } from '../workflow/job-run-records.ts';
import { archiveOptions, makeSparkArchive, sparkArchive } from '../workflow/spark-archive.ts';
import type { JsonObject } from '../workflow/task.ts';
import { type Context, environment, pipelineOf } from './context.ts';
import { jobOf, messageIn, progressOf } from './progress.ts';
import { Bookkeeping, countFiles } from './report/reconcile.ts';
import type { Reconciliation } from './report/reconciliation.ts';
import { readResults, table } from './report/results.ts';
import { checkSampleData, publishSampleData } from './sample-data.ts';

export interface RunOptions {
  /** Folder with files that replace the declared samples. */
  readonly sampleData?: string;
  /** JSON of the execution's input. */
  readonly input?: string;
}

interface Services {
  readonly bootstrapServers: string;
  readonly registryUrl: string;
}

/** The command: needs what `up` deployed and started. */
export async function run(context: Context, name: string, options: RunOptions): Promise<number> {
  const pipeline = await pipelineOf(name);
  const input = inputOf(options.input);
  if (options.sampleData !== undefined) await checkSampleData(pipeline, options.sampleData);
  const deployment = readDeployment(context.home, environment);
  const [kafka, registry] = await serviceStatuses(context.home);
  if (!deployment || kafka?.state !== 'running' || registry?.state !== 'running') {
    throw new MillraceError(
      'NOT_UP',
      'Nothing is deployed here, or its services do not run. Run "npx millrace up" first.',
    );
  }
  const services = { bootstrapServers: kafka.bootstrapServers ?? '', registryUrl: registry.url ?? '' };
  if (options.sampleData !== undefined) {
    input.files = await publishSampleData(pipeline, options.sampleData, context.home, dataBucketOf(context));
    context.terminal.line(`published ${options.sampleData}`);
  }
  return runDeployed(context, pipeline, input, deployment, services);
}

/** Runs a pipeline that is deployed, with services that run; gives the exit code. */
export async function runDeployed(
  context: Context,
  pipeline: Pipeline,
  input: JsonObject,
  deployment: Deployment,
  services: Services,
): Promise<number> {
  const { home, terminal, signal } = context;
  const query = pipeline.jobs[pipeline.order.stream]?.queries?.[0];
  const listener = progressOf(terminal, query);
  const toolchain = readToolchain();
  const archive = sparkArchive(toolchain);
  const javaOptions = archiveOptions(archive);
  const machines = new LocalStateMachines({ home, deployment, toolchain, listener, javaOptions });
  context.onForce.push(() => machines.jobRuns.kill());
  for (const name of await machines.settleAbandoned())
    terminal.line(`cleaned up after execution ${name}, whose command was ended`);
  const declared = pipeline.reconciliation;
  const bookkeeping = declared && (await Bookkeeping.open(home, pipeline, declared, services));
  try {
    const execution = await machines.execute(pipeline.name, input, signal);
    terminal.count('');
    if (execution.status !== 'SUCCEEDED') throw failureOf(execution, machines);
    const runs = machines.jobRuns.all().filter(({ request }) => request.name.endsWith(`/${execution.name}`));
    const folders = foldersOf(pipeline, runs, home);
    let reconciliation: Reconciliation | undefined;
    if (declared) {
      terminal.line('counting what the topics hold');
      const { tunables, files } = execution.output as unknown as Output;
      const file = bucketPath(home, files[declared.file] ?? '');
      const counts = await countFiles(file, tunables[declared.rows] ?? 0, folders[declared.rejects] ?? '');
      reconciliation = await bookkeeping?.settle(counts);
    }
    show(context, { pipeline, execution, reconciliation, resultsFolder: folders[pipeline.report?.folder ?? ''] });
    if (javaOptions.length === 0) {
      terminal.line('preparing faster starts of Spark, once');
      await makeSparkArchive(toolchain, archive, signal);
    }
    return reconciliation?.reconciles === false ? 1 : 0;
  } finally {
    terminal.close();
    await bookkeeping?.close();
  }
}

/** What the state machine's last state gives. */
interface Output {
  readonly tunables: Readonly<Record<string, number>>;
  readonly files: Readonly<Record<string, string>>;
}

interface Shown {
  readonly pipeline: Pipeline;
  readonly execution: ExecutionRecord;
  readonly reconciliation: Reconciliation | undefined;
  readonly resultsFolder: string | undefined;
}

function show(context: Context, { pipeline, execution, reconciliation, resultsFolder }: Shown): void {
  const { terminal } = context;
  const rows = resultsFolder === undefined ? [] : readResults(resultsFolder);
  if (context.json) {
    const { name, status, startedAt, stoppedAt, output } = execution;
    const shown = { name, status, startedAt, stoppedAt, output };
    context.print(
      JSON.stringify({ pipeline: pipeline.name, execution: shown, results: rows, resultsFolder, reconciliation }),
    );
    return;
  }
  if (pipeline.report) context.print(rows.length > 0 ? table(rows, pipeline.report.columns) : 'No results.');
  if (resultsFolder !== undefined) terminal.line(`results as CSV and JSON in ${resultsFolder}`);
  if (reconciliation) context.print(`\n${reconciliation.line}`);
  if (reconciliation?.reconciles === false) {
    terminal.plain(
      terminal.bad(
        'The rows do not reconcile: each one sent must be in the summaries or in the dead letters. ' +
          `See "npx millrace logs ${pipeline.order.stream}"; "npx millrace down --purge" starts from empty topics.`,
      ),
    );
  }
}

/** Folders that the jobs of an execution wrote, by their names in the declaration. */
function foldersOf(pipeline: Pipeline, runs: readonly JobRunRecord[], home: Context['home']): Record<string, string> {
  const folders: Record<string, string> = {};
  for (const [job, { writes }] of Object.entries(pipeline.jobs)) {
    const run = runs.find((candidate) => jobOf(candidate) === job);
    for (const folder of writes.folders ?? []) {
      const words = run?.request.entryPointArguments ?? [];
      const url = words[words.indexOf(`--${kebab(folder)}-path`) + 1];
      if (url?.startsWith('s3://')) folders[folder] = bucketPath(home, url);
    }
  }
  return folders;
}

function failureOf(execution: ExecutionRecord, machines: LocalStateMachines): MillraceError {
  const { name, status, error = '', cause = '' } = execution;
  if (status === 'ABORTED') return new MillraceError('ABORTED', `Execution ${name} was stopped.`);
  // What the prepare function refuses is the person's own mistake, and nothing was started.
  if (error === 'InvalidInput') return new MillraceError('INVALID_INPUT', messageIn(cause));
  const job = causeOfJob(cause);
  const records = machines.executions.folderOf(execution);
  const hint = job ? ` See "npx millrace logs ${job}".` : '';
  return new MillraceError(
    'EXECUTION_FAILED',
    `Execution ${name} ended ${status}: ${error}: ${messageIn(cause)}${hint}`,
    {
      details: [`Its history is in ${records}.`],
    },
  );
}

function causeOfJob(cause: string): string | undefined {
  try {
    return (JSON.parse(cause) as { Name?: string }).Name?.split('/')[1];
  } catch {
    return undefined;
  }
}

function inputOf(text = '{}'): JsonObject {
  try {
    const input = JSON.parse(text) as unknown;
    if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as JsonObject;
  } catch {
    // Refused below, like JSON of another kind.
  }
  throw new MillraceError(
    'INVALID_INPUT',
    `--input is ${JSON.stringify(text)}. Allowed: a JSON object, such as {"rate": 100, "rows": 500}.`,
  );
}

function dataBucketOf({ home }: Context): string {
  const platform = new ParameterStore(home).get(`/millrace/${environment}/platform`);
  return (JSON.parse(platform?.value ?? '{}') as { bucket?: string }).bucket ?? '';
}
