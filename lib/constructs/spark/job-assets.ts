/** The code of a pipeline's jobs as assets: entry points, the Python packages that they import, ours and others', and jars. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { zipSync } from 'fflate';
import type { Pipeline } from '../../declaration/pipeline.ts';
import { writeIfChanged } from '../functions/handler-bundle.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the set-up puts the third-party Python packages of each pipeline. */
const PACKAGES = join(ROOT, 'build', 'python-packages');

/** Where the set-up puts the pinned jars that every Spark job gets, here and on EMR. */
const JARS = 'spark-jars';

/** Assets that the jobs of a pipeline share. */
export class JobAssets extends Construct {
  /** Zip of the packages `millrace` and `<pipeline>`. */
  readonly packages: Asset;
  readonly jars: readonly Asset[];
  /** Archive of the third-party packages that `requirements.txt` names, where there is one. */
  readonly environment: Asset | undefined;
  private readonly pipeline: Pipeline;

  constructor(scope: Construct, id: string, pipeline: Pipeline) {
    super(scope, id);
    this.pipeline = pipeline;
    this.packages = new Asset(this, 'Packages', { path: zipPackages(pipeline) });
    const archive = archiveOf(pipeline);
    this.environment = archive === undefined ? undefined : new Asset(this, 'Environment', { path: archive });
    this.jars = this.jarsIn(JARS);
  }

  entryPoint(file: string): Asset {
    return this.asset(`Script-${file}`, join(this.pipeline.folders.jobs, file));
  }

  /** The jars in a folder of `build`. */
  jarsIn(folder: string): Asset[] {
    const path = join(ROOT, 'build', folder);
    return jarFiles(path).map((name) => this.asset(`Jar-${name}`, join(path, name)));
  }

  private asset(id: string, path: string): Asset {
    return (this.node.tryFindChild(id) as Asset | undefined) ?? new Asset(this, id, { path });
  }
}

/** The archive that the set-up made of a pipeline's `requirements.txt` as it is now. */
function archiveOf({ name, folders }: Pipeline): string | undefined {
  const requirements = join(folders.jobs, 'requirements.txt');
  if (!existsSync(requirements)) return undefined;
  const madeFrom = join(PACKAGES, name, 'requirements.txt');
  if (existsSync(madeFrom) && readFileSync(madeFrom).equals(readFileSync(requirements))) {
    return join(PACKAGES, name, 'environment.tgz');
  }
  throw new Error(`There are no packages of ${requirements}. Run "npm run synth", which fetches them first.`);
}

function jarFiles(folder: string): string[] {
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.jar')) : [];
  if (names.length === 0) {
    throw new Error(`There are no jars in ${folder}. Run "npm run synth", which fetches the pinned jars first.`);
  }
  return names.sort();
}

/**
 * Zips the Python packages of a pipeline, with the JSON documents in them and without tests and entry points. The bytes depend on the contents only: every
 * entry has the same date, so that an unchanged package keeps its address.
 */
function zipPackages(pipeline: Pipeline): string {
  const jobs = join(pipeline.folders.jobs, '..');
  const scripts = new Set(Object.values(pipeline.jobs).map((job) => `${pipeline.name}/${job.entryPoint}`));
  const entries: Record<string, Uint8Array> = {};
  for (const name of ['millrace', pipeline.name]) {
    for (const entry of readdirSync(join(jobs, name), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      const inZip = relative(jobs, path);
      if (entry.isFile() && /\.(py|json)$/.test(inZip) && !inZip.includes('/tests/') && !scripts.has(inZip)) {
        entries[inZip] = readFileSync(path);
      }
    }
  }
  const sorted = Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
  const file = join(ROOT, 'build', 'python', `${pipeline.name}.zip`);
  writeIfChanged(file, zipSync(sorted, { mtime: new Date(1980, 0, 1), level: 9 }));
  return file;
}
