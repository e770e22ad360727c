/** A broker and a decision service of a test's own, with roles that the test makes up. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js';
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { type Home, millraceHome } from '../../../local/home.ts';
import { type AccessRole, type Credentials, writeAccess } from '../../../local/iam/access.ts';
import { kafkaCertificate } from '../../../local/iam/kafka-certificate.ts';
import { iam } from '../../../local/services/iam.ts';
import { kafka } from '../../../local/services/kafka.ts';
import { launch, waitUntilReady } from '../../../local/services/launch.ts';
import { nextFreePort } from '../../../local/services/ports.ts';
import { endProcess } from '../../../local/services/process.ts';
import { agreeOnData } from '../../../local/services/service-files.ts';
import type { FixedName, Ports, ServiceDefinition } from '../../../local/services/types.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';

const region = 'us-east-1';
const account = '000000000000';
const cluster = 'test/00000000-0000-0000-0000-000000000000-s1';
export const clusterArn = `arn:aws:kafka:${region}:${account}:cluster/${cluster}`;
/** The ARN of a topic or group. */
export const arnOf = (kind: 'topic' | 'group', name: string) =>
  `arn:aws:kafka:${region}:${account}:${kind}/${cluster}/${name}`;

/** Actions of MSK without their prefix, by what they may be done to. */
export type Grants = Readonly<Record<string, readonly string[]>>;

/** Makes up a role. */
export function roleOf(name: string, grants: Grants): AccessRole {
  const statements = Object.entries(grants).filter(([, actions]) => actions.length > 0);
  const Statement = statements.map(([Resource, actions]) => ({
    Effect: 'Allow',
    Action: actions.map((action) => `kafka-cluster:${action}`),
    Resource,
  }));
  return {
    arn: `arn:aws:iam::${account}:role/${name}`,
    name,
    stack: 'test',
    logicalId: name,
    accessKeyId: `ASIA${randomBytes(8).toString('hex').toUpperCase()}`,
    secretAccessKey: randomBytes(30).toString('base64'),
    // All that has a meaning in a query.
    sessionToken: `${randomBytes(60).toString('base64')}+/=& %~*`,
    trust: { Version: '2012-10-17', Statement: [] },
    policies: [{ name: `${name}Policy`, document: { Version: '2012-10-17', Statement } }],
  };
}

/** Tokens as the signer of the handlers makes them. */
export async function tokenOf(credentials: Credentials): Promise<string> {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const { token } = await generateAuthTokenFromCredentialsProvider({
    region,
    awsCredentialsProvider: async () => ({ accessKeyId, secretAccessKey, sessionToken }),
  });
  return token;
}

export class TestBroker {
  readonly home: Home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-iam-')));
  readonly toolchain = readToolchain();
  private readonly processes: (() => Promise<unknown>)[] = [];
  private roles: readonly AccessRole[] = [];
  private ports: Readonly<Record<FixedName, Ports>> = {
    iam: {},
    kafka: {},
    registry: {},
    s3: {},
    postgres: {},
    dynamodb: {},
  };

  async start(broker: ServiceDefinition = kafka): Promise<void> {
    this.deploy();
    agreeOnData(this.home, ['kafka']);
    await this.choosePorts(iam, broker);
    await this.run(iam);
    await this.run(broker);
  }

  /** Starts another service beside the broker, and gives its ports. */
  async startMore(definition: ServiceDefinition): Promise<Ports> {
    await this.choosePorts(definition);
    await this.run(definition);
    return this.ports[definition.name as FixedName];
  }

  private async choosePorts(...definitions: readonly ServiceDefinition[]): Promise<void> {
    const first = 21_000 + Math.floor(Math.random() * 9_000);
    const taken = new Set(Object.values(this.ports).flatMap((ports) => Object.values(ports)));
    for (const definition of definitions) {
      for (const [index, { name }] of definition.ports.entries()) {
        const port = await nextFreePort(first + taken.size + index, taken);
        taken.add(port);
        const known = definition.name as FixedName;
        this.ports = { ...this.ports, [known]: { ...this.ports[known], [name]: port } };
      }
    }
  }

  /** What may be done from now on is what these roles may do, and nothing else. */
  deploy(...roles: readonly AccessRole[]): void {
    this.roles = [...this.roles.filter(({ name }) => !roles.some((role) => role.name === name)), ...roles];
    writeAccess(this.home, { roles: this.roles, resources: [], endpoints: [], kafkaCluster: clusterArn });
  }

  get iamServers(): string {
    return `127.0.0.1:${this.ports.kafka.iam}`;
  }

  /** The plain listener. */
  get plainServers(): string {
    return `127.0.0.1:${this.ports.kafka.broker}`;
  }

  /** A client on the plain listener, as people's own tools are. */
  plain(): Kafka {
    return new Kafka({ brokers: [this.plainServers], logLevel: logLevel.NOTHING });
  }

  /** A client like that of the handlers. */
  signedIn(credentials: Credentials, token = tokenOf): Kafka {
    const ssl: KafkaConfig['ssl'] = { ca: readFileSync(kafkaCertificate(this.home).certificate) };
    const oauthBearerProvider = async () => ({ value: await token(credentials) });
    return new Kafka({
      brokers: [this.iamServers],
      logLevel: logLevel.NOTHING,
      ssl,
      sasl: { mechanism: 'oauthbearer', oauthBearerProvider },
      // The first handshake of a JVM takes its time, and so does the first group of a broker.
      connectionTimeout: 10_000,
      retry: { retries: 5 },
    });
  }

  /** `action on resource` of what was denied to a role. */
  denialsOf({ name }: AccessRole): string[] {
    const lines = readFileSync(join(this.home.iam, 'decisions.jsonl'), 'utf8').trim().split('\n');
    const decisions = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const denied = decisions.filter((each) => each.role === name && each.allowed === false);
    return denied.map(({ action, resource }) => `${action} on ${resource}`);
  }

  /** Ends the decision service, and leaves the broker alone. */
  async endDecisions(): Promise<void> {
    await this.processes.shift()?.();
  }

  async stop(): Promise<void> {
    for (const end of this.processes.toReversed()) await end();
    rmSync(this.home.root, { recursive: true, force: true });
  }

  private async run(definition: ServiceDefinition): Promise<void> {
    mkdirSync(join(this.home.services, definition.name), { recursive: true });
    const { signal } = new AbortController();
    const launched = await launch(
      this.home,
      this.toolchain,
      definition,
      this.ports[definition.name as FixedName],
      this.ports,
      signal,
    );
    this.processes.push(() => endProcess(launched.identity, definition.stopWithinMs));
    await waitUntilReady(definition, launched, signal);
  }
}
