/** Everything that the project runs on: the programs and archives that the lock files name. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MillraceError } from '../errors.mjs';
import { writeJson } from '../files.mjs';
import { acquireLock } from '../lock.mjs';
import { isComplete, keyOf, removeLeftovers } from './cache.mjs';
import { archiveOf, compiled, sourcesIn } from './compile.mjs';
import { buildFolder, cacheFolder, root } from './folders.mjs';
import { artifactFolder, jarsInPlace, parseLock, placeJars } from './jars.mjs';
import { hasStamp, installNodePackages } from './npm.mjs';
import { placePackages, pythonPackages, requirementsOf } from './packages.mjs';
import { BOOTSTRAP_LOCK, bootstrap, environment, PROJECT_LOCK, whereabouts } from './python.mjs';
import { checkNode, findJava, findPython } from './requirements.mjs';
import { stopRunning } from './run.mjs';
import { kafkaClasses, registryClasses } from './service-classes.mjs';
import { archiveIn, sparkClasses, sources as sparkClassesSources } from './spark-classes.mjs';

/**
 * @typedef {object} Toolchain absolute paths
 * @property {string} node Node 22
 * @property {string} python the interpreter of `venv`
 * @property {string} venv
 * @property {string} sparkHome
 * @property {string} java17Home home of the Java that runs Spark and Kafka
 * @property {string} java17 its program
 * @property {string} java21 the program that runs the schema registry
 * @property {string} kafkaJars folder with the class path of the broker
 * @property {string} kafkaIam archive with our own classes for the broker
 * @property {string} kafkaClasses archive of the classes that the broker loads
 * @property {string} sparkJars folder with the archives that jobs get
 * @property {string} icebergJars folder with the archives that jobs get which use a dataset
 * @property {string} postgresJars folder with the archives that jobs get which use a table
 * @property {string} connectJars folder with the class path of workers of Kafka Connect
 * @property {string} debeziumPostgresJars folder with their plugin for changes of PostgreSQL
 * @property {string} icebergSinkJars folder with their plugin that writes datasets
 * @property {string} icebergSinkClasses folder with the archive of our own part of it
 * @property {string} sparkClasses archive of the classes that jobs load
 * @property {string} registryHome folder with quarkus-run.jar
 * @property {string} registryClasses archive of the classes that the registry loads
 * @property {string} dynamodbJars folder with DynamoDB Local
 * @property {string} dynamodbServer archive with our own class that runs it
 * @property {string} postgresHome folder with the programs of PostgreSQL
 * @property {string} s3Jars folder with the S3 server
 * @property {string} s3aJars folder with S3A, and the SDK that the S3 server shares with it
 */

/**
 * What the toolchain depends on: a key of all that decides it, folders of the cache that must be whole, those that
 * folders of build mirror, JAVA_HOME as it was.
 * @typedef {{ key: string, folders: string[], mirrored: Record<Mirrored, string>, javaHome: string }} SetUp
 */

/** @typedef {Toolchain & { setUp: SetUp }} Remembered what build/toolchain.json holds */

/** Archives of jobs and connectors, in folders of build from which the synthesis takes them. */
const MIRRORED = /** @type {const} */ ({
  sparkJars: 'spark-jars',
  icebergJars: 'iceberg-jars',
  postgresJars: 'postgres-jars',
  connectJars: 'connect-jars',
  debeziumPostgresJars: 'debezium-postgres-jars',
  icebergSinkJars: 'iceberg-sink-jars',
  icebergSinkClasses: 'iceberg-sink-classes',
});
/** @typedef {keyof typeof MIRRORED} Mirrored */
const mirroredNames = /** @type {Mirrored[]} */ (Object.keys(MIRRORED));

const toolchainPath = join(buildFolder, 'toolchain.json');
const LOCK_FILES = ['jgo.lock.toml', BOOTSTRAP_LOCK, PROJECT_LOCK];
const kafkaIamSources = join(root, 'local', 'iam', 'kafka');
const icebergSinkSources = join(root, 'connect', 'iceberg-sink');
const dynamodbSources = join(root, 'local', 'services', 'dynamodb');

/** @param {boolean} dev */
function currentKey(dev) {
  const locks = LOCK_FILES.map((name) => join(root, name));
  const ours = [kafkaIamSources, icebergSinkSources, dynamodbSources].flatMap((folder) => sourcesIn(folder));
  const sources = [...ours, ...sparkClassesSources];
  // This file too: a tree that was brought up to date may know of more programs than its last set-up.
  const read = [...locks, ...Object.values(requirementsOf()), ...sources, fileURLToPath(import.meta.url)];
  const files = read.map((path) => readFileSync(path, 'utf8'));
  const places = [root, cacheFolder(), process.platform, process.arch];
  return keyOf(dev ? 'dev' : 'run', ...places, ...files);
}

/** @returns {Remembered | undefined} */
function remembered() {
  try {
    /** @type {Partial<Remembered>} */
    const last = JSON.parse(readFileSync(toolchainPath, 'utf8'));
    return last.setUp && /** @type {Remembered} */ (last);
  } catch {
    return undefined;
  }
}

/**
 * The toolchain of the last set-up, if it still holds. Starts no program and asks no network.
 * @param {boolean} dev
 */
function stillValid(dev) {
  const last = remembered();
  const keys = dev ? [currentKey(true)] : [currentKey(false), currentKey(true)];
  if (last === undefined || !keys.includes(last.setUp.key)) return undefined;
  const { setUp, ...toolchain } = last;
  // Programs that we start have JAVA_HOME set to our choice; another value is a choice of the person's.
  if (![setUp.javaHome, toolchain.java17Home].includes(process.env.JAVA_HOME ?? '')) return undefined;
  if (!hasStamp(root)) return undefined;
  const { node, python, java17, java21, registryHome } = toolchain;
  const programs = [node, python, java17, java21, join(registryHome, 'quarkus-run.jar')];
  if (!programs.every((path) => existsSync(path)) || !setUp.folders.every((folder) => isComplete(folder)))
    return undefined;
  const inPlace = (/** @type {Mirrored} */ name) => jarsInPlace(setUp.mirrored[name], toolchain[name]);
  return mirroredNames.every(inPlace) ? toolchain : undefined;
}

/**
 * Brings whatever is missing. Does nothing, in milliseconds, when nothing is.
 * @param {{ log: (line: string) => void, dev: boolean }} options log gets one line per step with the time since the
 *   start; dev adds the test tools
 */
export async function ensureToolchain({ log, dev }) {
  checkNode();
  const valid = stillValid(dev);
  if (valid) return valid;
  const started = performance.now();
  /** @param {string} text */
  const say = (text) => log(`set-up ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  const onWait = (/** @type {number} */ pid) => say(`waiting for another set-up (pid ${pid})`);
  const cache = cacheFolder();
  /** @type {(() => void)[]} */
  const releases = [];
  /** @param {NodeJS.Signals} signal */
  const interrupted = (signal) => {
    stopRunning();
    for (const release of releases) release();
    process.stderr.write('set-up interrupted; what was finished is kept\n');
    process.removeListener(signal, interrupted);
    process.kill(process.pid, signal);
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, interrupted);
  try {
    for (const folder of [buildFolder, cache]) {
      releases.push(await acquireLock(join(folder, 'set-up.lock'), { onWait }));
    }
    removeLeftovers(cache);
    return stillValid(dev) ?? (await install({ cache, dev, say }));
  } finally {
    for (const signal of signals) process.removeListener(signal, interrupted);
    for (const release of releases) release();
  }
}

/** @param {{ cache: string, dev: boolean, say: (text: string) => void }} options */
async function install({ cache, dev, say }) {
  const python = findPython();
  const java = findJava();
  say(`Node ${process.versions.node}, Python ${python.version}, Java ${java.major}`);
  const artifacts = parseLock(readFileSync(join(root, 'jgo.lock.toml'), 'utf8'));
  /**
   * @param {Promise<{ folder: string, made: boolean }>} step
   * @param {string} done
   */
  const told = async (step, done) => {
    const { folder, made } = await step;
    if (made) say(done);
    return folder;
  };
  /** @type {ReturnType<typeof bootstrap> | undefined} */
  let tools;
  const bootstrapped = () => {
    tools ??= bootstrap(python, cache).then((result) => {
      if (result.made) say('uv and jgo installed');
      return result;
    });
    return tools;
  };
  const uv = async () => (await bootstrapped()).uv;
  /**
   * @param {string} name
   * @param {string} [unpack]
   */
  const archives = (name, unpack) => {
    const interpreter = async () => (await bootstrapped()).python;
    return told(artifactFolder({ cache, artifacts, name, python: interpreter, unpack }), `${name} loaded and checked`);
  };
  const kafkaJarsLoaded = archives('kafka-jars');
  const connectJarsLoaded = archives('connect-jars');
  const icebergSinkLoaded = archives('iceberg-sink-jars');
  const compilerLoaded = archives('compiler');
  const broker = async () => {
    const [kafkaJars, compiler] = await Promise.all([kafkaJarsLoaded, compilerLoaded]);
    const program = (await bootstrapped()).python;
    const compiling = { sources: kafkaIamSources, classPath: [kafkaJars], compiler, java: java.path, python: program };
    const iam = await compiled({ cache, name: 'kafka-iam', ...compiling });
    const kafkaIam = archiveOf(iam.folder);
    const classes = await kafkaClasses({ cache, java, kafkaJars, kafkaIam });
    if (classes.made) say("the broker's plug-ins compiled, its classes archived");
    return { kafkaIam, folders: [iam.folder, classes.folder], kafkaClasses: archiveIn(classes.folder) };
  };
  const sinkClasses = async () => {
    const [compiler, ...classPath] = await Promise.all([compilerLoaded, connectJarsLoaded, icebergSinkLoaded]);
    const program = (await bootstrapped()).python;
    const compiling = { sources: icebergSinkSources, classPath, compiler, java: java.path, python: program };
    return told(compiled({ cache, name: 'iceberg-sink', ...compiling }), "the sink's own part compiled");
  };
  const dynamodbJarsLoaded = archives('dynamodb-jars');
  const dynamodb = async () => {
    const [dynamodbJars, compiler] = await Promise.all([dynamodbJarsLoaded, compilerLoaded]);
    const program = (await bootstrapped()).python;
    const from = { sources: dynamodbSources, classPath: [dynamodbJars] };
    const compiling = { ...from, compiler, java: java.path, python: program };
    const { folder, made } = await compiled({ cache, name: 'dynamodb-server', ...compiling });
    if (made) say('what runs DynamoDB Local compiled');
    return { dynamodbServer: archiveOf(folder), folders: [dynamodbJars, folder], dynamodbJars };
  };
  const steps = /** @type {const} */ ([
    told(environment({ python, cache, dev, uv }), 'Python packages installed'),
    kafkaJarsLoaded,
    archives('spark-jars'),
    archives('iceberg-jars'),
    archives('postgres-jars'),
    connectJarsLoaded,
    archives('debezium-postgres-jars'),
    icebergSinkLoaded,
    sinkClasses(),
    archives(`postgres-${process.platform}-${process.arch}`, join('bin', 'postgres')),
    archives('registry', 'quarkus-run.jar'),
    archives('s3-jars'),
    archives('s3a-jars'),
    broker(),
    dynamodb(),
    installNodePackages(root).then((made) => made && say('Node packages installed')),
    compilerLoaded,
  ]);
  // All of them come to their end before one failure is told: what was finished stays for the next try.
  await Promise.allSettled(steps);
  const [venv, kafkaJars, sparkJarsSource, icebergJars, postgresJars, ...rest] = await Promise.all(steps);
  const [connectJars, debeziumPostgresJars, icebergSinkJars, icebergSinkClasses, ...others] = rest;
  const [postgresHome, registry, s3Jars, s3aJars, kafka, items] = others;
  const packages = Object.entries(requirementsOf()).map(async ([pipeline, file]) => {
    const options = { cache, pipeline, file, venv, tools: await bootstrapped() };
    const made = await told(pythonPackages(options), `Python packages of ${pipeline} installed`);
    placePackages(made, pipeline, file);
    return made;
  });
  const [sparkSubmit, java21] = whereabouts(venv);
  const sparkHome = dirname(dirname(sparkSubmit));
  const more = /** @type {const} */ ([
    told(registryClasses({ cache, java21, registryHome: registry }), "the registry's classes archived"),
    told(
      sparkClasses({
        cache,
        java,
        python: join(venv, 'bin', 'python'),
        sparkHome,
        sparkJars: sparkJarsSource,
        s3aJars,
      }),
      "Spark's classes archived",
    ),
  ]);
  await Promise.allSettled([...packages, ...more]);
  const packaged = await Promise.all(packages);
  const [registryFolder, sparkFolder] = await Promise.all(more);
  const ofConnect = { connectJars, debeziumPostgresJars, icebergSinkJars, icebergSinkClasses };
  const mirrored = { sparkJars: sparkJarsSource, icebergJars, postgresJars, ...ofConnect };
  const placed = { ...mirrored };
  for (const name of mirroredNames) {
    placed[name] = join(buildFolder, MIRRORED[name]);
    placeJars(mirrored[name], placed[name]);
  }
  const toolchain = {
    node: join(root, 'node_modules', '.bin', 'node'),
    python: join(venv, 'bin', 'python'),
    venv,
    sparkHome,
    java17Home: java.home,
    java17: java.path,
    java21,
    kafkaJars,
    kafkaIam: kafka.kafkaIam,
    kafkaClasses: kafka.kafkaClasses,
    ...placed,
    dynamodbJars: items.dynamodbJars,
    dynamodbServer: items.dynamodbServer,
    postgresHome,
    sparkClasses: archiveIn(sparkFolder),
    registryHome: registry,
    registryClasses: archiveIn(registryFolder),
    s3Jars,
    s3aJars,
  };
  const loaded = [venv, kafkaJars, ...Object.values(mirrored), postgresHome, registry, s3Jars, s3aJars];
  const folders = [...loaded, ...kafka.folders, ...items.folders, registryFolder, sparkFolder, ...packaged];
  const key = currentKey(dev || venv.includes('venv-dev-'));
  /** @type {SetUp} */
  const setUp = { key, folders, mirrored, javaHome: process.env.JAVA_HOME ?? '' };
  writeJson(toolchainPath, { ...toolchain, setUp });
  say('ready');
  return toolchain;
}

/** How the last set-up is now: whether it holds, and which folders of the cache are gone or not whole. */
export function setUpState() {
  const holds = stillValid(false) !== undefined;
  return {
    holds,
    damaged: remembered()?.setUp.folders.filter((folder) => !isComplete(folder, { thoroughly: true })) ?? [],
  };
}

/** What the set-up has made. @throws {MillraceError} SETUP_NOT_DONE */
export function readToolchain() {
  const last = remembered();
  if (last === undefined || !existsSync(last.python) || !existsSync(last.kafkaJars)) {
    throw new MillraceError(
      'SETUP_NOT_DONE',
      'The set-up of this tree is missing or its cache was removed. Run: npx millrace status   (any command sets up first)',
    );
  }
  const { setUp: _, ...toolchain } = last;
  return toolchain;
}
