/** `millrace clients <pipeline>`: settings of applications outside, for AWS and for this machine. Needs neither an account nor the services. */
import { KAFKA_PORT } from '../../lib/declaration/limits.ts';
import { platformParameter } from '../../lib/declaration/names.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { type Client, describeClients, type TopicClients } from '../../tools/clients.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { brokersOf } from '../services/services.ts';
import { type Context, environmentOf, pipelineOf } from './context.ts';

const NETWORK =
  "in a VPC that is attached to the cluster (the environment's own, or one added to them; a peered one is not enough), " +
  `its security group let into that of the cluster on port ${KAFKA_PORT}`;

type Output = Pick<Context, 'home' | 'json' | 'print'>;

export async function clients(context: Output, name: string, options: { readonly env: string }): Promise<number> {
  const environment = await environmentOf(options.env);
  return showClients(context, await pipelineOf(name), environment.name);
}

export async function showClients({ home, json, print }: Output, pipeline: Pipeline, env: string): Promise<number> {
  // Where the brokers of this machine run, where they ran last, or where they would be.
  const { running, bootstrapServers } = brokersOf(home);
  const local = { running, bootstrapServers };
  const topics = describeClients(pipeline, env, local.bootstrapServers);
  if (topics.length === 0) {
    throw new MillraceError(
      'NO_EXTERNAL_TOPICS',
      `Pipeline "${pipeline.name}" has no topic that applications outside write or read. Say external: 'written', 'read' or 'both' of one in ${pipeline.folders.declaration}/pipeline.ts.`,
    );
  }
  const serversCommand = `aws ssm get-parameter --name ${platformParameter(env)} --query Parameter.Value --output text`;
  if (json) {
    const aws = { bootstrapServersCommand: serversCommand, network: NETWORK };
    print(JSON.stringify({ pipeline: pipeline.name, environment: env, aws, local, topics }));
    return 0;
  }
  const here = running ? '' : '; the broker does not run now: npx millrace up';
  const lines = topics.flatMap((topic) => topicLines(topic, env, serversCommand, here));
  print(lines.join('\n').trimEnd());
  return 0;
}

function topicLines(topic: TopicClients, environment: string, serversCommand: string, here: string): string[] {
  return [
    `${topic.topic} (${topic.partitions} partitions)`,
    `  keys    ${topic.key}`,
    `  values  ${topic.value}`,
    '',
    ...topic.access.flatMap(({ way, policyOutput, policyCommand, aws, local }) => [
      `  To ${way} it on AWS, environment ${environment}`,
      `    Servers: bootstrapServers in what this prints: ${serversCommand}`,
      `    Policy ${policyOutput}, to be attached to the application's role; this prints its ARN: ${policyCommand}`,
      `    Network: ${NETWORK}`,
      ...clientLines(aws, ' (software.amazon.msk:aws-msk-iam-auth)', ' and aws-msk-iam-sasl-signer-python'),
      '',
      `  To ${way} it on this machine, at the plain address, without authentication${here}`,
      ...clientLines(local, '', ''),
      '',
    ]),
  ];
}

function clientLines({ java, python, shell }: Client, javaLibrary: string, pythonLibrary: string): string[] {
  const lines = [
    `Java properties${javaLibrary}`,
    ...Object.entries(java).map(([name, value]) => `  ${name}=${value}`),
    `Python (confluent-kafka${pythonLibrary})`,
    ...python.lines.map((line) => `  ${line}`),
    shell.why ?? 'kcat, key and value with a tab between them',
    `  ${shell.command}`,
  ];
  return lines.map((line) => `    ${line}`);
}
