/**
 * Brings everything that the project runs on: takes the lock files, gives the paths of the programs and archives.
 * `ensureToolchain` is called by `millrace.mjs` and `test/run.mjs` before anything else; `readToolchain` by all that starts one of them.
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isComplete, keyOf, removeLeftovers } from './cache.mjs';
import { SetupError } from './errors.mjs';
import { lock } from './exclusive.mjs';
import { buildFolder, cacheFolder, root } from './folders.mjs';
import { artifactFolder, parseLock } from './jars.mjs';
import { findJava } from './java.mjs';
import { installNodePackages, npmKey, stampPath } from './npm.mjs';
import { bootstrap, environment, whereabouts } from './python.mjs';
import { checkNode, findPython } from './requirements.mjs';
import { stopRunning } from './run.mjs';
import { placeSparkJars, sparkJarsInPlace } from './spark-jars.mjs';

/**
 * Where everything is, as absolute paths.
 * @typedef {object} Toolchain
 * @property {string} node Node 22
 * @property {string} python the interpreter of `venv`
 * @property {string} venv
 * @property {string} sparkHome
 * @property {string} java17Home home of the Java that runs Spark and Kafka
 * @property {string} java17 its program
 * @property {string} java21 the program that runs the schema registry
 * @property {string} kafkaJars folder with the class path of the broker
 * @property {string} sparkJars folder with the archives that jobs get
 * @property {string} registryHome folder with quarkus-run.jar
 */

/**
 * What build/toolchain.json holds: the toolchain, and what it depends on.
 * @typedef {Toolchain & { setUp: { key: string, folders: string[], sparkJarsSource: string, javaHome: string } }} Remembered
 *   key of all that decides the toolchain; folders of the cache that must be whole, and the one that build/spark-jars mirrors; JAVA_HOME as it was
 */

const toolchainPath = join(buildFolder, 'toolchain.json');
const LOCK_FILES = [
  'jgo.lock.toml',
  'requirements-bootstrap.lock',
  'requirements-build.lock',
  'requirements.lock',
  'requirements-dev.lock',
];

/**
 * A key of everything that decides what the toolchain is, found without starting a program.
 * @param {boolean} dev
 * @returns {string}
 */
function currentKey(dev) {
  const files = LOCK_FILES.map((name) => readFileSync(join(root, name), 'utf8'));
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
 * @returns {Toolchain | undefined}
 */
function stillValid(dev) {
  const last = remembered();
  const keys = dev ? [currentKey(true)] : [currentKey(false), currentKey(true)];
  if (last === undefined || !keys.includes(last.setUp.key)) return undefined;
  const { setUp, ...toolchain } = last;
  // Programs that we start have JAVA_HOME set to our choice; another value is a choice of the person's.
  if (![setUp.javaHome, toolchain.java17Home].includes(process.env.JAVA_HOME ?? '')) return undefined;
  const stamp = stampPath(root);
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== npmKey(root)) return undefined;
  const programs = [
    toolchain.node,
    toolchain.python,
    toolchain.java17,
    toolchain.java21,
    join(toolchain.registryHome, 'quarkus-run.jar'),
  ];
  if (!programs.every((path) => existsSync(path)) || !setUp.folders.every(isComplete)) return undefined;
  return sparkJarsInPlace(setUp.sparkJarsSource, toolchain.sparkJars) ? toolchain : undefined;
}

/**
 * Brings whatever is missing. Does nothing, in milliseconds, when nothing is.
 * @param {{ log: (line: string) => void, dev: boolean }} options log gets one line per step with the time since the start; dev adds the test tools
 * @returns {Promise<Toolchain>}
 */
export async function ensureToolchain({ log, dev }) {
  checkNode();
  const valid = stillValid(dev);
  if (valid) return valid;
  const started = performance.now();
  /** @param {string} text */
  const say = (text) => log(`set-up ${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${text}`);
  const cache = cacheFolder();
  /** @type {(() => void)[]} */
  const releases = [];
  const release = () => {
    for (const one of releases) one();
  };
  /** @param {NodeJS.Signals} signal */
  const interrupted = (signal) => {
    stopRunning();
    release();
    process.stderr.write('set-up interrupted; what was finished is kept\n');
    process.removeListener(signal, interrupted);
    process.kill(process.pid, signal);
  };
  const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
  for (const signal of signals) process.on(signal, interrupted);
  try {
    for (const folder of [buildFolder, cache]) {
      releases.push(await lock(join(folder, 'set-up.lock'), (pid) => say(`waiting for another set-up (pid ${pid})`)));
    }
    removeLeftovers(cache);
    return stillValid(dev) ?? (await install({ cache, dev, say }));
  } finally {
    for (const signal of signals) process.removeListener(signal, interrupted);
    release();
  }
}

/**
 * @param {{ cache: string, dev: boolean, say: (text: string) => void }} options
 * @returns {Promise<Toolchain>}
 */
async function install({ cache, dev, say }) {
  const python = findPython();
  const java = findJava();
  say(`Node ${process.versions.node}, Python ${python.version}, Java ${java.major}`);
  const artifacts = parseLock(readFileSync(join(root, 'jgo.lock.toml'), 'utf8'));
  /** @type {ReturnType<typeof bootstrap> | undefined} */
  let tools;
  const bootstrapped = () => {
    tools ??= bootstrap(python, cache).then((result) => {
      if (result.made) say('uv and jgo installed');
      return result;
    });
    return tools;
  };
  /**
   * @param {string} name
   * @param {string} [unpack]
   */
  const archives = (name, unpack) =>
    artifactFolder({ cache, artifacts, name, python: async () => (await bootstrapped()).python, unpack }).then(
      ({ folder, made }) => {
        if (made) say(`${name} loaded and checked`);
        return folder;
      },
    );
  const nodePackages = installNodePackages(root).then((made) => made && say('Node packages installed'));
  const pythonPackages = environment({ python, cache, dev, uv: async () => (await bootstrapped()).uv }).then(
    ({ folder, made }) => {
      if (made) say('Python packages installed');
      return folder;
    },
  );
  const steps = /** @type {const} */ ([
    pythonPackages,
    archives('kafka-jars'),
    archives('spark-jars'),
    archives('registry', 'quarkus-run.jar'),
    nodePackages,
  ]);
  // All of them come to their end before one failure is told: what was finished stays for the next try.
  await Promise.allSettled(steps);
  const [venv, kafkaJars, sparkJarsSource, registry] = await Promise.all(steps);
  const sparkJars = join(buildFolder, 'spark-jars');
  placeSparkJars(sparkJarsSource, sparkJars);
  const [sparkSubmit, java21] = whereabouts(venv);
  const toolchain = {
    node: join(root, 'node_modules', '.bin', 'node'),
    python: join(venv, 'bin', 'python'),
    venv,
    sparkHome: dirname(dirname(sparkSubmit)),
    java17Home: java.home,
    java17: java.path,
    java21,
    kafkaJars,
    sparkJars,
    registryHome: registry,
  };
  const isDev = dev || venv.includes('venv-dev-');
  remember({
    ...toolchain,
    setUp: {
      key: currentKey(isDev),
      folders: [venv, kafkaJars, sparkJarsSource, registry],
      sparkJarsSource,
      javaHome: process.env.JAVA_HOME ?? '',
    },
  });
  say('ready');
  return toolchain;
}

/** @param {Remembered} what */
function remember(what) {
  const draft = `${toolchainPath}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(what, undefined, 2)}\n`);
  renameSync(draft, toolchainPath);
}

/**
 * The toolchain that the last set-up brought.
 * @returns {Toolchain}
 */
export function readToolchain() {
  const last = remembered();
  if (last === undefined || !existsSync(last.python) || !existsSync(last.kafkaJars)) {
    throw new SetupError(
      'SETUP_NOT_DONE',
      'The set-up of this tree is missing or its cache was removed. Run: npx millrace status   (any command sets up first)',
    );
  }
  const { setUp: _, ...toolchain } = last;
  return toolchain;
}
