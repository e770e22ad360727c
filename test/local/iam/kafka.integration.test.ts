/** The broker lets in who signs with the credentials of a deployed role, and lets nobody do what the role's policies do not say. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { Consumer, Kafka } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { objectIn } from '../../../lib/declaration/json.ts';
import { stderrName } from '../../../local/emr/job-run-records.ts';
import { sparkSubmit } from '../../../local/emr/spark-submit.ts';
import { endWarmJvms, warmLaunch } from '../../../local/emr/warm-jvms.ts';
import { type AccessRole, credentialVariables } from '../../../local/iam/access.ts';
import { kafkaCertificate, makeKafkaCertificate, truststoreOptions } from '../../../local/iam/kafka-certificate.ts';
import { arnOf, clusterArn, type Grants, roleOf, TestBroker, tokenOf } from './kafka-broker.ts';

const broker = new TestBroker();
const [topic, group] = ['readings', 'millrace.readings.show-1'];
const topicArn = arnOf('topic', topic);
const groupArn = arnOf('group', group);

/** What the work of this file takes, and nothing besides. */
const enough: Grants = {
  [clusterArn]: ['Connect', 'WriteDataIdempotently'],
  [topicArn]: ['CreateTopic', 'DescribeTopic', 'ReadData', 'WriteData'],
  [arnOf('group', 'millrace.readings.show-*')]: ['AlterGroup', 'DescribeGroup'],
};

const without = (action: string): Grants =>
  Object.fromEntries(
    Object.entries(enough).map(([resource, actions]) => [resource, actions.filter((each) => each !== action)]),
  );

let number = 0;

/** Deploys a role of the test's own. */
function deployed(grants: Grants): AccessRole {
  number += 1;
  const role = roleOf(`Role${number}`, grants);
  broker.deploy(role);
  return role;
}

beforeAll(async () => {
  await broker.start();
  const admin = broker.plain().admin();
  await admin.connect();
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
  // The first group of a broker finds no coordinator for a while.
  const offsets = () => admin.fetchOffsets({ groupId: group, topics: [topic] });
  await vi.waitFor(offsets, { timeout: 60_000, interval: 200 });
  await admin.disconnect();
});

afterAll(() => broker.stop());

/** Connects what a client has, and disconnects it after the test. */
async function connected<T extends { connect(): Promise<void>; disconnect(): Promise<void> }>(part: T): Promise<T> {
  onTestFinished(() => part.disconnect());
  await part.connect();
  return part;
}

const createTopic = async (kafka: Kafka) => {
  const admin = await connected(kafka.admin());
  await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
};

const describeTopic = async (kafka: Kafka) => {
  const admin = await connected(kafka.admin());
  await admin.fetchTopicMetadata({ topics: [topic] });
};

const write = async (kafka: Kafka, idempotent = false) => {
  const producer = await connected(kafka.producer({ idempotent }));
  await producer.send({ topic, messages: [{ value: 'x' }] });
};

const writeIdempotently = (kafka: Kafka) => write(kafka, true);

/** Reads one record in the group; fails with what ends the consumer. */
const read = async (kafka: Kafka) => {
  const consumer: Consumer = await connected(kafka.consumer({ groupId: group, maxWaitTimeInMs: 100 }));
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await new Promise<void>((resolve, reject) => {
    consumer.on(consumer.events.CRASH, ({ payload }) => reject(payload.error));
    consumer.run({ eachMessage: async () => resolve() }).catch(reject);
  });
};

test('a role with all of it does all of it', async () => {
  const kafka = broker.signedIn(deployed(enough));
  for (const work of [createTopic, describeTopic, writeIdempotently, read]) await work(kafka);
});

describe('without one action', () => {
  test.each([
    ['Connect', describeTopic, /Access denied/, clusterArn],
    ['CreateTopic', createTopic, /Not authorized to access topics|Topic creation errors/, topicArn],
    ['DescribeTopic', describeTopic, /Not authorized to access topics: \[Topic authorization failed\]/, topicArn],
    [
      'WriteData',
      (kafka: Kafka) => write(kafka),
      /Not authorized to access topics: \[Topic authorization failed\]/,
      topicArn,
    ],
    ['WriteDataIdempotently', writeIdempotently, /Cluster authorization failed/, clusterArn],
    ['ReadData', read, /Not authorized to access topics: \[Topic authorization failed\]/, topicArn],
    ['AlterGroup', read, /Not authorized to access group/, groupArn],
    ['DescribeGroup', read, /Failed to find group coordinator/, groupArn],
  ] as const)('%s the broker refuses it, and says so where people look', async (action, work, message, resource) => {
    const role = deployed(without(action));
    await expect(work(broker.signedIn(role))).rejects.toThrow(message);
    await vi.waitFor(() => expect(broker.denialsOf(role)).toContain(`kafka-cluster:${action} on ${resource}`));
  });
});

describe('nobody is let in', () => {
  const refusal = (role: AccessRole, token: (role: AccessRole) => Promise<string>) =>
    expect(describeTopic(broker.signedIn(role, () => token(role)))).rejects;

  test('whose key no role has', async () => {
    await refusal(roleOf('Nobody', enough), tokenOf).toThrow(/no deployed role has this access key/);
  });

  test('with another secret', async () => {
    await refusal(deployed(enough), (role) => tokenOf({ ...role, secretAccessKey: 'guessed' })).toThrow(
      /its signature does not match/,
    );
  });

  test("with another role's session token", async () => {
    const other = deployed(enough);
    await refusal(deployed(enough), (role) => tokenOf({ ...role, sessionToken: other.sessionToken })).toThrow(
      /its session token is not the one that belongs to its key/,
    );
  });

  test.each([
    ['signed too long ago', -16 * 60_000, /its signature expired at/],
    ['signed for a time to come', 10 * 60_000, /it is signed at .* and now is/],
  ])('%s', async (_when, shift, message) => {
    const signed = async (role: AccessRole) => {
      vi.useFakeTimers({ now: Date.now() + shift, toFake: ['Date'] });
      return tokenOf(role).finally(() => vi.useRealTimers());
    };
    await refusal(deployed(enough), signed).toThrow(message);
  });

  test('with another request than to connect', async () => {
    const other = async (role: AccessRole) => {
      const url = Buffer.from(await tokenOf(role), 'base64url').toString();
      return Buffer.from(url.replace('kafka-cluster%3AConnect', 'kafka-cluster%3ADescribe')).toString('base64url');
    };
    await refusal(deployed(enough), other).toThrow(/it asks for kafka-cluster:Describe/);
  });

  test('with something that is no token', async () => {
    await refusal(deployed(enough), async () => Buffer.from('no address').toString('base64url')).toThrow(
      /is not a signed address/,
    );
  });
});

test('what is deployed counts at once, for who is signed in already too', async () => {
  const role = deployed(enough);
  const admin = await connected(broker.signedIn(role).admin());
  const describe = () => admin.fetchTopicMetadata({ topics: [topic] });
  await describe();
  const less = roleOf(role.name, without('DescribeTopic'));
  broker.deploy({ ...role, policies: less.policies });
  await expect(describe()).rejects.toThrow(/Topic authorization failed/);
  broker.deploy(role);
  await describe();
});

test('a denial is told each time, so that a later run says it too', async () => {
  const role = deployed(without('WriteData'));
  const kafka = broker.signedIn(role);
  for (const told of [1, 2]) {
    await expect(write(kafka)).rejects.toThrow();
    await vi.waitFor(() => expect(broker.denialsOf(role)).toHaveLength(told));
  }
});

test('a list leaves out what a role may not see, which is no denial', async () => {
  const role = deployed({ [clusterArn]: ['Connect'] });
  const admin = await connected(broker.signedIn(role).admin());
  expect((await admin.fetchTopicMetadata()).topics).toEqual([]);
  await expect(admin.createTopics({ topics: [{ topic }] })).rejects.toThrow();
  expect(broker.denialsOf(role)).toEqual([`kafka-cluster:CreateTopic on ${topicArn}`]);
});

describe('a job', () => {
  const minutes = 60_000;
  /** Runs the job with the role, in a warm JVM; gives what it printed. */
  async function ran(role: AccessRole) {
    const folder = mkdtempSync(join(broker.home.jobRuns, 'run-'));
    const jars = readdirSync(broker.toolchain.sparkJars).map((name) => join(broker.toolchain.sparkJars, name));
    const request = {
      mode: 'BATCH' as const,
      entryPoint: fileURLToPath(new URL('jobs/write_and_read.py', import.meta.url)),
      entryPointArguments: [broker.iamServers, topic],
      sparkSubmitParameters: `--jars ${jars.join(',')}`,
    };
    const launch = sparkSubmit(request, folder, {
      toolchain: broker.toolchain,
      buckets: broker.home.buckets,
      variables: {
        ...credentialVariables(broker.home, role.arn),
        AWS_REGION: 'us-east-1',
        PYTHONPATH: fileURLToPath(new URL('../../../jobs/pyspark', import.meta.url)),
      },
      javaOptions: truststoreOptions(broker.home),
    });
    const { command, arguments: words, environment } = warmLaunch(launch, broker.home.warmJvms, folder);
    const child = spawn(command, words, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    const [[code], stdout, stderr] = await Promise.all([once(child, 'exit'), text(child.stdout), text(child.stderr)]);
    const errors = `${stderr}${readFileSync(join(folder, stderrName), 'utf8')}`;
    return { code: code as number | null, seen: (objectIn(stdout) ?? {}) as Record<string, unknown>, errors };
  }

  test('signs in with the library of AWS, each with the credentials of its own role, also in a JVM that another had', {
    timeout: 6 * minutes,
  }, async () => {
    onTestFinished(async () => void (await endWarmJvms(broker.home.warmJvms, minutes)));
    const [one, other] = [deployed(enough), deployed(enough)];
    const told = (role: AccessRole) => ({
      'key told to the JVM': role.accessKeyId,
      'key in the environment of the JVM': null,
    });
    const first = await ran(one);
    expect(first.errors).not.toMatch(/Exception/);
    expect(first.seen).toMatchObject(told(one));
    const second = await ran(other);
    expect(second.seen).toMatchObject({ jvm: first.seen.jvm, rows: Number(first.seen.rows) + 1, ...told(other) });
    const third = await ran(deployed(without('WriteData')));
    expect(third.code).toBe(1);
    expect(third.errors).toContain(`TopicAuthorizationException: Not authorized to access topics: [${topic}]`);
  });
});

test('people’s own tools sign in nowhere', async () => {
  const kafka = broker.plain();
  for (const work of [describeTopic, write, read]) await work(kafka);
});

test('the certificate is made once, and its key is readable for nobody else', async () => {
  const { keystore, folder } = kafkaCertificate(broker.home);
  const before = statSync(keystore);
  await makeKafkaCertificate({ home: broker.home, folder }, '/no/java/is/asked', new AbortController().signal);
  expect(statSync(keystore)).toMatchObject({ ino: before.ino, mtimeMs: before.mtimeMs });
  expect(before.mode & 0o777).toBe(0o600);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
});

test('while nobody decides, nobody is let in, who is in already may nothing new, and both are told at once', async () => {
  const admin = await connected(broker.signedIn(deployed(enough)).admin());
  await broker.endDecisions();
  await expect(describeTopic(broker.signedIn(deployed(enough)))).rejects.toThrow(
    /The decision service of this machine cannot be asked: run "millrace up"/,
  );
  await expect(admin.fetchTopicMetadata({ topics: [topic] })).rejects.toThrow(/Topic authorization failed/);
});
