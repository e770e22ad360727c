/**
 * Finds a Java that Spark and Kafka can run on: looks in JAVA_HOME, on the PATH and in the usual places, gives its home, or throws one error that
 * names the command to install one. Called by `toolchain.mjs`.
 */
import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { SetupError } from './errors.mjs';
import { installHint } from './requirements.mjs';
import { ask } from './run.mjs';

/**
 * Spark 4.1 and Kafka 4.3 support these two. 17 comes first because it is what EMR 8.1 runs and what the tests prove; the ones between are
 * no longer maintained, and on later ones Hadoop's security calls fail.
 */
export const JAVA_SUPPORTED = [17, 21];

/**
 * @typedef {object} Java
 * @property {string} home
 * @property {string} path the `java` program in it
 * @property {number} major
 */

/**
 * The version of a Java that is installed in a folder.
 * @param {string} home
 * @returns {Java | undefined}
 */
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
 * @returns {string[]}
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
  for (const { folder, inside } of [
    { folder: '/usr/lib/jvm', inside: '' },
    { folder: '/Library/Java/JavaVirtualMachines', inside: 'Contents/Home' },
    { folder: join(homedir(), 'Library/Java/JavaVirtualMachines'), inside: 'Contents/Home' },
    { folder: join(homedir(), '.sdkman/candidates/java'), inside: '' },
  ]) {
    if (!existsSync(folder)) continue;
    for (const name of readdirSync(folder).sort()) homes.push(join(folder, name, inside));
  }
  for (const prefix of ['/opt/homebrew/opt', '/usr/local/opt', '/home/linuxbrew/.linuxbrew/opt']) {
    for (const major of JAVA_SUPPORTED) {
      homes.push(
        join(prefix, `openjdk@${major}/libexec/openjdk.jdk/Contents/Home`),
        join(prefix, `openjdk@${major}/libexec`),
      );
    }
  }
  return [...new Set(homes)];
}

/**
 * Finds a Java for Spark and Kafka: JAVA_HOME first, then the PATH, then the usual places.
 * @param {NodeJS.ProcessEnv} [environment]
 * @param {string[]} [homes]
 * @returns {Java}
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
  throw new SetupError(
    'SETUP_JAVA_MISSING',
    `Java 17 is needed for Spark and Kafka; 21 works too (${seen}). ${installHint('openjdk-17-jre-headless', 'openjdk@17')}`,
  );
}
