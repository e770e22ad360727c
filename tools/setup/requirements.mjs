/** Finds Node, Python and Java on the machine. What is missing is one error with the command that installs it. */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { MillraceError } from '../errors.mjs';
import { ask } from '../processes.mjs';

export const NODE_FLOOR = 20;
export const PYTHON_FLOOR = [3, 11];
/** Newer ones are tried only when there is none of these, because the pinned packages may have no build for them yet. */
const PYTHON_TRIED = ['python3', 'python3.13', 'python3.12', 'python3.11', 'python3.14', 'python'];
const PYTHON_KNOWN_MINOR = 14;

/**
 * @param {string} debian names of packages
 * @param {string} homebrew
 * @param {NodeJS.Platform} [platform]
 */
export function installHint(debian, homebrew, platform = process.platform) {
  if (platform === 'darwin') return `Install it with: brew install ${homebrew}`;
  return `Install it with: sudo apt-get install ${debian}   (Debian, Ubuntu; on macOS: brew install ${homebrew})`;
}

/**
 * @param {string} [version] as in process.versions.node
 * @throws {MillraceError} SETUP_NODE_TOO_OLD
 */
export function checkNode(version = process.versions.node) {
  if (Number.parseInt(version, 10) >= NODE_FLOOR) return;
  throw new MillraceError(
    'SETUP_NODE_TOO_OLD',
    `Node ${NODE_FLOOR} or newer is needed, this is ${version}. ${installHint('nodejs npm', 'node@22')}\nWhere that one is older too, get it from nodejs.org or a version manager.`,
  );
}

/**
 * @typedef {object} Python
 * @property {string} path the interpreter that environments are made from
 * @property {string} version such as 3.11.7
 */

/**
 * Finds a Python that is new enough and can make environments.
 * @param {string[]} [candidates] names or paths, in order of preference
 * @returns {Python}
 * @throws {MillraceError} SETUP_PYTHON_VENV_MISSING or SETUP_PYTHON_MISSING
 */
export function findPython(candidates = PYTHON_TRIED) {
  /** @type {string[]} */
  const seen = [];
  /** @type {Python | undefined} */
  let newer;
  let withoutVenv = '';
  for (const name of candidates) {
    const question =
      'import sys, importlib.util as u; print(sys.executable, "%d.%d.%d" % sys.version_info[:3], bool(u.find_spec("venv") and u.find_spec("ensurepip")), sep="\\n")';
    const [path, version, venv] = (ask(name, ['-c', question]) ?? '').split('\n');
    if (!path || !version) continue;
    seen.push(`${name} is ${version}`);
    const [major = 0, minor = 0] = version.split('.').map(Number);
    if (major !== PYTHON_FLOOR[0] || minor < (PYTHON_FLOOR[1] ?? 0)) continue;
    if (venv !== 'True') {
      withoutVenv ||= `${major}.${minor}`;
      continue;
    }
    if (minor <= PYTHON_KNOWN_MINOR) return { path, version };
    newer ??= { path, version };
  }
  if (newer) return newer;
  if (withoutVenv) {
    const hint = installHint(`python3-venv python${withoutVenv}-venv`, `python@${withoutVenv}`);
    throw new MillraceError(
      'SETUP_PYTHON_VENV_MISSING',
      `Python ${withoutVenv} is here, but without its venv module. ${hint}`,
    );
  }
  const hint = installHint('python3 python3-venv', 'python@3.12');
  throw new MillraceError(
    'SETUP_PYTHON_MISSING',
    `Python ${PYTHON_FLOOR.join('.')} or newer is needed (${seen.join(', ') || 'none was found on the PATH'}). ${hint}`,
  );
}

/**
 * Spark 4.1 and Kafka 4.3 support these two. 17 comes first because it is what EMR 8.1 runs and what the tests prove;
 * the ones between are no longer maintained, and on later ones Hadoop's security calls fail.
 */
export const JAVA_SUPPORTED = [17, 21];

/** @param {string} home the folder of a Java that may be there */
function javaIn(home) {
  const path = join(home, 'bin', 'java');
  if (!existsSync(path)) return undefined;
  const release = join(home, 'release');
  const text = existsSync(release) ? readFileSync(release, 'utf8') : (ask(path, ['-version']) ?? '');
  const major = /(?:JAVA_VERSION=|version )"(?:1\.)?(\d+)/.exec(text)?.[1];
  return major === undefined ? undefined : { home, path, major: Number(major) };
}

/**
 * Folders in which a Java may be installed, in order of preference.
 * @param {NodeJS.ProcessEnv} environment
 */
function javaHomes(environment) {
  const homes = environment.JAVA_HOME ? [environment.JAVA_HOME] : [];
  for (const folder of (environment.PATH ?? '').split(':')) {
    const path = join(folder, 'java');
    if (!folder || !existsSync(path)) continue;
    // The `java` on a PATH is often a link or a small script of a version manager: Java itself knows where it lives.
    const linked = dirname(dirname(realpathSync(path)));
    const told = existsSync(join(linked, 'release'))
      ? linked
      : /java\.home = (.+)/.exec(ask(path, ['-XshowSettings:properties', '-version']) ?? '')?.[1];
    if (told) homes.push(told);
  }
  const mac = 'Library/Java/JavaVirtualMachines';
  const sdkman = join(homedir(), '.sdkman/candidates/java');
  for (const folder of ['/usr/lib/jvm', join('/', mac), join(homedir(), mac), sdkman]) {
    const inside = folder.endsWith(mac) ? 'Contents/Home' : '';
    const names = existsSync(folder) ? readdirSync(folder).sort() : [];
    for (const name of names) homes.push(join(folder, name, inside));
  }
  for (const prefix of ['/opt/homebrew/opt', '/usr/local/opt', '/home/linuxbrew/.linuxbrew/opt']) {
    for (const home of JAVA_SUPPORTED.map((major) => join(prefix, `openjdk@${major}/libexec`))) {
      homes.push(join(home, 'openjdk.jdk/Contents/Home'), home);
    }
  }
  return [...new Set(homes)];
}

/**
 * Finds a Java for Spark and Kafka: JAVA_HOME first, then the PATH, then the usual places.
 * @param {NodeJS.ProcessEnv} [environment]
 * @param {string[]} [homes]
 * @throws {MillraceError} SETUP_JAVA_MISSING
 */
export function findJava(environment = process.env, homes = javaHomes(environment)) {
  const found = homes.map(javaIn).filter((java) => java !== undefined);
  /** @type {string[]} */
  const refused = [];
  for (const wanted of JAVA_SUPPORTED) {
    for (const java of found.filter(({ major }) => major === wanted)) {
      // Spark starts Java with this module; reduced runtimes lack it.
      if (ask(java.path, ['--add-modules', 'jdk.incubator.vector', '-version']) !== undefined) return java;
      refused.push(`${java.home} is a reduced Java ${java.major} without the module jdk.incubator.vector`);
    }
  }
  const others = found
    .filter(({ major }) => !JAVA_SUPPORTED.includes(major))
    .map((java) => `${java.home} is Java ${java.major}`);
  const seen = [...refused, ...others].join('; ') || 'none was found in JAVA_HOME, on the PATH or in the usual places';
  throw new MillraceError(
    'SETUP_JAVA_MISSING',
    `Java 17 is needed for Spark and Kafka; 21 works too (${seen}). ${installHint('openjdk-17-jre-headless', 'openjdk@17')}`,
  );
}
