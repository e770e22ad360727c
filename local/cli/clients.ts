/**
 * `millrace clients <pipeline>`: the settings of applications outside that write or read topics of a pipeline, on AWS and on this machine. Needs
 * neither an account nor the services.
 */
import type { Pipeline } from '../../lib/declaration/model.ts';
import {
  type Access,
  type Client,
  describeClients,
  type LocalBroker,
  type TopicClients,
} from '../../tools/clients/describe.ts';
import { MillraceError } from '../../tools/errors.ts';
import type { Home } from '../home.ts';
import { readRecord } from '../services/records.ts';
import { type ServiceStatus, serviceStatuses } from '../services/services.ts';
import { type Context, pipelineOf } from './context.ts';
import { environmentOf } from './environments.ts';

/** Where an application on AWS has to be. */
const NETWORK =
  "in a VPC that is attached to the cluster (the environment's own, or one added to them; a peered one is not enough), " +
  'its security group let into that of the cluster on port 9098';

type Output = Pick<Context, 'home' | 'json' | 'print'>;

/** The command. */
export async function clients(context: Output, name: string, options: { readonly env: string }): Promise<number> {
  const environment = environmentOf(options.env).name;
  return showClients(context, await pipelineOf(name), environment);
}

/** Prints the settings. */
export async function showClients(context: Output, pipeline: Pipeline, environment: string): Promise<number> {
  const local = await localBroker(context.home);
  const topics = describeClients(pipeline, environment, local);
  if (topics.length === 0) {
    throw new MillraceError(
      'NO_EXTERNAL_TOPICS',
      `Pipeline "${pipeline.name}" has no topic that applications outside write or read. Say external: 'written', 'read' or 'both' of one in ${pipeline.folders.declaration}/pipeline.ts.`,
    );
  }
  const serversCommand = `aws ssm get-parameter --name /millrace/${environment}/platform --query Parameter.Value --output text`;
  if (context.json) {
    const aws = { bootstrapServersCommand: serversCommand, network: NETWORK };
    context.print(JSON.stringify({ pipeline: pipeline.name, environment, aws, local, topics }));
    return 0;
  }
  const lines = topics.flatMap((topic) => topicLines(topic, environment, serversCommand, local));
  context.print(lines.join('\n').trimEnd());
  return 0;
}

/** The broker of this machine: where it runs, where it ran last, or where it would be. */
async function localBroker(home: Home): Promise<LocalBroker> {
  const kafka: ServiceStatus | undefined = (await serviceStatuses(home)).find((service) => service.name === 'kafka');
  const running = kafka?.state === 'running';
  const port = readRecord(home, 'kafka').ports?.broker ?? 9092;
  return { running, bootstrapServers: (running && kafka.bootstrapServers) || `127.0.0.1:${port}` };
}

function topicLines(topic: TopicClients, environment: string, serversCommand: string, local: LocalBroker): string[] {
  const about = [
    `${topic.topic} (${topic.partitions} partitions)`,
    `  keys    ${topic.key}`,
    `  values  ${topic.value}`,
    '',
  ];
  const here = local.running ? '' : '; the broker does not run now: npx millrace up';
  return about.concat(
    topic.access.flatMap((access) => [
      `  To ${access.way} it on AWS, environment ${environment}`,
      ...awsLines(access, serversCommand).map(indented(4)),
      '',
      `  To ${access.way} it on this machine, without authentication${here}`,
      ...clientLines(access.local, '', '').map(indented(4)),
      '',
    ]),
  );
}

function awsLines({ policyCommand, policyOutput, aws }: Access, serversCommand: string): string[] {
  return [
    `Servers: bootstrapServers in what this prints: ${serversCommand}`,
    `Policy ${policyOutput}, to be attached to the application's role; this prints its ARN: ${policyCommand}`,
    `Network: ${NETWORK}`,
    ...clientLines(aws, ' (software.amazon.msk:aws-msk-iam-auth)', ' and aws-msk-iam-sasl-signer-python'),
  ];
}

function clientLines({ java, python, shell }: Client, javaLibrary: string, pythonLibrary: string): string[] {
  return [
    `Java properties${javaLibrary}`,
    ...Object.entries(java).map(([name, value]) => `  ${name}=${value}`),
    `Python (confluent-kafka${pythonLibrary})`,
    ...python.lines.map(indented(2)),
    shell.tool === 'kcat' ? 'kcat, key and value with a tab between them' : (shell.why ?? ''),
    `  ${shell.command}`,
  ];
}

const indented = (columns: number) => (line: string) => (line === '' ? '' : `${' '.repeat(columns)}${line}`);
