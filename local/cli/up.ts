/**
 * `millrace up`: synthesizes, starts the services and deploys to them; gives what now runs. Also the first half of `demo`.
 */

import { MillraceError } from '../../tools/errors.ts';
import { readToolchain } from '../../tools/setup/toolchain.mjs';
import { type Deployment, deploy, explain, stacksOf, synthesize } from '../cloudformation/index.ts';
import { liveStreams } from '../emr/live-streams.ts';
import type { Home } from '../home.ts';
import { type ServiceName, type ServiceStatus, startServices, stopServices } from '../services/services.ts';
import { deployedPipelines } from '../stepfunctions/deployed-pipelines.ts';
import { type Context, environment } from './context.ts';
import { moment, streamLine } from './stream-lines.ts';

export interface UpOptions {
  readonly kafkaPort?: number;
  readonly registryPort?: number;
}

/** What runs after `bringUp`. */
export interface Running {
  readonly kafka: ServiceStatus;
  readonly registry: ServiceStatus;
  /** Services that this call started. */
  readonly started: readonly ServiceName[];
  readonly deployment: Deployment;
}

/** Brings everything up. What it started is stopped again when it fails or is aborted. */
export async function bringUp(context: Context, options: UpOptions): Promise<Running> {
  const { home, terminal, signal } = context;
  const { assembly, changed } = await synthesize({ progress: terminal.line, signal });
  terminal.line(changed ? 'synthesized cdk.out' : 'cdk.out is up to date');
  refuseRemovalOfLive(home, assembly);
  const services = await startServices(home, readToolchain(), terminal.line, signal, { ports: portsOf(options) });
  const { kafka, registry, started, dataId } = services;
  try {
    const endpoints = { bootstrapServers: kafka.bootstrapServers ?? '', registryUrl: registry.url ?? '', dataId };
    const { deployment, changes } = await deploy({
      home,
      assembly,
      environment,
      endpoints,
      progress: terminal.line,
      signal,
    });
    const { created, updated, deleted, unchanged } = changes;
    terminal.line(
      `deployed environment ${environment}: ${created} created, ${updated} updated, ${deleted} deleted, ${unchanged} unchanged`,
    );
    for (const stream of liveStreams(home, deployment)) terminal.line(`${stream.pipeline}: ${streamLine(stream)}`);
    return { kafka, registry, started, deployment };
  } catch (error) {
    await stopStarted(context, started);
    throw error;
  }
}

/** A pipeline that is no longer declared loses its topics' settings, its role and its lock: not while its stream runs. */
export function refuseRemovalOfLive(home: Home, assembly: string): void {
  const kept = new Set(stacksOf(assembly, environment));
  const gone = liveStreams(home, undefined).find(({ pipeline }) => !kept.has(`${environment}/${pipeline}`));
  if (!gone) return;
  throw new MillraceError(
    'STREAM_RUNS',
    `Pipeline "${gone.pipeline}" is no longer declared, and its stream ${gone.job} runs since ${moment(gone.since)}. Nothing was deployed. ` +
      `Stop it first: "npx millrace down" ends it after its batch, then run "npx millrace up" again.`,
  );
}

/** Stops the services that this command started; their data stays. */
export async function stopStarted({ home, terminal }: Context, started: readonly ServiceName[]): Promise<void> {
  if (started.length === 0) return;
  await stopServices(home, { purge: false, only: started });
  terminal.line(`stopped ${started.join(' and ')}`);
}

/** The command. */
export async function up(context: Context, options: UpOptions): Promise<number> {
  const running = await bringUp(context, options);
  const { kafka, registry } = running;
  if (context.json) {
    const { pid: kafkaPid, bootstrapServers } = kafka;
    context.print(
      JSON.stringify({
        environment,
        kafka: { bootstrapServers, pid: kafkaPid },
        registry: { url: registry.url, pid: registry.pid },
        started: running.started,
      }),
    );
    return 0;
  }
  context.print(
    [
      `Kafka     ${kafka.bootstrapServers}`,
      `Registry  ${registry.url}  (Confluent clients: ${registry.url}/apis/ccompat/v7)`,
      `Next      npx millrace run ${[...deployedPipelines(running.deployment).keys()][0] ?? '<pipeline>'}`,
    ].join('\n'),
  );
  return 0;
}

/** `up --explain`: each resource type of the assembly, and where it lives. */
export async function explainAssembly(context: Context): Promise<number> {
  const { assembly } = await synthesize({ progress: context.terminal.line, signal: context.signal });
  const lines = explain(assembly, environment);
  if (context.json) {
    context.print(JSON.stringify(lines));
    return 0;
  }
  const width = Math.max(...lines.map(({ type }) => type.length));
  for (const { type, count, where, reason } of lines) {
    context.print(
      `${where === 'local' ? 'here' : 'AWS '}  ${type.padEnd(width)}  ${String(count).padStart(3)}  ${reason}`,
    );
  }
  return 0;
}

function portsOf({ kafkaPort, registryPort }: UpOptions): Partial<Record<ServiceName, number>> {
  return {
    ...(kafkaPort !== undefined && { kafka: kafkaPort }),
    ...(registryPort !== undefined && { registry: registryPort }),
  };
}
