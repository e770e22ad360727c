/**
 * `millrace run <pipeline>`: one execution of the deployed state machine, then what came of it and, for a whole run, the line that accounts for every
 * row. Also the middle of `demo`.
 */
import type { Pipeline } from '../../lib/declaration/model.ts';
import { MillraceError } from '../../tools/errors.ts';
import { readToolchain } from '../../tools/setup/toolchain.mjs';
import { bucketPath, type Deployment, ParameterStore, readDeployment } from '../cloudformation/index.ts';
import { liveStreams, streamsOf } from '../emr/live-streams.ts';
import { archiveOptions, makeSparkArchive, sparkArchive } from '../emr/spark-archive.ts';
import { serviceStatuses } from '../services/services.ts';
import { LocalStateMachines } from '../stepfunctions/execute.ts';
import type { JsonObject } from '../stepfunctions/task.ts';
import { type Context, environment, pipelineOf } from './context.ts';
import { progressOf } from './progress.ts';
import { Bookkeeping, countFiles } from './report/reconcile.ts';
import type { Reconciliation } from './report/reconciliation.ts';
import { failureOf } from './run-failure.ts';
import { type InputOptions, inputOf } from './run-input.ts';
import { foldersOf, jobsShown, type Output, show } from './run-shown.ts';
import { checkSampleData, publishSampleData } from './sample-data.ts';

export interface RunOptions extends InputOptions {
  /** Folder with files that replace the declared samples. */
  readonly sampleData?: string;
}

interface Services {
  readonly bootstrapServers: string;
  readonly registryUrl: string;
}

/** The command: needs what `up` deployed and started. */
export async function run(context: Context, name: string, options: RunOptions): Promise<number> {
  const pipeline = await pipelineOf(name);
  const input = inputOf(options);
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
  const streamOf = () => streamsOf(home, deployment).find((stream) => stream.pipeline === pipeline.name);
  const liveStream = () => liveStreams(home, deployment).find((stream) => stream.pipeline === pipeline.name);
  const before = liveStream();
  // Only a whole run sends rows that can be counted; what else the input may say is known to the prepare function alone.
  const whole = input.job === undefined && (input.action === undefined || input.action === 'run');
  const declared = whole ? pipeline.reconciliation : undefined;
  const bookkeeping = declared && (await Bookkeeping.open(home, pipeline, declared, services));
  try {
    const execution = await machines.execute(pipeline.name, input, signal);
    terminal.count('');
    if (execution.status !== 'SUCCEEDED') {
      throw failureOf(execution, machines.executions.folderOf(execution), streamOf());
    }
    const output = execution.output as unknown as Output;
    const runs = machines.jobRuns.all().filter(({ request }) => request.name.endsWith(`/${execution.name}`));
    let reconciliation: Reconciliation | undefined;
    if (declared && output.action === 'run') {
      terminal.line('counting what the topics hold');
      const folders = foldersOf(pipeline, runs, home);
      const file = {
        path: bucketPath(home, output.files[declared.file] ?? ''),
        declared: pipeline.files[declared.file],
      };
      const counts = await countFiles(file, output.tunables[declared.rows] ?? 0, folders[declared.rejects] ?? '');
      reconciliation = await bookkeeping?.settle(counts);
    }
    const jobs = jobsShown(pipeline, output, runs, machines.jobRuns.records, home);
    show(context, { pipeline, execution, output, jobs, reconciliation, before, stream: liveStream() });
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

function dataBucketOf({ home }: Context): string {
  const platform = new ParameterStore(home).get(`/millrace/${environment}/platform`);
  return (JSON.parse(platform?.value ?? '{}') as { bucket?: string }).bucket ?? '';
}
