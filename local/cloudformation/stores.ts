/** The local Parameter Store and buckets, as files and folders. */
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { MillraceError } from '../../tools/errors.mjs';
import { filesBelow, readJson, writeJson } from '../../tools/files.mjs';
import type { Home } from '../home.ts';

export interface StoredParameter {
  readonly name: string;
  readonly type: string;
  readonly value: string;
}

/** SSM's Parameter Store as files: one per parameter. */
export class ParameterStore {
  private readonly folder: string;

  constructor(home: Home) {
    this.folder = home.parameters;
  }

  get(name: string): StoredParameter | undefined {
    const isWhole = ({ value }: StoredParameter) => typeof value === 'string';
    return readJson(this.file(name), 'Remove it and run "npx millrace up".', isWhole) as StoredParameter | undefined;
  }

  put(name: string, value: string, type = 'String'): void {
    writeJson(this.file(name), { name, type, value } satisfies StoredParameter);
  }

  delete(name: string): void {
    rmSync(this.file(name), { force: true });
  }

  private file(name: string): string {
    return join(this.folder, `${encodeURIComponent(name)}.json`);
  }
}

/**
 * The file or folder that an `s3://bucket/key` (or `s3a://`) URL stands for on this machine; it need not exist.
 *
 * @throws MillraceError INVALID_BUCKET_URL
 */
export function bucketPath(home: Home, url: string): string {
  const [, bucket, key = ''] = /^s3a?:\/\/([^/]+)(?:\/(.*))?$/.exec(url) ?? [];
  if (bucket === undefined) {
    const message = `"${url}" names no object in a bucket. It has to look like s3://bucket/key.`;
    throw new MillraceError('INVALID_BUCKET_URL', message);
  }
  const path = normalize(join(bucket, key));
  if (bucket.startsWith('.') || (path !== bucket && !path.startsWith(join(bucket, '/')))) {
    throw new MillraceError('INVALID_BUCKET_URL', `"${url}" leads out of its bucket: a key must not contain "..".`);
  }
  return join(home.buckets, path);
}

/** S3 as folders: one per bucket. */
export class BucketStore {
  private readonly home: Home;

  constructor(home: Home) {
    this.home = home;
  }

  /** Makes the bucket's folder; one that exists is left as it is. */
  create(bucket: string): void {
    mkdirSync(this.folder(bucket), { recursive: true });
  }

  exists(bucket: string): boolean {
    return existsSync(this.folder(bucket));
  }

  empty(bucket: string): void {
    if (!this.exists(bucket)) return;
    rmSync(this.folder(bucket), { recursive: true });
    this.create(bucket);
  }

  private folder(bucket: string): string {
    return bucketPath(this.home, `s3://${bucket}`);
  }

  /** Deletes the bucket; like S3, only an empty one. */
  delete(bucket: string): void {
    const folder = this.folder(bucket);
    if (!existsSync(folder)) return;
    const [object] = filesBelow(folder);
    if (object !== undefined) {
      throw new MillraceError(
        'BUCKET_NOT_EMPTY',
        `The bucket ${bucket} is not empty (it holds ${object}), and only an empty bucket can be deleted. Move what you need and empty it, or retain the bucket.`,
      );
    }
    rmSync(folder, { recursive: true });
  }
}
