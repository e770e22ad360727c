/**
 * Third-party Python packages of a pipeline's jobs, from the `requirements.txt` beside its entry points: an archive for EMR Serverless, and the same
 * versions as a folder for this machine. Wheels only, each with a hash: nothing is built, so that the archive is the same wherever it is made.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { MillraceError, messageOf } from '../errors.mjs';
import { linkOrCopy } from '../files.mjs';
import { cached, keyOf } from './cache.mjs';
import { buildFolder, root } from './folders.mjs';
import { run } from './run.mjs';

/** The workers of EMR Serverless: Amazon Linux 2023 on ARM64, and the oldest Python of the release that the local run has too. */
const TARGET = { platform: 'aarch64-manylinux_2_34', python: '3.11' };

const packer = join(root, 'tools', 'setup', 'pack.py');
/** An asset keeps the last ending only, and by that Spark knows how to unpack it. */
const ARCHIVE = 'environment.tgz';
const LOCAL = 'local';

/** Where the packages of each pipeline are put, for the synthesis and for the local run. */
const packagesFolder = join(buildFolder, 'python-packages');

/**
 * Where the packages of a pipeline lie for this machine.
 * @param {string} pipeline
 * @param {string} [packages]
 */
export const localPackages = (pipeline, packages = packagesFolder) => join(packages, pipeline, LOCAL);

/**
 * The `requirements.txt` of each pipeline that has one, by the pipeline's name.
 * @param {string} [jobs]
 * @returns {Record<string, string>}
 */
export function requirementsOf(jobs = join(root, 'jobs', 'pyspark')) {
  const files = readdirSync(jobs).map((name) => /** @type {const} */ ([name, join(jobs, name, 'requirements.txt')]));
  return Object.fromEntries(files.filter(([, file]) => existsSync(file)));
}

/**
 * The finished packages of a pipeline: the archive, and the folder for this machine.
 * @param {{ cache: string, pipeline: string, file: string, venv: string, tools: { python: string, uv: string } }} options
 * @throws {MillraceError} PYTHON_PACKAGES
 */
export async function pythonPackages({ cache, pipeline, file, venv, tools }) {
  const key = keyOf(readFileSync(file, 'utf8'), ...Object.values(TARGET), venv, tools.uv, readFileSync(packer, 'utf8'));
  return cached(cache, `packages-${pipeline}-${key}`, async (aside) => {
    /**
     * @param {string} folder
     * @param {string[]} target
     * @param {string} where
     */
    const install = async (folder, target, where) => {
      const what = `installing the Python packages of pipeline ${pipeline} for ${where}`;
      const wheels = ['--only-binary', ':all:', '--require-hashes', '--requirements', file];
      const settings = { UV_CACHE_DIR: join(cache, 'uv'), UV_PYTHON_DOWNLOADS: 'never', VIRTUAL_ENV: undefined };
      try {
        const args = ['pip', 'install', '--quiet', '--target', join(aside, folder), ...target, ...wheels];
        await run(tools.uv, args, { what, environment: settings });
      } catch (error) {
        throw new MillraceError(
          'PYTHON_PACKAGES',
          `${messageOf(error)}\nEach package in ${file}, and each that it needs, has to be there with a version, a hash and a wheel for ${where}. Leave out what has none, and write the file anew with: uv pip compile --universal --generate-hashes`,
        );
      }
      rmSync(join(aside, folder, '.lock'), { force: true });
    };
    const { platform, python } = TARGET;
    await install(
      'aws',
      ['--python-platform', platform, '--python-version', python],
      `EMR Serverless (${platform}, Python ${python})`,
    );
    const archive = join(aside, ARCHIVE);
    await run(tools.python, [packer, join(aside, 'aws'), archive, python], { what: 'packing Python packages' });
    rmSync(join(aside, 'aws'), { recursive: true });
    await install(LOCAL, ['--python', join(venv, 'bin', 'python')], 'this machine');
    return [ARCHIVE];
  });
}

/**
 * Puts the archive and the requirements that it was made from where the synthesis looks for them.
 * @param {string} made
 * @param {string} pipeline
 * @param {string} file
 * @param {string} [packages]
 */
export function placePackages(made, pipeline, file, packages = packagesFolder) {
  const folder = join(packages, pipeline);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  linkOrCopy(join(made, ARCHIVE), join(folder, ARCHIVE));
  symlinkSync(join(made, LOCAL), join(folder, LOCAL));
  linkOrCopy(file, join(folder, 'requirements.txt'));
}
