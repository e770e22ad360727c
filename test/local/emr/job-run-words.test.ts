/** What is found in the words of a job run: its notes among its events, and its result. */
import { appendFileSync, truncateSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { batchesOf, endOf, lastWords, notesIn, wordsOf } from '../../../local/emr/job-run-words.ts';
import { fakeJobRuns, fakeRequest } from './fake-job.ts';

test('a note goes on until the next event or note', () => {
  const stdout = [
    'a library: nothing of ours',
    'totals: 2 rows',
    'country   total',
    'Peru       3.99',
    '{"event": "progress", "job": "totals"}',
    'a line of nobody',
    'totals: written: 2',
    '',
  ].join('\n');
  expect(notesIn(stdout, new Set(['totals']))).toEqual(['2 rows\ncountry   total\nPeru       3.99', 'written: 2']);
  expect(notesIn(stdout, new Set())).toEqual([]);
});

test('the words of a run are its result and its notes, once it has ended', () => {
  const { records } = fakeJobRuns();
  const run = records.create(fakeRequest(''));
  const stdout = [
    '{"event":"started","job":"totals"}',
    'totals: 2 rows',
    '{"event":"result","job":"totals","rows":2}',
    '',
  ];
  writeFileSync(records.stdout(run.id), stdout.join('\n'));
  expect(wordsOf(run, records)).toEqual({ result: undefined, notes: [] });
  expect(wordsOf({ ...run, state: 'SUCCESS' }, records)).toEqual({ result: { rows: 2 }, notes: ['2 rows'] });
});

test('a result is found before a megabyte of other words', () => {
  const { records } = fakeJobRuns();
  const run = records.create(fakeRequest(''));
  const told = '{"event":"result","job":"totals","rows":2}\n';
  writeFileSync(records.stdout(run.id), told + 'a line of nobody\n'.repeat(2 ** 16));
  expect(wordsOf({ ...run, state: 'SUCCESS' }, records).result).toEqual({ rows: 2 });
});

test('the last words of a log are its last eight lines', () => {
  const { records } = fakeJobRuns();
  const log = records.stderr(records.create(fakeRequest('')).id);
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index + 1}`);
  writeFileSync(log, `${lines.join('\n')}\n\n`);
  expect(lastWords('exit code 3', log)).toBe(`exit code 3; its last words:\n${lines.slice(12).join('\n')}`);
});

test('a result is found behind 600 MB of a stream', () => {
  const { records } = fakeJobRuns();
  const run = records.create(fakeRequest(''));
  writeFileSync(records.stdout(run.id), '');
  truncateSync(records.stdout(run.id), 600 * 2 ** 20);
  appendFileSync(records.stdout(run.id), '\n{"event":"result","job":"totals","rows":2}\n');
  expect(wordsOf({ ...run, state: 'SUCCESS' }, records).result).toEqual({ rows: 2 });
  expect(endOf(run, records)).toMatchObject({ state: 'SUCCESS' });
});

test('batches are counted in all that a run wrote', () => {
  const { records } = fakeJobRuns();
  const run = records.create(fakeRequest(''));
  const line = '{"event":"progress","job":"totals","batch":1}\n';
  writeFileSync(records.stdout(run.id), line.repeat(300_000));
  expect(batchesOf(run, records)).toBe(300_000);
});
