/**
 * The files that a job brings along: entry point, Python packages, jars, JSON Schemas and sample data, each an asset
 * with its S3 address. A declaration comes in, addresses and read grants go out. Called by the job construct.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import { Construct } from 'constructs';
import { zipSync } from 'fflate';
import { isJsonSchema, type Pipeline } from '../../declaration/model.ts';
import { schemasOf } from '../../declaration/plan.ts';
import { writeIfChanged } from '../functions/handler-bundle.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** Where the set-up puts the pinned jars that every Spark job gets, here and on EMR. */
const JARS = join(ROOT, 'build', 'spark-jars');

/** Assets that all jobs of a pipeline share. */
export class JobAssets extends Construct {
  /** Zip of the packages `millrace` and `<pipeline>`. */
  readonly packages: Asset;
  readonly jars: readonly Asset[];
  /** Sample files by the names that the declaration gives them. */
  readonly files: Readonly<Record<string, Asset>>;
  /** JSON Schemas by their keys in the pipeline's parameter. */
  readonly schemas: Readonly<Record<string, Asset>>;
  private readonly entryPoints = new Map<string, Asset>();
  private readonly pipeline: Pipeline;

  constructor(scope: Construct, id: string, pipeline: Pipeline) {
    super(scope, id);
    this.pipeline = pipeline;
    this.packages = new Asset(this, 'Packages', { path: zipPackages(pipeline) });
    this.jars = jarFiles().map((name) => new Asset(this, `Jar-${name}`, { path: join(JARS, name) }));
    this.files = Object.fromEntries(
      Object.entries(pipeline.files).map(([role, file]) => [
        role,
        new Asset(this, `File-${role}`, { path: join(pipeline.folders.sampleData, file.sample) }),
      ]),
    );
    this.schemas = this.schemaAssets(pipeline);
  }

  /** The script of a job. */
  entryPoint(file: string): Asset {
    const asset =
      this.entryPoints.get(file) ?? new Asset(this, `Script-${file}`, { path: join(this.pipeline.folders.jobs, file) });
    this.entryPoints.set(file, asset);
    return asset;
  }

  /** An asset for each JSON Schema, however many topics and files share it. */
  private schemaAssets(pipeline: Pipeline): Record<string, Asset> {
    const assets = new Map<string, Asset>();
    const json = Object.values(pipeline.jobs)
      .flatMap((job) => schemasOf(pipeline, job))
      .filter(({ schema }) => isJsonSchema(schema));
    const assetOf = (file: string): Asset => {
      const path = join(pipeline.folders.declaration, 'schemas', file);
      const asset = assets.get(file) ?? new Asset(this, `Schema-${file}`, { path });
      assets.set(file, asset);
      return asset;
    };
    return Object.fromEntries(json.map(({ key, schema }) => [key, assetOf(schema.file)]));
  }

  /** Allows to read these objects of the assets bucket, and no others. */
  static grantRead(grantee: iam.IGrantable, assets: readonly Asset[]): void {
    iam.Grant.addToPrincipal({
      grantee,
      actions: ['s3:GetObject'],
      resourceArns: assets.map((asset) => asset.bucket.arnForObjects(asset.s3ObjectKey)),
    });
  }
}

function jarFiles(): string[] {
  const names = existsSync(JARS) ? readdirSync(JARS).filter((name) => name.endsWith('.jar')) : [];
  if (names.length === 0) {
    throw new Error(`There are no jars in ${JARS}. Run "npm run setup", which puts the pinned jars of the jobs there.`);
  }
  return names.sort();
}

/**
 * Zips the Python packages of a pipeline, without tests and entry points. The bytes depend on the contents only: every
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
      if (entry.isFile() && inZip.endsWith('.py') && !inZip.includes('/tests/') && !scripts.has(inZip)) {
        entries[inZip] = readFileSync(path);
      }
    }
  }
  const sorted = Object.fromEntries(Object.entries(entries).sort(([a], [b]) => (a < b ? -1 : 1)));
  const folder = join(ROOT, 'build', 'python');
  const file = join(folder, `${pipeline.name}.zip`);
  writeIfChanged(file, zipSync(sorted, { mtime: new Date(1980, 0, 1), level: 9 }));
  return file;
}
