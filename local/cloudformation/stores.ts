/**
 * The local Parameter Store and buckets: take names and values, keep them as files under the home. Written by the deployment, read and written
 * by the tasks of the state machine and the command line. Tables are in `table-store.ts`.
 */
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { MillraceError } from '../../tools/errors.ts';
import type { Home } from '../home.ts';
import { readJsonFile, writeFileAtomically } from './files.ts';

export { type Condition, ConditionalCheckFailedError, type Item, TableError, TableStore } from './table-store.ts';

/** One entry of the Parameter Store. */
export interface StoredParameter {
  readonly name: string;
  readonly type: string;
  readonly value: string;
  /** Counts the writes, from 1. */
  readonly version: number;
  readonly lastModified: string;
}

/** SSM's Parameter Store as files: one per parameter. */
export class ParameterStore {
  readonly #folder: string;

  constructor(home: Home) {
    this.#folder = home.parameters;
  }

  get(name: string): StoredParameter | undefined {
    return readJsonFile(this.#file(name)) as StoredParameter | undefined;
  }

  put(name: string, value: string, type = 'String'): StoredParameter {
    const version = (this.get(name)?.version ?? 0) + 1;
    const parameter: StoredParameter = { name, type, value, version, lastModified: new Date().toISOString() };
    writeFileAtomically(this.#file(name), `${JSON.stringify(parameter, null, 1)}\n`);
    return parameter;
  }

  delete(name: string): void {
    rmSync(this.#file(name), { force: true });
  }

  names(): string[] {
    return readdirSync(this.#folder)
      .filter((file) => file.endsWith('.json'))
      .map((file) => decodeURIComponent(file.slice(0, -'.json'.length)))
      .sort();
  }

  #file(name: string): string {
    return join(this.#folder, `${encodeURIComponent(name)}.json`);
  }
}

/** The file or folder that an `s3://bucket/key` (or `s3a://`) URL stands for on this machine; it need not exist. */
export function bucketPath(home: Home, url: string): string {
  const [, bucket, key = ''] = /^s3a?:\/\/([^/]+)(?:\/(.*))?$/.exec(url) ?? [];
  if (bucket === undefined) {
    throw new MillraceError(
      'INVALID_BUCKET_URL',
      `"${url}" names no object in a bucket. It has to look like s3://bucket/key.`,
    );
  }
  const path = normalize(join(bucket, key));
  if (bucket.startsWith('.') || (path !== bucket && !path.startsWith(join(bucket, '/')))) {
    throw new MillraceError('INVALID_BUCKET_URL', `"${url}" leads out of its bucket: a key must not contain "..".`);
  }
  return join(home.buckets, path);
}

/** S3 as folders: one per bucket. */
export class BucketStore {
  readonly #home: Home;

  constructor(home: Home) {
    this.#home = home;
  }

  /** Makes the bucket's folder; one that exists is left as it is. */
  create(bucket: string): void {
    mkdirSync(bucketPath(this.#home, `s3://${bucket}`), { recursive: true });
  }

  exists(bucket: string): boolean {
    return existsSync(bucketPath(this.#home, `s3://${bucket}`));
  }

  /** Deletes every object. */
  empty(bucket: string): void {
    if (!this.exists(bucket)) return;
    rmSync(bucketPath(this.#home, `s3://${bucket}`), { recursive: true });
    this.create(bucket);
  }

  /** Deletes the bucket; like S3, only an empty one. */
  delete(bucket: string): void {
    const folder = bucketPath(this.#home, `s3://${bucket}`);
    if (!existsSync(folder)) return;
    const [object] = readdirSync(folder, { recursive: true, withFileTypes: true }).filter(
      (entry) => !entry.isDirectory(),
    );
    if (object) {
      throw new MillraceError(
        'BUCKET_NOT_EMPTY',
        `The bucket ${bucket} is not empty (it holds ${join(object.parentPath, object.name)}), and only an empty bucket can be deleted. Move what you need and empty it, or retain the bucket.`,
      );
    }
    rmSync(folder, { recursive: true });
  }
}
