/** What an environment costs: one line per part that is billed, totals, and what is in no line. No file, no clock, no network. */
import type { Environment } from '../../config/environment.ts';
import { databaseOf, feedsOf, itemsOf, ownTopicsOf, sourcesOf, topicsOf } from '../../lib/declaration/flow.ts';
import { EXPRESS_BROKER, FUNCTION_MIB, WORKER_SIZE } from '../../lib/declaration/limits.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { demoRunOf, LOG_GIGABYTES, RUN_ASSUMPTIONS, STREAM_REQUESTS_AN_HOUR, TRANSITIONS } from './demo-run.ts';
import { HOURS_A_MONTH, PRICES, type Price } from './prices.ts';
import { BATCH_REQUESTS, COUNTED, JOB_REQUESTS } from './s3-requests.ts';

/** Dollars of one part, or of all: an idle day, what a demo run adds, a month with one demo run a day. */
export interface Amounts {
  readonly day: number;
  readonly run: number;
  readonly month: number;
}

export interface CostLine extends Amounts {
  /**
   * The pipeline that it is of.
   * @default none: all pipelines share it
   */
  readonly pipeline?: string;
  readonly part: string;
  /** How many units all the time, or in one demo run. */
  readonly quantity: number;
  /** How the quantity comes about. */
  readonly arithmetic: string;
  /** Whether the quantity is there every hour, is billed by the month, or is used up by one demo run. */
  readonly basis: 'hour' | 'month' | 'run';
  readonly price: Price;
}

export interface Estimate {
  readonly environment: string;
  readonly lines: readonly CostLine[];
  readonly total: Amounts;
  /** What was supposed because nobody has measured it. */
  readonly assumptions: readonly string[];
  /** Parts without a line, and why. */
  readonly leftOut: readonly string[];
}

/** Demo runs in a month, for the month's column. */
export const RUNS_A_MONTH = 30;

/** Facts of the stacks that are the same in every environment; a test compares them with the templates. */
export const STACKS = {
  zonesByDefault: 2,
  interfaceEndpoints: 1,
  databaseStorage: 20,
  // RDS' own of its password, and that of the registry's writers.
  secrets: 2,
  alarms: 2,
  hostedZones: 1,
  // Of one cluster 8, of one service 11, of one task definition 6.
  insights: 25,
  alarmsOfBrokers: 3,
  alarmsOfPipeline: 5,
  // Of dead letters there is one for each reason that occurs; one is assumed.
  metricsOfPipeline: 8,
  dashboardsOfPipeline: 1,
} as const;

const DATABASES = { micro: PRICES.databaseMicro, small: PRICES.databaseSmall, medium: PRICES.databaseMedium } as const;

/** The whole estimate: what all pipelines share, then what each of them adds. */
export function estimate(environment: Environment, pipelines: readonly Pipeline[]): Estimate {
  const lines = [
    ...sharedLines(environment),
    ...pipelines.flatMap((pipeline) => {
      const all = [linesOf, connectorLines, sourceLines, databaseLines, itemLines, feedLines, scheduleLines].flatMap(
        (lines) => lines(environment, pipeline),
      );
      return all.map((line) => ({ ...line, pipeline: pipeline.name }));
    }),
  ];
  return {
    environment: environment.name,
    lines,
    total: sumOf(lines),
    assumptions: [
      ...RUN_ASSUMPTIONS,
      `requests to S3 are not assumed but ${COUNTED}: ${BATCH_REQUESTS.writing} that write or list and ${BATCH_REQUESTS.reading} that read in a micro-batch, ${JOB_REQUESTS.writing} and ${JOB_REQUESTS.reading} in a job besides`,
      `Container Insights reports ${STACKS.insights} metrics of the registry, by AWS's example of its prices`,
      ...(pipelines.some(databaseOf)
        ? [
            `a database of a pipeline stores ${DATABASE_GIGABYTES} GB and uses ${RUN_UNITS} capacity unit during a demo run and five minutes more`,
          ]
        : []),
    ],
    leftOut: LEFT_OUT,
  };
}

/** The sum of some lines. */
export function sumOf(lines: readonly CostLine[]): Amounts {
  const sum = (of: keyof Amounts): number => lines.reduce((total, line) => total + line[of], 0);
  return { day: sum('day'), run: sum('run'), month: sum('month') };
}

/** What is there whichever pipelines there are. */
function sharedLines(environment: Environment): CostLine[] {
  const { network, registry, zones } = environment;
  const { databaseStorage: storage } = STACKS;
  const endpoints = STACKS.interfaceEndpoints + (environment.datasets ? 1 : 0);
  const zoneCount = zones?.length ?? STACKS.zonesByDefault;
  const gateways = network.exits === 'every-zone' ? zoneCount : 1;
  const cores = (registry.tasks * registry.cpu) / 1024;
  const memory = (registry.tasks * registry.memoryMiB) / 1024;
  const databases = registry.databaseMultiZone ? 2 : 1;
  const zonesText = `${zoneCount} zones`;
  const standby = registry.databaseMultiZone ? 'with a standby' : 'without a standby';
  return [
    ...brokerLines(environment),
    hourly('NAT gateways', gateways, `exits: ${network.exits}, ${zonesText}`, PRICES.natGateway),
    hourly('Their public addresses', gateways, 'one each', PRICES.publicAddress),
    hourly('Interface endpoints', endpoints * zoneCount, `${endpoints} x ${zonesText}`, PRICES.interfaceEndpoint),
    hourly('Registry on Fargate, vCPU', cores, `${registry.tasks} x ${registry.cpu / 1024}`, PRICES.fargateCore),
    hourly('Registry on Fargate, GB', memory, `${registry.tasks} x ${registry.memoryMiB / 1024}`, PRICES.fargateMemory),
    hourly('Load balancer', 1, 'one', PRICES.loadBalancer),
    hourly('Database instance', databases, `${registry.databaseSize}, ${standby}`, DATABASES[registry.databaseSize]),
    monthly('Database storage', databases * storage, `${databases} x ${storage}`, PRICES.databaseStorage),
    monthly('Passwords', STACKS.secrets, 'of database and registry', PRICES.secret),
    ...(environment.keys === 'customer' ? [monthly('Key', 1, 'of the environment', PRICES.key)] : []),
    monthly('Private zone', STACKS.hostedZones, 'one', PRICES.hostedZone),
    monthly('CloudWatch alarms', STACKS.alarms, 'of the registry', PRICES.alarm),
    monthly('Container Insights', STACKS.insights, 'metrics of the registry', PRICES.metric),
    ...warmLines(environment),
  ];
}

/** The cluster: by the hour, or by its brokers, with the metrics that their alarms look at. */
function brokerLines({ kafka }: Environment): CostLine[] {
  if (kafka !== 'express') return [hourly('MSK Serverless, cluster', 1, 'one', PRICES.kafkaCluster)];
  const { count, size } = EXPRESS_BROKER;
  const { alarmsOfBrokers: alarms } = STACKS;
  return [
    hourly('MSK Express, brokers', count, `${count} x ${size}`, PRICES.expressBroker),
    monthly('CloudWatch alarms of brokers', alarms * count, `${alarms} x ${count} brokers`, PRICES.alarm),
  ];
}

/** MSK Serverless asks for each partition; brokers have a size. */
function partitionLines({ kafka }: Environment, partitions: number, arithmetic: string): CostLine[] {
  return kafka === 'express'
    ? []
    : [hourly('MSK Serverless, partitions', partitions, arithmetic, PRICES.kafkaPartition)];
}

/** Workers that are kept after a run. */
function warmLines({ spark }: Environment): CostLine[] {
  if (!spark.warm) return [];
  const workers = [spark.warm.drivers, spark.warm.executors];
  const cores = workers.reduce((sum, { count, cores: each }) => sum + count * each, 0);
  const memory = workers.reduce((sum, { count, memory: each }) => sum + count * each, 0);
  const hours = spark.idleMinutes / 60;
  const after = `x ${spark.idleMinutes} min after the run`;
  return [
    perRun('Spark kept warm, vCPU', cores * hours, `${cores} ${after}`, PRICES.sparkCore),
    perRun('Spark kept warm, GB', memory * hours, `${memory} ${after}`, PRICES.sparkMemory),
  ];
}

/** What one pipeline adds, in every environment: as long as its stack exists, and by a demo run. */
function linesOf(environment: Environment, pipeline: Pipeline): CostLine[] {
  const topics = Object.values(topicsOf(pipeline));
  const partitions = topics.reduce((sum, { props }) => sum + props.partitions, 0);
  const { jobs, standing, requests } = demoRunOf(pipeline);
  const metrics = STACKS.metricsOfPipeline;
  const [hour, batch] = [STREAM_REQUESTS_AN_HOUR, BATCH_REQUESTS];
  return [
    ...partitionLines(environment, partitions, `of ${topics.length} topics`),
    monthly('CloudWatch alarms', STACKS.alarmsOfPipeline, 'of its executions', PRICES.alarm),
    monthly('CloudWatch dashboards', STACKS.dashboardsOfPipeline, 'one', PRICES.dashboard),
    ...standing.flatMap(({ name, cores, memory }) => [
      hourly(`Spark ${name}, vCPU`, cores, 'all day', PRICES.sparkCore),
      hourly(`Spark ${name}, GB`, memory, 'all day', PRICES.sparkMemory),
      hourly(`S3 requests of ${name}`, hour.writing, `${batch.writing} a batch`, PRICES.request),
      hourly(`S3 reads of ${name}`, hour.reading, `${batch.reading} a batch`, PRICES.readRequest),
    ]),
    ...jobs.flatMap(({ name, minutes, cores, memory }) => [
      perRun(`Spark ${name}, vCPU`, (cores * minutes) / 60, `${cores} x ${minutes} min`, PRICES.sparkCore),
      perRun(`Spark ${name}, GB`, (memory * minutes) / 60, `${memory} x ${minutes} min`, PRICES.sparkMemory),
    ]),
    perRun('S3 requests', requests.writing, 'counted', PRICES.request),
    perRun('S3 reads', requests.reading, 'counted', PRICES.readRequest),
    perRun('Step Functions', TRANSITIONS, 'assumed', PRICES.transition),
    perRun('CloudWatch metrics', metrics / HOURS_A_MONTH, `${metrics} for the hour of the run`, PRICES.metric),
    perRun('CloudWatch log lines', LOG_GIGABYTES, 'assumed', PRICES.logLines),
  ];
}

/** The worker of a pipeline's connectors, which is always there. */
function connectorLines(environment: Environment, pipeline: Pipeline): CostLine[] {
  const count = Object.keys(pipeline.connectors ?? {}).length;
  if (count === 0) return [];
  const { cpu, memoryMiB } = WORKER_SIZE;
  const of = count === 1 ? 'of one connector' : `of ${count} connectors`;
  return [
    hourly('Kafka Connect on Fargate, vCPU', cpu / 1024, of, PRICES.fargateCore),
    hourly('Kafka Connect on Fargate, GB', memoryMiB / 1024, of, PRICES.fargateMemory),
    ...partitionLines(environment, 3 + ownTopicsOf({ ...pipeline, sources: {} }).length, 'of its workers'),
    monthly('Private zone', 1, 'of its worker', PRICES.hostedZone),
    monthly('CloudWatch alarms', 2, 'of its connectors', PRICES.alarm),
    ...(Object.values(pipeline.connectors ?? {}).some(({ ownTables }) => ownTables.length > 0)
      ? [monthly('Passwords', 1, 'by which they follow its database', PRICES.secret)]
      : []),
    monthly('Container Insights', STACKS.insights, 'metrics of its worker', PRICES.metric),
  ];
}

/** The functions of a pipeline's sources, of which one runs all the time for each. */
function sourceLines(environment: Environment, pipeline: Pipeline): CostLine[] {
  const sources = Object.values(sourcesOf(pipeline));
  if (sources.length === 0) return [];
  const topics = sources.reduce((sum, { writes }) => sum + Object.keys(writes).length, 0);
  const of = sources.length === 1 ? 'of one source' : `of ${sources.length} sources`;
  return [
    hourly('Listening functions, GB', (sources.length * FUNCTION_MIB) / 1024, of, PRICES.functionMemory),
    ...partitionLines(environment, sources.length, 'of their cursors'),
    monthly('CloudWatch alarms', topics + 2 * sources.length, of, PRICES.alarm),
    monthly('CloudWatch metrics', topics + sources.length, of, PRICES.metric),
  ];
}

/** What nobody has measured: the GB of a small database, and the capacity units that a demo run takes of it. */
const DATABASE_GIGABYTES = 1;
const RUN_UNITS = 1;
/** Minutes without a connection after which a database pauses. */
const PAUSE_MINUTES = 5;

/** The database of a pipeline that has one: what it always has, or else what a run takes. */
function databaseLines({ databases }: Environment, pipeline: Pipeline): CostLine[] {
  const database = databaseOf(pipeline);
  if (!database || !databases) return [];
  const least = database.logicalReplication ? Math.max(0.5, databases.leastUnits) : databases.leastUnits;
  const instances = databases.standby ? 2 : 1;
  const minutes = demoRunOf(pipeline).jobs.reduce((sum, job) => sum + job.minutes, PAUSE_MINUTES);
  return [
    ...(least > 0
      ? [hourly('Database units', least * instances, `${instances} x ${least}, never paused`, PRICES.auroraUnit)]
      : [
          perRun(
            'Database units',
            (RUN_UNITS * minutes) / 60,
            `${RUN_UNITS} x ${minutes} min, else paused`,
            PRICES.auroraUnit,
          ),
        ]),
    monthly('Database storage of tables', DATABASE_GIGABYTES, 'assumed', PRICES.auroraStorage),
    monthly('CloudWatch alarms', database.logicalReplication ? 2 : 1, 'of its database', PRICES.alarm),
  ];
}

/** What nobody has measured: the GB of a small table of items. */
const ITEM_GIGABYTES = 1;

/** Tables of items, which cost while nobody asks what they store. */
function itemLines(_environment: Environment, pipeline: Pipeline): CostLine[] {
  const tables = Object.keys(itemsOf(pipeline)).length;
  const of = `${tables} x ${ITEM_GIGABYTES} GB, assumed; 25 GB of an account are free`;
  return tables === 0 ? [] : [monthly('Storage of items', tables * ITEM_GIGABYTES, of, PRICES.itemStorage)];
}

/** Feeds, which cost nothing while nothing changes but what tells that one is behind. */
function feedLines(_environment: Environment, pipeline: Pipeline): CostLine[] {
  const feeds = Object.keys(feedsOf(pipeline)).length;
  const of = feeds === 1 ? 'of one feed' : `of ${feeds} feeds`;
  return feeds === 0 ? [] : [monthly('CloudWatch alarms', 2 * feeds, of, PRICES.alarm)];
}

/** Schedules, which cost nothing but what tells that one was missed; starts are free up to millions a month. */
function scheduleLines(_environment: Environment, pipeline: Pipeline): CostLine[] {
  const isScheduled = Object.keys(pipeline.schedules ?? {}).length > 0;
  return isScheduled ? [monthly('CloudWatch alarms', 1, 'of its schedules', PRICES.alarm)] : [];
}

function hourly(part: string, quantity: number, arithmetic: string, price: Price): CostLine {
  const hour = quantity * price.dollars;
  return { part, quantity, arithmetic, basis: 'hour', price, day: hour * 24, run: 0, month: hour * HOURS_A_MONTH };
}

function monthly(part: string, quantity: number, arithmetic: string, price: Price): CostLine {
  const month = quantity * price.dollars;
  return { part, quantity, arithmetic, basis: 'month', price, day: (month * 24) / HOURS_A_MONTH, run: 0, month };
}

function perRun(part: string, quantity: number, arithmetic: string, price: Price): CostLine {
  const run = quantity * price.dollars;
  return { part, quantity, arithmetic, basis: 'run', price, day: 0, run, month: run * RUNS_A_MONTH };
}

const LEFT_OUT: readonly string[] = [
  'records: 0.10 USD for each GiB written to MSK Serverless, 0.05 USD for each GiB read; 0.01 USD for each GB written to MSK Express, and 0.10 USD a month for each that it keeps; the sample files are far below one',
  'data through the NAT gateway (0.045 USD a GB), mostly the image of the registry when a task starts and what sources hear, and through the endpoints (0.01 USD a GB)',
  'capacity units of the load balancer: they follow the calls, which are few; no price was looked up',
  'log lines outside demo runs (0.50 USD a GB): those of the registry, refused connections, handlers; nobody has measured how many',
  'storage in S3: job files and results are tens of MB; traffic between zones; storage of Kafka records; no reliable quantity',
  "the registry's image in ECR: half a GB at 0.10 USD a month",
  'backups of databases: free up to the size of their storage; reads and writes of Aurora (0.20 USD a million), snapshots that outlive a cluster',
  'requests to items of DynamoDB, one for each KB that is written or refused by its version and for each 4 KB that is read, and the copies by which they are restored: no price of them was looked up',
  'tables in the Glue catalog: the first million of a month, and the first million of requests, are free',
  'functions besides those that listen, DynamoDB, SNS, SQS and X-Ray: about ten thousand calls a month, cents or nothing',
  'requests to KMS, where the environment brings its own key: 0.03 USD for 10,000; a budget without actions and standard parameters cost nothing',
];
