/** What an environment is, and its checks, made before there is any resource. */
import { z } from 'zod';
import { databaseOf, datasetsOf, ownTopicsOf, peakCores, topicsOf } from '../lib/declaration/flow.ts';
import { EXPRESS_BROKER, EXPRESS_COPIES } from '../lib/declaration/limits.ts';
import type { Pipeline } from '../lib/declaration/pipeline.ts';
import { rangeProblem, rangesOverlap } from './ranges.ts';

/** Database sizes with the connections that PostgreSQL allows there by default, less those kept for administration. */
const DATABASE_CONNECTIONS = { micro: 80, small: 170, medium: 400 } as const;

/** Memory in MiB that Fargate offers for so many CPU units, from and to. */
const FARGATE_MEMORY: Readonly<Record<number, readonly [number, number]>> = {
  512: [1024, 4096],
  1024: [2048, 8192],
  2048: [4096, 16384],
};

const CERTIFICATE_ARN = /^arn:aws[a-z-]*:acm:[a-z0-9-]+:\d{12}:certificate\/[a-f0-9-]+$/;

const range = z.string().superRefine((text, context) => {
  const problem = rangeProblem(text);
  if (problem) context.addIssue({ code: 'custom', message: problem });
});

const text = (pattern: RegExp, problem: string) => z.string().regex(pattern, problem);

const workers = z.strictObject({
  count: z.int().min(1).max(100),
  cores: z.union([z.literal(1), z.literal(2), z.literal(4), z.literal(8), z.literal(16)]),
  /** GB of a worker, Spark's overhead included. */
  memory: z.int().min(2).max(120),
});

const schema = z.strictObject({
  /** Name of the stage and part of every physical name. */
  name: text(/^[a-z][a-z0-9]{1,11}$/, 'is not a name of a-z and 0-9, first a letter, 2 to 12 characters'),
  /** Account and Region; without them the templates fit every account and the CLI's own are used. */
  account: text(/^\d{12}$/, 'is not twelve digits').optional(),
  region: text(/^[a-z]{2}(-[a-z]+)+-\d$/, 'is not a Region such as eu-central-1').optional(),
  /**
   * Zones, needed with an explicit account and Region and only then; two are taken otherwise. In us-east-1 EMR
   * Serverless knows the zone ids az1, az2, az4, az5 and az6. Another set of zones replaces the Kafka cluster.
   */
  zones: z.array(z.string()).min(2, 'are fewer than two').max(3, 'are more than three').optional(),
  network: z.strictObject({
    /** Range of the VPC that holds Spark's workers, /16 to /22; every worker takes an address. */
    analytics: range,
    /** Range of the VPC that holds the registry, its database and the Lambdas. */
    services: range,
    /** Where NAT gateways stand, the registry's way to its image: in one zone for all, or in every zone. */
    exits: z.enum(['one-zone', 'every-zone']),
    /** Name of the private zone; `<environment>.millrace.internal` if left out. */
    zoneName: text(/^([a-z0-9-]+\.)+[a-z]{2,}$/, 'is not a domain name in lower case').optional(),
  }),
  spark: z.strictObject({
    /** Most vCPU that the application may use at once; the account's default quota is 16. */
    maximumCores: z.int().min(2).max(4000),
    /** Minutes without work after which the application stops. */
    idleMinutes: z.int().min(1).max(10080),
    /** Workers that are kept ready while the application is started, and cost money then; none if left out. */
    warm: z.strictObject({ drivers: workers, executors: workers }).optional(),
  }),
  registry: z.strictObject({
    tasks: z.int().min(1).max(10),
    /** Fargate units of a task: 512 is half a vCPU. */
    cpu: z.union([z.literal(512), z.literal(1024), z.literal(2048)]),
    memoryMiB: z.int().multipleOf(1024),
    /** Size of the db.t4g instance. */
    databaseSize: z.enum(['micro', 'small', 'medium']),
    /** Whether a standby of the database in another zone takes over. */
    databaseMultiZone: z.boolean(),
    /** JDBC connections of each task. */
    databaseConnections: z.int().min(2).max(50),
    /** Days for which the database can be restored to any moment. */
    backupDays: z.int().min(1).max(35),
    /** ARN of a certificate for `registry.<zoneName>`; with it, all callers use HTTPS. */
    certificateArn: text(CERTIFICATE_ARN, 'is not the ARN of a certificate').optional(),
    /** Digest of the registry's image, from the second deployment on; the release's tag, as ECR first fetched it, if left out. */
    imageDigest: text(/^sha256:[0-9a-f]{64}$/, 'is not a digest: sha256: and 64 hexadecimal digits').optional(),
  }),
  /**
   * What the brokers are: MSK Serverless, or MSK Express, three brokers in three zones (docs/decisions/0048-express-beside-serverless.md). Another
   * choice later is another cluster, without the records of the first. @default serverless
   */
  kafka: z.enum(['serverless', 'express']).optional(),
  /**
   * Whether pipelines keep datasets: a database in the Glue catalog, and the way to it, about 15 USD a month in two zones; they cannot if left out.
   */
  datasets: z.literal(true).optional(),
  /**
   * What databases of pipelines are: an Aurora cluster each, which costs by the hour of a unit (two GB of memory), about 0.12 USD, and by the GB that it
   * stores; pipelines cannot have one if left out.
   */
  databases: z
    .strictObject({
      /** Units that one has at least; at 0 it pauses after five minutes without a connection, and costs its storage only. */
      leastUnits: z.number().multipleOf(0.5).min(0).max(256),
      mostUnits: z.number().multipleOf(0.5).min(1).max(256),
      /** Whether a second instance in another zone takes over. */
      standby: z.boolean(),
      /** Days for which one can be restored to any moment. */
      backupDays: z.int().min(1).max(35),
    })
    .optional(),
  removal: z.enum(['destroy', 'retain']),
  /**
   * Whose keys encrypt data, locks, the registry's database and logs: a key that this environment makes, about 1 USD a month and 0.03 USD for
   * each 10,000 requests, or those that AWS owns if left out. Another choice later replaces the database.
   */
  keys: z.literal('customer').optional(),
  logDays: z.union([z.literal(7), z.literal(30), z.literal(90), z.literal(365)]),
  /** Who hears of alarms and of the spend limit; without it, where nothing is kept, an alarm reaches a topic without a reader. */
  alarmEmail: z.email('is not an e-mail address').optional(),
  /** US dollars a month at which the alarm topic hears of the account's bill, and at four fifths of which too. */
  monthlySpendLimit: z.int().min(1),
});

export type Environment = Readonly<z.infer<typeof schema>>;

/** Mistakes in the environments' files. */
export class EnvironmentError extends Error {
  readonly code = 'MILLRACE_ENVIRONMENT';
  readonly mistakes: readonly string[];

  constructor(mistakes: readonly string[]) {
    const count = `${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'}`;
    super(`${count} in the environments. Correct each in config/ and try again.\n  ${mistakes.join('\n  ')}`);
    this.name = 'EnvironmentError';
    this.mistakes = mistakes;
  }
}

/**
 * Checks environments with the pipelines that are to run in each.
 *
 * @throws EnvironmentError with all mistakes at once
 */
export function checkEnvironments(environments: readonly Environment[], pipelines: readonly Pipeline[]): void {
  const mistakes = environments.flatMap((environment) => {
    const shape = shapeMistakes(environment);
    // What goes together is a question to settings of the right shape only.
    return shape.length > 0 ? shape : contradictions(environment, pipelines);
  });
  const names = environments.map((environment) => Object(environment).name as unknown);
  for (const name of new Set(names.filter((each, index) => names.indexOf(each) !== index))) {
    mistakes.push(
      `${name}: is the name of two environments; got ${names.join(', ')}; allowed: a name of its own for each`,
    );
  }
  if (mistakes.length > 0) throw new EnvironmentError(mistakes);
}

function shapeMistakes(environment: Environment): string[] {
  const result = schema.safeParse(environment);
  return (result.error?.issues ?? []).map((issue) => {
    const got = issue.path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown>)?.[key], environment);
    return `${[Object(environment).name ?? 'unnamed', ...issue.path].join('.')}: ${issue.message}; got ${JSON.stringify(got)}`;
  });
}

/** Settings that are fine alone and not together. */
function contradictions(environment: Environment, pipelines: readonly Pipeline[]): string[] {
  const { name, network, spark, registry } = environment;
  const list: string[] = [];
  const refuse = (at: string, problem: string, got: unknown, allowed: string): void =>
    void list.push(`${name}.${at}: ${problem}; got ${JSON.stringify(got)}; allowed: ${allowed}`);

  const explicit = Boolean(environment.account && environment.region);
  if (Boolean(environment.account) !== Boolean(environment.region)) {
    refuse('account', 'goes with a region', [environment.account, environment.region], 'both, or neither');
  }
  if (explicit && !environment.zones) {
    refuse('zones', 'are missing beside an explicit account and region', environment.zones, 'two or three zones');
  }
  if (environment.zones && !explicit) {
    refuse('zones', 'are only used with an explicit account and region', environment.zones, 'none, or all three');
  }
  if (environment.zones && new Set(environment.zones).size !== environment.zones.length) {
    refuse('zones', 'name one twice', environment.zones, 'different zones');
  }
  if (rangesOverlap(network.analytics, network.services)) {
    refuse('network', 'has ranges that overlap', network, 'ranges without a common address, since the VPCs are peered');
  }
  if (name.startsWith('prod') && environment.removal === 'destroy') {
    refuse('removal', 'would delete the data of a production environment', environment.removal, 'retain');
  }
  if (name.startsWith('prod') && !registry.certificateArn) {
    const problem = 'is missing in a production environment, whose callers use HTTPS';
    refuse(
      'registry.certificateArn',
      problem,
      registry.certificateArn,
      'the ARN of a certificate for registry.<zoneName>',
    );
  }
  if (environment.removal === 'retain' && !environment.alarmEmail) {
    refuse('alarmEmail', 'is missing where data is kept', environment.alarmEmail, 'an address whose mail is read');
  }
  if (registry.certificateArn && (network.zoneName ?? '.internal').endsWith('.internal')) {
    const allowed = 'a domain of yours, for which a public authority signs';
    refuse('network.zoneName', 'cannot have a certificate', network.zoneName, allowed);
  }
  if (environment.kafka === 'express') {
    if (environment.zones?.length !== EXPRESS_BROKER.count) {
      const allowed = 'three zones, with account and region';
      refuse('zones', 'are not three, in each of which MSK Express has a broker', environment.zones, allowed);
    }
    const topics = pipelines.flatMap((pipeline) => [...Object.values(topicsOf(pipeline)), ...ownTopicsOf(pipeline)]);
    const partitions = topics.reduce((sum, { props }) => sum + props.partitions, 0);
    const most = Math.floor((EXPRESS_BROKER.partitions * EXPRESS_BROKER.count) / EXPRESS_COPIES);
    if (partitions > most) {
      const problem = `has ${partitions} partitions, more than its brokers are sized for`;
      refuse('kafka', problem, environment.kafka, `${most} partitions at most, or serverless`);
    }
  }
  for (const pipeline of pipelines) {
    const needed = peakCores(pipeline);
    if (needed > spark.maximumCores) {
      const problem = `is less than the ${needed} vCPU that pipeline ${pipeline.name} needs at once`;
      refuse('spark.maximumCores', problem, spark.maximumCores, `${needed} or more`);
    }
    if (!environment.databases && databaseOf(pipeline)) {
      const allowed = '{ leastUnits, mostUnits, standby, backupDays }';
      refuse('databases', `is missing for that of pipeline ${pipeline.name}`, environment.databases, allowed);
    }
    if (!environment.datasets && Object.keys(datasetsOf(pipeline)).length > 0) {
      refuse('datasets', `is missing for those that pipeline ${pipeline.name} keeps`, environment.datasets, 'true');
    }
  }
  if (spark.warm) {
    const warm = [spark.warm.drivers, spark.warm.executors].reduce((sum, each) => sum + each.count * each.cores, 0);
    if (warm > spark.maximumCores) {
      const problem = `has ${warm} vCPU, more than spark.maximumCores`;
      refuse('spark.warm', problem, spark.warm, `${spark.maximumCores} at most`);
    }
  }
  const { leastUnits = 0, mostUnits = 0 } = environment.databases ?? {};
  if (leastUnits > mostUnits) {
    refuse('databases.mostUnits', `is less than leastUnits, ${leastUnits}`, mostUnits, `${leastUnits} or more`);
  }
  const [least, most] = FARGATE_MEMORY[registry.cpu] ?? [0, Number.POSITIVE_INFINITY];
  if (registry.memoryMiB < least || registry.memoryMiB > most) {
    const allowed = `${least} to ${most} in steps of 1024`;
    refuse('registry.memoryMiB', `does not go with ${registry.cpu} units of CPU`, registry.memoryMiB, allowed);
  }
  // During a deployment the old and the new tasks run side by side.
  const connections = 2 * registry.tasks * registry.databaseConnections;
  const available = DATABASE_CONNECTIONS[registry.databaseSize];
  if (connections > available) {
    const problem = `means ${connections} connections during a deployment`;
    const allowed = `${available} of a ${registry.databaseSize} database, for old and new tasks together`;
    refuse('registry.databaseConnections', problem, registry.databaseConnections, allowed);
  }
  return list;
}
