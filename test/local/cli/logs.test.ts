/** What `millrace logs` shows of a job, and by which names a job is found. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type LogsOptions, logs } from '../../../local/cli/logs.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { JobRunRecords } from '../../../local/emr/job-run-records.ts';
import { millraceHome } from '../../../local/home.ts';
import { fakeRequest } from '../emr/fake-job.ts';

const event = '{"event": "started", "job": "sum-by-window"}';

/** A home in which two pipelines ran a job of one name. */
function homeWithRuns() {
  const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));
  const records = new JobRunRecords(home.jobRuns);
  for (const pipeline of ['readings', 'others']) {
    const run = records.create(fakeRequest('', { name: `${pipeline}/sumByWindow/one` }));
    records.write({ ...run, id: run.id });
    writeFileSync(records.stdout(run.id), `${event}\nsum-by-window: 2 windows of ${pipeline}\n`);
    writeFileSync(records.stderr(run.id), `12:00:00.000 WARN Utils: of ${pipeline}\n`);
  }
  return home;
}

async function linesOf(
  home: ReturnType<typeof millraceHome>,
  name: string,
  options: LogsOptions & { readonly json?: boolean } = {},
) {
  const lines: string[] = [];
  const { signal } = new AbortController();
  const context = { home, terminal: new Terminal(), json: options.json === true, signal, onForce: [] };
  await logs({ ...context, print: (line) => void lines.push(line) }, name, options);
  return lines;
}

test('a job’s own sentences are shown beside Spark’s warnings, its events only when asked for', async () => {
  const home = homeWithRuns();
  expect(await linesOf(home, 'readings/sum-by-window')).toEqual([
    '12:00:00.000 WARN Utils: of readings',
    'sum-by-window: 2 windows of readings',
  ]);
  expect(await linesOf(home, 'readings/sum-by-window', { events: true })).toEqual([event]);
});

test('programs get each line as an object, with the run that it is of', async () => {
  const home = homeWithRuns();
  const told = (await linesOf(home, 'readings/sum-by-window', { json: true })).map((line) => JSON.parse(line));
  expect(told.map(({ text }) => text)).toEqual([
    '12:00:00.000 WARN Utils: of readings',
    'sum-by-window: 2 windows of readings',
  ]);
  expect(new Set(told.map(({ of }) => of)).size).toBe(1);
  expect(await linesOf(home, 'readings/sum-by-window', { events: true, json: true })).toEqual([event]);
});

test('a job is found by either way to write it, and an unknown one is told which there are', async () => {
  const home = homeWithRuns();
  expect(await linesOf(home, 'sum-by-window')).toHaveLength(2);
  expect(await linesOf(home, 'sumByWindow')).toHaveLength(2);
  expect((await linesOf(home, 'others/sumByWindow')).at(-1)).toContain('of others');
  await expect(linesOf(home, 'sum')).rejects.toThrow(/There is no log of "sum"\. Allowed: sum-by-window\./);
});
