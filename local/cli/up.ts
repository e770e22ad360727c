/** `millrace up`: synthesizes, starts the services and deploys to them, also as the first half of `demo`; and `millrace synth`, its first step. */
import { join } from 'node:path';
import { sourcesOf } from '../../lib/declaration/flow.ts';
import { kebab } from '../../lib/declaration/names.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { readToolchain } from '../../tools/setup/toolchain.mjs';
import {
  type Deployment,
  deploy,
  deployedFeeds,
  deployedSources,
  explain,
  knownStacks,
  readDeployment,
  synthesize,
  typesOf,
} from '../cloudformation/index.ts';
import { liveStreams, moment, streamLine } from '../emr/streams.ts';
import type { Home } from '../home.ts';
import { workersIn } from '../services/connect.ts';
import { type FeedSettings, feedNameOf, feedsIn } from '../services/feeds.ts';
import {
  bringPrograms,
  FEEDS,
  SOURCES,
  type StartedServices,
  startServices,
  stopServices,
} from '../services/services.ts';
import { type SourceSettings, sourceOf, sourcesIn } from '../services/sources.ts';
import type { FeedName, PlainEndpoints, SourceName } from '../services/types.ts';
import { deployedPipelines } from '../stepfunctions/deployed-pipelines.ts';
import { schedulesOf } from '../stepfunctions/schedules.ts';
import { type Context, pipelines as declaredPipelines, environment, pipelineOf } from './context.ts';
import type { Terminal } from './terminal.ts';

interface UpOptions {
  /** Those to deploy; what is deployed already is brought up to date beside them. @default all */
  readonly pipelines?: readonly string[] | undefined;
  readonly brokers?: 1 | 3;
  readonly kafkaPort?: number;
  readonly registryPort?: number;
  readonly postgresPort?: number;
  /** Starts what strict runs need too. */
  readonly strict?: boolean | undefined;
  /** Lets sources listen to what is outside, where else a program plays it. */
  readonly live?: boolean | undefined;
}

/** What a pipeline's database is on AWS. */
const DATABASE = 'AWS::RDS::DBCluster';
/** What a pipeline's items are on AWS. */
const ITEMS = 'AWS::DynamoDB::GlobalTable';
const CONNECTORS = 'Custom::KafkaConnectors';

/** What runs after `bringUp`, with the services that this call started. */
export interface Running extends StartedServices {
  readonly deployment: Deployment;
  /** Where this command reads what the jobs wrote. */
  readonly tools: PlainEndpoints;
}

/** Brings everything up. What it started is stopped again when it fails or is aborted. */
export async function bringUp(context: Context, options: UpOptions): Promise<Running> {
  const { brokers, pipelines, kafkaPort, registryPort, postgresPort, strict, live = false } = options;
  const { home, signal } = context;
  const progress = context.terminal.line;
  const ports = { kafka: kafkaPort, registry: registryPort };
  const stop = ({ started }: StartedServices) => stopStarted(context, started);
  const [always, assembly] = await bothOrNone(
    signal,
    (either) => startServices(home, readToolchain(), progress, either, { ports, brokers, strict }),
    (either) => currentAssembly(home, progress, either),
    stop,
  );
  let services = always;
  try {
    // Who has no pipeline with a database or items waits for none, nor for workers of connectors; what is no longer declared is to be removed from them.
    const before = readDeployment(home, environment)?.resources ?? [];
    const types = typesOf(assembly, environment, { pipelines, deployed: knownStacks(home, environment) });
    const has = (wanted: string) => types.has(wanted) || before.some(({ type }) => type === wanted);
    const [databases, items, connectors] = [has(DATABASE), has(ITEMS), has(CONNECTORS)];
    if (databases || items || connectors) {
      const more = { ports: { postgres: postgresPort }, databases, items, connectors };
      const again = await startServices(home, readToolchain(), progress, signal, more);
      services = { ...again, started: [...always.started, ...again.started] };
    }
    const { brokers, registry, dataId } = services;
    const registryUrl = registry.url ?? '';
    const endpoints = { bootstrapServers: brokers.iamBootstrapServers, registryUrl, dataId };
    const { deployment, changes } = await deploy({
      ...{ home, assembly, environment, endpoints, pipelines, progress, signal },
    });
    const counts = Object.entries(changes).map(([what, count]) => `${count} ${what}`);
    progress(`deployed environment ${environment}: ${counts.join(', ')}`);
    const sources = await wantedSources(deployment, live);
    const listening = await bringPrograms(home, readToolchain(), SOURCES, sources, progress, signal);
    services = { ...services, started: [...services.started, ...listening] };
    const telling = await bringPrograms(home, readToolchain(), FEEDS, wantedFeeds(deployment), progress, signal);
    services = { ...services, started: [...services.started, ...telling] };
    for (const stream of liveStreams(home, deployment)) progress(`${stream.pipeline}: ${streamLine(stream)}`);
    return { ...services, deployment, tools: { bootstrapServers: brokers.bootstrapServers, registryUrl } };
  } catch (error) {
    await stop(services);
    throw error;
  }
}

/** The deployed sources; what plays the outside for them, only their declarations know. */
async function wantedSources(deployment: Deployment, live: boolean): Promise<Map<SourceName, SourceSettings>> {
  const deployed = deployedSources(deployment);
  const declared = deployed.length === 0 ? [] : await declaredPipelines();
  return new Map(
    deployed.map(({ pipeline, source, ...settings }) => {
      const of = declared.find(({ name }) => name === pipeline);
      const { standIn } = Object.values(of ? sourcesOf(of) : {}).find(({ name }) => name === source)?.props ?? {};
      const played = of && standIn !== undefined && !live ? { standIn: join(of.folders.declaration, standIn) } : {};
      return [sourceOf(pipeline, source), { ...settings, ...played }];
    }),
  );
}

/** The deployed feeds. */
const wantedFeeds = (deployment: Deployment): Map<FeedName, FeedSettings> =>
  new Map(deployedFeeds(deployment).map(({ pipeline, feed, ...settings }) => [feedNameOf(pipeline, feed), settings]));

/** Does two things at once. What fails first calls the other one off; the first is undone where it had succeeded. */
export async function bothOrNone<First, Second>(
  signal: AbortSignal,
  first: (signal: AbortSignal) => Promise<First>,
  second: (signal: AbortSignal) => Promise<Second>,
  undo: (first: First) => Promise<void>,
): Promise<[First, Second]> {
  const failed = new AbortController();
  const either = AbortSignal.any([signal, failed.signal]);
  const works = [first(either), second(either)] as const;
  try {
    return await Promise.all(works);
  } catch (error) {
    failed.abort(error);
    const [done] = await Promise.allSettled(works);
    if (done.status === 'fulfilled') await undo(done.value);
    throw error;
  }
}

/** The assembly of what is declared now, from which nothing is gone that runs. */
async function currentAssembly(home: Home, progress: Terminal['line'], signal: AbortSignal): Promise<string> {
  const { assembly, changed } = await synthesize({ progress, signal });
  progress(changed ? 'synthesized cdk.out' : 'cdk.out is up to date');
  if (liveStreams(home, undefined).length > 0) refuseRemovalOfLive(home, await declaredPipelines());
  return assembly;
}

/** What is no longer declared loses its role, and with it the way to stop it: not while it runs. */
export function refuseRemovalOfLive(home: Home, declared: readonly Pipeline[]): void {
  const kept = new Set(declared.flatMap(({ name, jobs }) => Object.keys(jobs).map((job) => `${name}/${kebab(job)}`)));
  const gone = liveStreams(home, undefined).filter(({ pipeline, job }) => !kept.has(`${pipeline}/${job}`));
  if (gone.length === 0) return;
  const which = gone.map(({ pipeline, job, since }) => `${job} of ${pipeline}, which runs since ${moment(since)}`);
  throw new MillraceError(
    'STREAM_RUNS',
    `No longer declared: stream ${which.join('; stream ')}. Nothing was deployed. ` +
      'Stop it first: "npx millrace down" ends it after its batch, then run "npx millrace up" again.',
  );
}

/** Stops the services that this command started; their data stays. */
export async function stopStarted({ home, terminal }: Context, started: StartedServices['started']): Promise<void> {
  if (started.length === 0) return;
  // The deployment may have started workers, sources and feeds, which are nothing without their broker.
  const all = started.includes('kafka') ? [...workersIn(home), ...sourcesIn(home), ...feedsIn(home)] : [];
  const workers = all.map(({ name }) => name);
  await stopServices(home, { purge: false, only: [...started, ...workers] });
  terminal.line(`stopped ${started.join(' and ')}`);
}

export async function up(
  context: Context,
  names: readonly string[],
  options: UpOptions & { readonly explain?: boolean },
): Promise<number> {
  if (options.explain) return explainAssembly(context);
  for (const name of names) await pipelineOf(name);
  const chosen = names.length === 0 ? options : { ...options, pipelines: names };
  const { brokers, kafka, registry, postgres, dynamodb, started, deployment } = await bringUp(context, chosen);
  const { bootstrapServers, iamBootstrapServers } = brokers;
  const { url } = registry;
  const services = {
    kafka: { bootstrapServers, iamBootstrapServers, pid: kafka.pid },
    registry: { url, pid: registry.pid },
    ...(postgres.url && { postgres: { url: postgres.url, pid: postgres.pid } }),
    ...(dynamodb.url && { dynamodb: { url: dynamodb.url, pid: dynamodb.pid } }),
  };
  const lines = [
    `Kafka     ${iamBootstrapServers}  (IAM, as on AWS: for jobs and handlers)`,
    `          ${bootstrapServers}  (plain: for your own tools)`,
    `Registry  ${url}  (Confluent clients: ${url}/apis/ccompat/v7)`,
    ...(postgres.url ? [`Database  ${postgres.url}  (npx millrace sql <pipeline>)`] : []),
    ...(dynamodb.url ? [`Items     ${dynamodb.url}  (DynamoDB: aws dynamodb --endpoint-url ${dynamodb.url} ...)`] : []),
    ...[...deployedPipelines(deployment).keys()].flatMap((pipeline) =>
      schedulesOf(deployment, pipeline, 1).map(
        ({ name, next }) =>
          `Schedule  ${name} of ${pipeline}, on AWS ${next}  (at once: npx millrace run ${pipeline} --schedule ${name})`,
      ),
    ),
    `Next      npx millrace run ${names[0] ?? [...deployedPipelines(deployment).keys()][0] ?? '<pipeline>'}`,
  ];
  context.print(context.json ? JSON.stringify({ environment, ...services, started }) : lines.join('\n'));
  return 0;
}

/** `up --explain`: each resource type of the assembly, and where it lives. */
async function explainAssembly({ json, print, signal, terminal }: Context): Promise<number> {
  const { assembly } = await synthesize({ progress: terminal.line, signal });
  const explained = explain(assembly, environment);
  const width = Math.max(...explained.map(({ type }) => type.length));
  const lines = explained.map(({ type, count, where, reason }) =>
    [where === 'local' ? 'here' : 'AWS ', type.padEnd(width), String(count).padStart(3), reason].join('  '),
  );
  print(json ? JSON.stringify(explained) : lines.join('\n'));
  return 0;
}

/** `millrace synth`: the CDK app and every rule, without starting anything. Every mistake is reported at once, in the words of whoever found it. */
export async function synth({ json, print, signal, terminal }: Context): Promise<number> {
  const { assembly, changed } = await synthesize({ progress: terminal.line, signal, rules: true });
  const told = `${assembly} ${changed ? 'was synthesized' : 'is up to date'}`;
  print(json ? JSON.stringify({ assembly, changed }) : told);
  return 0;
}
