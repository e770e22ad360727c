/** What ListObjectsV2 says of a folder. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listObjects } from '../../../local/stepfunctions/tasks.ts';

test('objects below a prefix are listed in the order of their keys', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bucket-'));
  mkdirSync(join(folder, 'commits', 'deep'), { recursive: true });
  for (const key of ['commits/1', 'commits/0', 'commits/deep/2', 'other']) writeFileSync(join(folder, key), key);
  const answer = listObjects(folder, 'bucket', 'commits/');
  expect(answer).toMatchObject({
    KeyCount: 3,
    IsTruncated: false,
    Contents: [{ Key: 'commits/0', Size: 9 }, { Key: 'commits/1' }, { Key: 'commits/deep/2' }],
  });
  expect(listObjects(folder, 'bucket', 'commits/d')).toMatchObject({ KeyCount: 1 });
});

test('a prefix without objects has no contents, as on AWS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-bucket-'));
  expect(listObjects(folder, 'bucket', 'none/')).toEqual({
    IsTruncated: false,
    KeyCount: 0,
    Name: 'bucket',
    Prefix: 'none/',
  });
});
