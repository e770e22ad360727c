/** What the decisions cost: Kafka's own load tool at the listener where clients sign in, with a broker that asks for decisions and with one that does not. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { truststoreOptions } from '../../local/iam/kafka-certificate.ts';
import { kafka } from '../../local/services/kafka.ts';
import type { ServiceDefinition } from '../../local/services/types.ts';
import { arnOf, clusterArn, roleOf, TestBroker } from '../../test/local/iam/kafka-broker.ts';
import type { Row } from '../rows.ts';

const topic = 'bench';
const role = roleOf('Bench', {
  [clusterArn]: ['Connect', 'WriteDataIdempotently'],
  [arnOf('topic', topic)]: ['DescribeTopic', 'WriteData'],
});

const undecided: ServiceDefinition = {
  ...kafka,
  prepare: async (context, signal) => {
    await kafka.prepare(context, signal);
    const file = join(context.folder, 'server.properties');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/^authorizer.*$/m, ''));
  },
};

async function started(definition: ServiceDefinition): Promise<TestBroker> {
  const broker = new TestBroker();
  await broker.start(definition);
  broker.deploy(role);
  const admin = broker.plain().admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 4 }] });
  await admin.disconnect();
  return broker;
}

/** Runs a load tool with the client that jobs have; gives what it printed. */
function tool({ home, toolchain, iamServers }: TestBroker, name: string, ...words: readonly string[]): string {
  const properties = join(home.root, 'client.properties');
  const settings = [
    `bootstrap.servers=${iamServers}`,
    'security.protocol=SASL_SSL',
    'sasl.mechanism=AWS_MSK_IAM',
    'sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required;',
    'sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler',
  ];
  writeFileSync(properties, `${settings.join('\n')}\n`);
  const classPath = [toolchain.kafkaJars, toolchain.sparkJars, join(toolchain.sparkHome, 'jars')].map((folder) =>
    join(folder, '*'),
  );
  const env = {
    AWS_ACCESS_KEY_ID: role.accessKeyId,
    AWS_SECRET_ACCESS_KEY: role.secretAccessKey,
    AWS_SESSION_TOKEN: role.sessionToken,
    AWS_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
  };
  const program = `org.apache.kafka.tools.${name}`;
  const options = [
    '-Xmx512m',
    ...truststoreOptions(home),
    '-cp',
    classPath.join(':'),
    program,
    '--topic',
    topic,
    ...words,
  ];
  return execFileSync(toolchain.java17, options, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
}

/** Records a second. */
function written(broker: TestBroker, records: number): number {
  const size = ['--num-records', String(records), '--record-size', '100', '--throughput', '-1'];
  const output = tool(
    broker,
    'ProducerPerformance',
    ...size,
    '--producer.config',
    join(broker.home.root, 'client.properties'),
  );
  const rates = [...output.matchAll(/([\d.]+) records\/sec/g)].map(([, rate]) => Number(rate));
  return rates.at(-1) ?? Number.NaN;
}

export async function decisions(quick: boolean): Promise<Row[]> {
  const [rounds, records] = quick ? [2, 300_000] : [5, 1_000_000];
  const brokers = { decided: await started(kafka), undecided: await started(undecided) };
  try {
    const rates: Record<keyof typeof brokers, number[]> = { decided: [], undecided: [] };
    for (let round = -1; round < rounds; round += 1) {
      for (const kind of ['undecided', 'decided'] as const) {
        const rate = written(brokers[kind], records);
        // The first of each only warms up.
        if (round >= 0) rates[kind].push(rate);
      }
    }
    const beside = { name: 'the same without decisions', values: rates.undecided };
    return [{ metric: 'broker that asks for decisions', unit: 'records/s', ours: rates.decided, beside }];
  } finally {
    for (const broker of Object.values(brokers)) await broker.stop();
  }
}
