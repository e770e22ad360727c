/**
 * The command that runs a job on this machine: the same entry point, spec, packages and jars; `s3://` is the S3 server of this machine, or else a folder;
 * the cluster's sizes become what the machine has.
 */
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { MillraceError } from '../../tools/errors.mjs';
import type { Toolchain } from '../../tools/setup/toolchain.mjs';
import { type JobRunRequest, scratchName } from './job-run-records.ts';
import type { Launch } from './job-runs.ts';

export type SparkToolchain = Pick<Toolchain, 'python' | 'sparkHome' | 'java17Home' | 's3aJars' | 'sparkClasses'>;

export interface SparkOptions {
  readonly toolchain: SparkToolchain;
  /** `buckets` of the home. */
  readonly buckets: string;
  /** Further variables, such as the credentials of the job's role. */
  readonly variables?: Readonly<Record<string, string>>;
  /**
   * How a job reaches S3.
   *
   * @default by folders, which nobody decides about
   */
  readonly s3?: S3Options;
  /** Where the packages of the job's archive lie for this machine. @default it has none */
  readonly packages?: string;
  /** Further options for the JVM. */
  readonly javaOptions?: readonly string[];
}

/** What jobs reach as S3. */
export interface S3Options {
  /** `http://host:port` */
  readonly endpoint: string;
  /** How the job's requests call it. */
  readonly userAgent: string;
}

/** What a local process is given: a job of the sample's size never needs more, and two jobs run at once beside broker and registry. */
const heapMegabytes = Math.max(512, Math.min(1024, Math.floor(totalmem() / 1024 ** 2 / 6)));

/** Spark settings that only this machine has; they win over the job's own. */
const machineSettings: Readonly<Record<string, string>> = {
  'spark.driver.bindAddress': '127.0.0.1',
  'spark.driver.host': '127.0.0.1',
  'spark.driver.memory': `${heapMegabytes}m`,
  // Tables are found by where they lie; there is no other catalog.
  'spark.sql.catalog.datasets.type': 'hadoop',
  'spark.ui.enabled': 'false',
  'spark.ui.showConsoleProgress': 'false',
};

/** A stream goes on for longer: what it does in each batch is optimized, ten times later than Java does it by itself. */
const lateOptimizer = [
  '-XX:Tier4InvocationThreshold=50000',
  '-XX:Tier4MinInvocationThreshold=6000',
  '-XX:Tier4CompileThreshold=150000',
  '-XX:Tier4BackEdgeThreshold=400000',
];

/**
 * A job here is mostly start-up: its classes come from an archive, and the optimizing compiler, which costs more than it wins in a run of seconds, stays away.
 * EMR Serverless gets none of this.
 */
const machineJavaOptions = (classes: string, mode: JobRunRequest['mode']) => [
  '-XX:+UseSerialGC',
  ...(mode === 'STREAMING' ? lateOptimizer : ['-XX:TieredStopAtLevel=1']),
  `-XX:SharedArchiveFile=${classes}`,
  // What a JVM says of an archive that it cannot use would go to stdout, which belongs to the job's events.
  '-Xlog:disable',
  `-Dlog4j2.configurationFile=${new URL('log4j2.properties', import.meta.url).href}`,
];

/** Sizes of a cluster, meaningless in one process, and the packages of another machine. */
const clusterSettings =
  /^spark\.(executor\.(cores|memory|memoryOverhead|instances)|driver\.(cores|memoryOverhead)|dynamicAllocation\.|emr-serverless\.|archives$|executorEnv\.PYSPARK_PYTHON$)/;

/** Settings that a JVM takes when it starts, or keeps from its first context; all others are those of one context. */
const jvmSettings =
  /^spark\.(driver\.(memory|extraJavaOptions|extraClassPath)|hadoop\.(?!fs\.s3a\.user\.agent)|kafka\.)/;

/** How often a cluster tries a task (`spark.task.maxFailures`); one process tries it once unless it is told so. */
const taskAttempts = 4;

/** A command of spark-submit. */
export interface SparkLaunch extends Launch {
  /** The options among its arguments that make the JVM. */
  readonly jvm: readonly string[];
}

/** The command of one attempt of a job run; `folder` is the run's own. */
export function sparkSubmit(
  request: Pick<JobRunRequest, 'mode' | 'entryPoint' | 'entryPointArguments' | 'sparkSubmitParameters'>,
  folder: string,
  { toolchain, buckets, variables = {}, s3, packages, javaOptions = [] }: SparkOptions,
): SparkLaunch {
  const inFolder = (text: string) => text.replace(/\bs3a?:\/\/(?=[a-z0-9])/g, `${pathToFileURL(buckets).href}/`);
  const placed = s3 ? (text: string) => text : inFolder;
  const { settings, others } = parseSparkSubmitParameters(placed(request.sparkSubmitParameters));
  const kept = Object.entries(settings).filter(([name]) => !clusterSettings.test(name));
  const hasPackages = packages !== undefined && settings['spark.archives'] !== undefined;
  const scratch = join(folder, scratchName);
  mkdirSync(scratch, { recursive: true });
  // Spark splits the options of a JVM at blanks, like a shell.
  const ours = [...machineJavaOptions(toolchain.sparkClasses, request.mode), ...javaOptions].map((option) =>
    option.includes(' ') ? `"${option}"` : option,
  );
  const merged: Record<string, string> = {
    ...Object.fromEntries(kept),
    ...machineSettings,
    ...(s3 ? s3Settings(s3) : folderSettings(buckets)),
    // Of the JVM itself, which fetches a job's archives with it; so also where it is not asked for, to let jobs share JVMs and their classes.
    'spark.driver.extraClassPath': join(toolchain.s3aJars, '*'),
    ...(hasPackages ? { 'spark.executorEnv.PYTHONPATH': packages } : {}),
    'spark.local.dir': scratch,
    'spark.sql.warehouse.dir': join(folder, 'spark-warehouse'),
    'spark.driver.extraJavaOptions': [settings['spark.driver.extraJavaOptions'] ?? '', ...ours].join(' ').trim(),
  };
  const confs = Object.entries(merged).map(([name, value]) => ['--conf', `${name}=${value}`]);
  const jars = others.indexOf('--jars');
  return {
    command: join(toolchain.sparkHome, 'bin', 'spark-submit'),
    arguments: [
      ...['--master', `local[${coresOf(settings)},${taskAttempts}]`, ...others],
      ...confs.flat(),
      placed(request.entryPoint),
      ...request.entryPointArguments.map(placed),
    ],
    jvm: [
      // A JVM that waits for jobs is nobody's yet: it gets its archives without asking S3.
      ...(jars < 0 ? [] : others.slice(jars, jars + 2).map(inFolder)),
      ...confs.filter(([, setting = '']) => jvmSettings.test(setting)).flat(),
    ],
    environment: {
      HOME: process.env.HOME ?? folder,
      JAVA_HOME: toolchain.java17Home,
      LANG: 'C.UTF-8',
      PATH: process.env.PATH ?? '/usr/bin:/bin',
      PYSPARK_DRIVER_PYTHON: toolchain.python,
      PYSPARK_PYTHON: toolchain.python,
      PYTHONDONTWRITEBYTECODE: '1',
      ...(hasPackages ? { PYTHONPATH: packages } : {}),
      PYTHONUNBUFFERED: '1',
      SPARK_LAUNCHER_OPTS: '-XX:+UseSerialGC -XX:TieredStopAtLevel=1',
      SPARK_HOME: toolchain.sparkHome,
      SPARK_LOCAL_HOSTNAME: 'localhost',
      SPARK_LOCAL_IP: '127.0.0.1',
      // No setting: jobs with the same settings can share a JVM, but not a temporary folder.
      SPARK_SUBMIT_OPTS: `"-Djava.io.tmpdir=${scratch}"`,
      TMPDIR: scratch,
      ...variables,
    },
  };
}

/** Addresses of S3 that a dataset has kept from a strict run, as folders. */
function folderSettings(buckets: string): Record<string, string> {
  const names = existsSync(buckets) ? readdirSync(buckets).sort() : [];
  const mounts = names.map((name) => [
    `spark.hadoop.fs.viewfs.mounttable.${name}.linkFallback`,
    pathToFileURL(join(buckets, name)).href,
  ]);
  const view = 'org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme';
  return { 'spark.hadoop.fs.s3.impl': view, ...Object.fromEntries(mounts) };
}

/** S3A as on EMR, which has no credentials in its settings either. */
function s3Settings({ endpoint, userAgent }: S3Options): Record<string, string> {
  const fromSdk = (name: string) => `software.amazon.awssdk.auth.credentials.${name}CredentialsProvider`;
  return {
    'spark.hadoop.fs.s3.impl': 'org.apache.hadoop.fs.s3a.S3AFileSystem',
    'spark.hadoop.fs.s3a.endpoint': endpoint,
    'spark.hadoop.fs.s3a.path.style.access': 'true',
    'spark.hadoop.fs.s3a.connection.ssl.enabled': 'false',
    // A warm JVM is told its job's credentials by properties, because it cannot change its environment.
    'spark.hadoop.fs.s3a.aws.credentials.provider': [fromSdk('SystemProperty'), fromSdk('EnvironmentVariable')].join(),
    'spark.hadoop.fs.s3a.user.agent.prefix': userAgent,
    // What the deployment put into the folder has no ETag.
    'spark.hadoop.fs.s3a.change.detection.version.required': 'false',
  };
}

/**
 * Splits the text that EMR Serverless takes into `--conf` settings and all other options, with a shell's quotes.
 *
 * @throws MillraceError INVALID_SPARK_PARAMETERS
 */
export function parseSparkSubmitParameters(text: string): { settings: Record<string, string>; others: string[] } {
  const words = [...text.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g)].map(([word]) =>
    word.replace(/"([^"]*)"|'([^']*)'/g, '$1$2'),
  );
  const settings: Record<string, string> = {};
  const others: string[] = [];
  for (let index = 0; index < words.length; index += 2) {
    const [option, value] = [words[index] ?? '', words[index + 1]];
    if (!option.startsWith('--') || value === undefined) {
      throw new MillraceError(
        'INVALID_SPARK_PARAMETERS',
        `The Spark parameters of a job are pairs of an option and its value, got ${JSON.stringify(option)} with ${JSON.stringify(value)}.`,
      );
    }
    const equals = value.indexOf('=');
    if (option === '--conf' && equals > 0) settings[value.slice(0, equals)] = value.slice(equals + 1);
    else others.push(option, value);
  }
  return { settings, others };
}

/** As many threads as the executors would have cores, within the machine; two at least, because a stream's source and sink share them. */
function coresOf(settings: Record<string, string>): number {
  const number = (name: string) => Number(settings[name] ?? 1) || 1;
  const wanted = number('spark.executor.cores') * number('spark.executor.instances');
  return Math.max(2, Math.min(wanted, availableParallelism()));
}
