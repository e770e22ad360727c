/** `millrace status`: what runs here and what was run, for people or as one object. */
import { readDeployment } from '../cloudformation/index.ts';
import { streamLine, streamsOf } from '../emr/streams.ts';
import { givenUpOf } from '../services/feeds.ts';
import { brokersOf, purposeOf, serviceStatus, serviceStatuses } from '../services/services.ts';
import { deployedPipelines } from '../stepfunctions/deployed-pipelines.ts';
import { type ExecutionRecord, Executions } from '../stepfunctions/executions.ts';
import { schedulesOf } from '../stepfunctions/schedules.ts';
import { type Context, environment } from './context.ts';

/** When a service starts that is not always needed. */
const STARTS = {
  strict: 'starts with --strict',
  databases: 'starts with a pipeline that has a database',
  items: 'starts with a pipeline that has items',
  connectors: 'starts with its pipeline',
  sources: 'starts with its pipeline',
  feeds: 'starts with its pipeline',
};

/** How many of the times of a schedule are shown. */
const NEXT_TIMES = 3;

export async function status({ home, json, print }: Context): Promise<number> {
  const services = await serviceStatuses(home);
  const deployment = readDeployment(home, environment);
  const executions = new Executions(home.executions);
  const streams = streamsOf(home, deployment);
  const names = deployment ? [...deployedPipelines(deployment).keys()] : [];
  const pipelines = names.map((name) => {
    const all = executions.list(name);
    // One that was refused because another runs came later, and says less.
    const last = all.findLast((one) => one.status === 'RUNNING') ?? all.at(-1);
    return {
      name,
      streams: streams.filter(({ pipeline }) => pipeline === name),
      feeds: givenUpOf(home, name),
      schedules: deployment ? schedulesOf(deployment, name, NEXT_TIMES) : [],
      lastExecution: last && summaryOf(last),
    };
  });
  if (json) {
    const { running, ...brokers } = brokersOf(home);
    const addresses = { ...(running && brokers), registryUrl: serviceStatus(home, 'registry').url };
    print(JSON.stringify({ environment, deployedAt: deployment?.deployedAt, ...addresses, services, pipelines }));
    return 0;
  }
  for (const { name, state, pid, memoryBytes, bootstrapServers, url } of services) {
    const process = pid === undefined ? '' : `pid ${pid}`;
    const memory = memoryBytes === undefined ? '' : `${Math.round(memoryBytes / 1024 ** 2)} MB`;
    const purpose = purposeOf(name);
    const note = purpose && state === 'stopped' ? STARTS[purpose] : '';
    const columns = [name.padEnd(9), state.padEnd(8), bootstrapServers ?? url ?? note, process, memory];
    print(columns.filter((column) => column !== '').join('  '));
  }
  print(deployment ? `deployed   ${deployment.deployedAt}` : 'Nothing is deployed. Run "npx millrace up".');
  for (const { name, streams: ours, feeds, schedules, lastExecution: last } of pipelines) {
    const ran = last ? `last execution ${last.name} ${last.status}` : `never run; "npx millrace run ${name}"`;
    print(`${name.padEnd(9)}  ${ran}`);
    for (const stream of ours) print(`${''.padEnd(9)}  ${streamLine(stream)}`);
    for (const { name: schedule, next } of schedules) {
      print(`${''.padEnd(9)}  schedule ${schedule} comes next on AWS ${next.join(', ')}`);
    }
    for (const { feed, messages, file } of feeds) {
      if (messages > 0) print(`${''.padEnd(9)}  feed ${feed} has given changes up: ${messages} messages in ${file}`);
    }
  }
  return 0;
}

const summaryOf = ({ name, status, startedAt, stoppedAt, error }: ExecutionRecord) => ({
  name,
  status,
  startedAt,
  stoppedAt,
  error,
});
