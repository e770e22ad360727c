/** The rejected lines of files: where they lie, and how they are printed. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { countedRejects, rejects, rejectsOf } from '../../../local/cli/rejects.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { bucketPath } from '../../../local/cloudformation/index.ts';
import { JobRunRecords, type JobRunRequest } from '../../../local/emr/job-run-records.ts';
import type { Home } from '../../../local/home.ts';
import { temporaryHome } from '../support/deployed-words.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

const { pipeline } = wordsPipeline();
let home: Home;
beforeEach(() => {
  home = temporaryHome();
});

/** A run of the job that reads the file, with these lines rejected. */
function sent(of: Pipeline, execution: string, [file, folder]: readonly [string, string], ...lines: object[]): void {
  const url = `s3://data/rejects/${of.name}/${execution}`;
  const spec = {
    reads: { [file]: { kind: 'file', url: 's3://data/lines.csv' } },
    writes: { [folder]: { kind: 'folder', url } },
  };
  const request = { name: `${of.name}/send/${execution}`, entryPointArguments: ['--spec', JSON.stringify(spec)] };
  new JobRunRecords(home.jobRuns).create(request as unknown as JobRunRequest);
  const path = bucketPath(home, url);
  mkdirSync(path, { recursive: true });
  writeFileSync(join(path, 'part-00000.json'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
}

test('are those of the newest execution that read the file, unless another is named', () => {
  sent(pipeline, 'one', ['lines', 'rejects']);
  sent(pipeline, 'two', ['lines', 'rejects']);
  sent(pipeline, 'three', ['another', 'results']);
  const [found, ...others] = rejectsOf(home, pipeline, undefined);
  expect(others).toEqual([]);
  expect(found).toEqual({
    execution: 'two',
    file: bucketPath(home, 's3://data/lines.csv'),
    folder: bucketPath(home, 's3://data/rejects/tiny/two'),
  });
  expect(rejectsOf(home, pipeline, 'one')).toMatchObject([{ execution: 'one' }]);
});

test('of an execution that is not known say which there are', () => {
  expect(() => rejectsOf(home, pipeline, undefined)).toThrow(
    'No file of "tiny" was read here yet. Run "npx millrace run tiny" first.',
  );
  sent(pipeline, 'one', ['lines', 'rejects']);
  expect(() => rejectsOf(home, pipeline, 'x')).toThrow(
    'No execution "x" of "tiny" has read a file. The newest that did: one.',
  );
  const { send: _send, ...jobs } = pipeline.jobs;
  const { accounts: _accounts, ...without } = { ...pipeline, jobs };
  expect(() => rejectsOf(home, without, undefined)).toThrow('No job of pipeline "tiny" sends the lines of a file');
});

test('are known without an account of the file, and counted for each execution', async () => {
  const { accounts: _accounts, ...without } = wordsPipeline({ json: true }).pipeline;
  sent(without, 'one', ['lines', 'rejects'], { line: 1, reason: 'late' }, { line: 2, reason: 'late' }, { line: 3 });
  sent(without, 'two', ['lines', 'rejects']);
  const file = bucketPath(home, 's3://data/lines.csv');
  const folder = bucketPath(home, 's3://data/rejects/tiny/one');
  expect(await countedRejects(home, without, 'one')).toEqual([
    { file, folder, rejected: 3, rejectedByReason: { late: 2, unknown: 1 } },
  ]);
  expect(await countedRejects(home, without, 'two')).toMatchObject([{ rejected: 0 }]);
  expect(await countedRejects(home, without, 'three')).toEqual([]);
});

test('are printed with file, line and reason, harmless to a terminal; as JSON lines they are the same data', async () => {
  const declared = (await loadPipelines()).find(({ accounts = [] }) => accounts.some(({ from }) => from));
  const from = declared?.accounts?.find((account) => account.from)?.from;
  const aliasOf = (thing: unknown) =>
    Object.values(declared?.jobs ?? {})
      .flatMap(({ reads, writes }) => [...Object.entries(reads), ...Object.entries(writes)])
      .find(([, one]) => one === thing)?.[0] ?? '';
  if (!declared || !from) throw new Error('no pipeline reads a file');
  const text = 'a\u001b[31m|b\nc';
  const aliases = [aliasOf(from.file), aliasOf(from.rejects)] as const;
  sent(declared, 'one', aliases, { line: 3, reason: 'bad-amount', text }, { line: 9, reason: 'no-row', text: '' });
  const printed: string[] = [];
  const said: string[] = [];
  const terminal = new Terminal({ write: (one: string) => said.push(one) } as never);
  const { signal } = new AbortController();
  const context = { home, terminal, signal, onForce: [], print: (one: string) => void printed.push(one) };
  expect(await rejects({ ...context, json: false }, declared.name, undefined)).toBe(0);
  const file = bucketPath(home, 's3://data/lines.csv');
  expect(printed).toEqual([`${file}:3  bad-amount\n  a␛[31m|b␊c`, `${file}:9  no-row\n  `]);
  expect(said.join('')).toContain('execution one: 2 lines rejected (1 bad-amount, 1 no-row) in ');
  sent(declared, 'zero', aliases, { line: 3, reason: 'bad-amount', text });
  await rejects({ ...context, json: false }, declared.name, 'zero');
  expect(said.join('')).toContain('execution zero: 1 line rejected (1 bad-amount) in ');
  printed.length = 0;
  await rejects({ ...context, json: true }, declared.name, 'one');
  const folder = bucketPath(home, `s3://data/rejects/${declared.name}/one`);
  expect(printed.map((line) => JSON.parse(line))).toEqual([
    { execution: 'one', file, folder, line: 3, reason: 'bad-amount', text },
    { execution: 'one', file, folder, line: 9, reason: 'no-row', text: '' },
  ]);
});
