/**
 * `millrace status`: what runs here and what was run, for people or as one object.
 */
import { readDeployment } from '../cloudformation/index.ts';
import { streamsOf } from '../emr/live-streams.ts';
import { serviceStatuses } from '../services/services.ts';
import { deployedPipelines } from '../stepfunctions/deployed-pipelines.ts';
import { Executions } from '../stepfunctions/executions.ts';
import { type Context, environment } from './context.ts';
import { streamLine } from './stream-lines.ts';

export async function status(context: Context): Promise<number> {
  const { home } = context;
  const services = await serviceStatuses(home);
  const deployment = readDeployment(home, environment);
  const executions = new Executions(home.executions);
  const names = deployment ? [...deployedPipelines(deployment).keys()] : [];
  const streams = streamsOf(home, deployment);
  const pipelines = names.map((name) => {
    const stream = streams.find(({ pipeline }) => pipeline === name);
    const last = executions.list(name).at(-1);
    return {
      name,
      ...(stream && { stream }),
      lastExecution: last && {
        name: last.name,
        status: last.status,
        startedAt: last.startedAt,
        stoppedAt: last.stoppedAt,
        ...(last.error !== undefined && { error: last.error }),
      },
    };
  });
  if (context.json) {
    const kafka = services.find(({ name }) => name === 'kafka');
    const registry = services.find(({ name }) => name === 'registry');
    context.print(
      JSON.stringify({
        environment,
        deployedAt: deployment?.deployedAt,
        bootstrapServers: kafka?.bootstrapServers,
        registryUrl: registry?.url,
        services,
        pipelines,
      }),
    );
    return 0;
  }
  for (const { name, state, pid, memoryBytes, bootstrapServers, url } of services) {
    const memory = memoryBytes === undefined ? '' : `${Math.round(memoryBytes / 1024 ** 2)} MB`;
    const columns = [
      name.padEnd(9),
      state.padEnd(8),
      bootstrapServers ?? url ?? '',
      pid === undefined ? '' : `pid ${pid}`,
      memory,
    ];
    context.print(columns.filter((column) => column !== '').join('  '));
  }
  context.print(deployment ? `deployed   ${deployment.deployedAt}` : 'Nothing is deployed. Run "npx millrace up".');
  for (const { name, stream, lastExecution } of pipelines) {
    const last = lastExecution
      ? `last execution ${lastExecution.name} ${lastExecution.status}`
      : `never run; "npx millrace run ${name}"`;
    context.print(`${name.padEnd(9)}  ${last}`);
    if (stream) context.print(`${''.padEnd(9)}  ${streamLine(stream)}`);
  }
  return 0;
}
