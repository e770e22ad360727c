/** Which lines of files would be rejected, said before anything runs. That the jobs say the same is tested beside them. */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { filesOf } from '../../../lib/declaration/flow.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import { checkFiles, type Reject } from '../../../local/check/check.ts';
import { check } from '../../../local/cli/check.ts';
import type { Context } from '../../../local/cli/context.ts';
import { checkSampleData } from '../../../local/cli/sample-data.ts';
import { Terminal } from '../../../local/cli/terminal.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-check-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

/** The pipeline of two files, whose sender reads the totals as a table. */
function withTable() {
  const { pipeline } = wordsPipeline();
  mkdirSync(pipeline.folders.jobs, { recursive: true });
  writeFileSync(join(pipeline.folders.jobs, 'send.py'), 'file.read_table(spark, spec, "totals", "word", events)\n');
  return pipeline;
}

test('each line that a job would reject is told with its number, and counted by reason', async () => {
  const files = {
    'lines.csv': 'word\nmill\n\n""\na|b,c\n"race\n',
    'totals.csv': 'word|times\nmill|1\nrace|ten\nrace\n',
  };
  const rejects: Reject[] = [];
  const checked = await checkFiles(wordsPipeline().pipeline, folderWith(files), {
    onReject: (reject) => rejects.push(reject),
  });
  expect(rejects).toMatchObject([
    { file: 'lines', line: 4, reason: 'missing-word', text: '""' },
    { file: 'lines', line: 5, reason: 'wrong-number-of-fields', text: 'a|b,c' },
    { file: 'lines', line: 6, reason: 'unclosed-quote', text: '"race' },
    { file: 'totals', line: 3, reason: 'bad-times' },
    { file: 'totals', line: 4, reason: 'wrong-number-of-fields' },
  ]);
  expect(checked).toMatchObject([
    {
      file: 'lines',
      read: 4,
      rejected: { 'missing-word': 1, 'wrong-number-of-fields': 1, 'unclosed-quote': 1 },
      table: false,
    },
    { file: 'totals', read: 3 },
  ]);
});

test('lines of JSON are judged by their schema', async () => {
  const folder = folderWith({ 'lines.csv': '{"word":"mill"}\n{"word":1}\n' });
  const [lines] = await checkFiles(wordsPipeline({ json: true }).pipeline, folder);
  expect(lines).toMatchObject({ read: 2, rejected: { 'bad-word': 1 } });
});

test.each([
  ['word|times\nmill|\n', /^BAD_LINE: .*totals\.csv: line 2 is \['mill', ''\]/],
  ['word|times\nmill|1\nmill|2\n', /^AMBIGUOUS_KEY: .*totals\.csv has 'mill' twice/],
])('a file that a job reads as a table is refused by its own name before anything starts: %j', async (totals, told) => {
  const folder = folderWith({ 'lines.csv': 'word\nmill\n', 'totals.csv': totals });
  const refused = checkSampleData(withTable(), folder);
  await expect(refused).rejects.toMatchObject({
    code: 'INVALID_SAMPLE_DATA',
    details: [expect.stringMatching(told)],
  });
  // Of another kind of file a job would reject the line alone.
  await expect(checkSampleData(wordsPipeline().pipeline, folder)).resolves.toBeUndefined();
});

test('a file that is not there, or has other columns, is refused in the words of the jobs', async () => {
  const checked = await checkFiles(wordsPipeline().pipeline, folderWith({ 'totals.csv': 'word\n' }));
  expect(checked.map(({ refused }) => refused?.code)).toEqual(['FILE_UNREADABLE', 'WRONG_COLUMNS']);
});

test('the files that ship are without a mistake, and the exit code says so', async () => {
  const printed: string[] = [];
  const context = {
    json: false,
    print: (text: string) => printed.push(text),
    terminal: new Terminal(),
    signal: AbortSignal.any([]),
  };
  for (const pipeline of await loadPipelines()) {
    const hasFiles = Object.keys(filesOf(pipeline)).length > 0;
    expect(await check(context as unknown as Context, pipeline.name, {})).toBe(0);
    const sampleData = folderWith({});
    expect(await check(context as unknown as Context, pipeline.name, { sampleData })).toBe(hasFiles ? 1 : 0);
  }
  expect(printed.join('\n')).toMatch(/none rejected/);
  expect(printed.join('\n')).toMatch(/refused, FILE_UNREADABLE/);
});
