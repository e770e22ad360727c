/** `millrace clients <pipeline>`: settings of applications outside, for AWS and for this machine. Needs neither an account nor the services. */
import type { Environment } from '../../config/environment.ts';
import { KAFKA_PORT } from '../../lib/declaration/limits.ts';
import { platformParameter } from '../../lib/declaration/names.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { type Client, describeClients, type TopicClients } from '../../tools/clients.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { brokersOf } from '../services/services.ts';
import { type Context, environmentOf, pipelineOf } from './context.ts';

/** Where an application has to be, by what the brokers of the environment are. */
const networkOf = ({ kafka }: Place) => {
  const vpc =
    kafka === 'express'
      ? "in the analytics VPC of the environment, or in one that is peered with it and routed to the brokers' subnets"
      : "in a VPC that is attached to the cluster (the environment's own, or one added to them; a peered one is not enough)";
  return `${vpc}, its security group let into that of the cluster on port ${KAFKA_PORT}`;
};

type Place = Pick<Environment, 'name' | 'kafka'>;
type Output = Pick<Context, 'home' | 'json' | 'print'>;

export async function clients(context: Output, name: string, options: { readonly env: string }): Promise<number> {
  const environment = await environmentOf(options.env);
  return showClients(context, await pipelineOf(name), environment);
}

export async function showClients(
  { home, json, print }: Output,
  pipeline: Pipeline,
  environment: Place,
): Promise<number> {
  const { name: env } = environment;
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
    const aws = { bootstrapServersCommand: serversCommand, network: networkOf(environment) };
    print(JSON.stringify({ pipeline: pipeline.name, environment: env, aws, local, topics }));
    return 0;
  }
  const here = running ? '' : '; the broker does not run now: npx millrace up';
  const lines = topics.flatMap((topic) => topicLines(topic, environment, serversCommand, here));
  print(lines.join('\n').trimEnd());
  return 0;
}

function topicLines(topic: TopicClients, environment: Place, serversCommand: string, here: string): string[] {
  return [
    `${topic.topic} (${topic.partitions} partitions)`,
    `  keys    ${topic.key}`,
    `  values  ${topic.value}`,
    '',
    ...topic.access.flatMap(({ way, policyOutput, policyCommand, aws, local }) => [
      `  To ${way} it on AWS, environment ${environment.name}`,
      `    Servers: bootstrapServers in what this prints: ${serversCommand}`,
      `    Policy ${policyOutput}, to be attached to the application's role; this prints its ARN: ${policyCommand}`,
      `    Network: ${networkOf(environment)}`,
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
