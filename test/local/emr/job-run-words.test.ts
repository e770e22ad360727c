/** What is found in the words of a job run: its notes among its events, and its result. */
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { notesIn, wordsOf } from '../../../local/emr/job-run-words.ts';
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
