/**
 * Takes a bucket's folder and a prefix and answers as S3's ListObjectsV2 does, on one page. Called by the tasks of the state machine.
 */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import type { JsonObject } from './task.ts';

export function listObjects(folder: string, bucket: string, prefix: string): JsonObject {
  // Only the folder part of the prefix is walked: a bucket may hold far more than is asked for.
  const start = join(folder, prefix.slice(0, prefix.lastIndexOf('/') + 1));
  const contents = filesBelow(start)
    .map((file) => ({ file, key: relative(folder, file).split(sep).join('/') }))
    .filter(({ key }) => key.startsWith(prefix))
    .sort((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ file, key }) => {
      const { size, mtime } = statSync(file);
      return { Key: key, LastModified: mtime.toISOString(), Size: size };
    });
  const answer: JsonObject = { IsTruncated: false, KeyCount: contents.length, Name: bucket, Prefix: prefix };
  if (contents.length > 0) answer.Contents = contents;
  return answer;
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
