/** How far streams have read, by checkpoints as Spark writes them. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readOffsets } from '../../../local/accounts/read-offsets.ts';
import type { JobSpec } from '../../../local/emr/job-run-records.ts';
import { temporaryHome } from '../support/deployed-words.ts';

const home = temporaryHome();

/** A job whose query has planned these batches, each with the offsets of its sources, and committed those up to a number. */
function jobWith(name: string, batches: readonly object[][], committed: number): JobSpec {
  const query = join(home.buckets, 'data', 'checkpoints', name, 'query');
  for (const folder of ['offsets', 'commits']) mkdirSync(join(query, folder), { recursive: true });
  for (const [number, sources] of batches.entries()) {
    const lines = ['v1', '{"batchWatermarkMs":0}', ...sources.map((source) => JSON.stringify(source))];
    writeFileSync(join(query, 'offsets', String(number)), lines.join('\n'));
    writeFileSync(join(query, 'offsets', `.${number}.crc`), '');
    if (number <= committed) writeFileSync(join(query, 'commits', String(number)), 'v1\n{}');
  }
  return { checkpoint: `s3://data/checkpoints/${name}` } as JobSpec;
}

test('the newest committed batch says how far its sources were read, the slowest of them counts', () => {
  const count = jobWith(
    'count',
    [
      [{ words: { 0: 1, 1: 1 } }, { others: { 0: 9 } }],
      [{ words: { 0: 5, 1: 2 } }, { words: { 0: 4, 1: 7 } }, { others: { 0: 9 } }],
      [{ words: { 0: 50, 1: 50 } }, { others: { 0: 90 } }],
    ],
    1,
  );
  expect(readOffsets(home, [count], 'words')).toEqual({ 0: 4, 1: 2 });
  expect(readOffsets(home, [{} as JobSpec, count], 'others')).toEqual({ 0: 9 });
  expect(readOffsets(home, [count], 'none')).toBeUndefined();
});

test('a stream that has committed nothing, or has no checkpoint, says nothing', () => {
  expect(readOffsets(home, [jobWith('fresh', [[{ words: { 0: 1 } }]], -1)], 'words')).toBeUndefined();
  expect(readOffsets(home, [{ checkpoint: 's3://data/checkpoints/gone' } as JobSpec], 'words')).toBeUndefined();
});
