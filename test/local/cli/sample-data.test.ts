/** A person's own files: what is refused before anything starts, and where the good ones go. */
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { checkSampleData, publishSampleData } from '../../../local/cli/sample-data.ts';
import { bucketPath } from '../../../local/cloudformation/index.ts';
import { millraceHome } from '../../../local/home.ts';
import { MillraceError } from '../../../tools/errors.mjs';
import { wordsPipeline } from '../support/words-pipeline.ts';

/** A pipeline of two files, one with several columns. */
const delimited = wordsPipeline().pipeline;
const json = wordsPipeline({ json: true }).pipeline;

function folderWith(files: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-sample-'));
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return folder;
}

async function problemsOf(pipeline: Pipeline, files: Record<string, string>): Promise<readonly string[]> {
  const error = await checkSampleData(pipeline, folderWith(files)).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error === undefined) return [];
  expect(error).toBeInstanceOf(MillraceError);
  return (error as MillraceError).details;
}

describe('delimited sample data', () => {
  test('with both files and all columns is accepted, quoted or not', async () => {
    expect(await problemsOf(delimited, { 'lines.csv': '\uFEFFword\r\n', 'totals.csv': '"word" | "times"\n' })).toEqual(
      [],
    );
  });

  test('is refused with everything that is wrong', async () => {
    expect(await problemsOf(delimited, { 'totals.csv': 'word\n' })).toEqual([
      expect.stringMatching(/lines\.csv does not exist/),
      expect.stringMatching(
        /totals\.csv has the header "word", which lacks times\. Expected, in this order: word\|times/,
      ),
    ]);
  });

  test.each(['times|word', 'word|times|more'])(
    'is refused with the columns %s, which a job would refuse',
    async (header) => {
      expect(await problemsOf(delimited, { 'lines.csv': 'word\n', 'totals.csv': `${header}\n` })).toEqual([
        expect.stringContaining(`has the header "${header}". Expected, in this order: word|times.`),
      ]);
    },
  );

  test('goes where an execution may read it, once for one content', async () => {
    const home = millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));
    const files = { 'lines.csv': 'word\nmill\n', 'totals.csv': 'word|times\n' };
    const published = await publishSampleData(delimited, folderWith(files), home, 'data');
    expect(published.lines).toMatch(/^s3:\/\/data\/input\/tiny\/[0-9a-f]{16}\/lines\.csv$/);
    expect(readFileSync(bucketPath(home, published.lines ?? ''), 'utf8')).toBe(files['lines.csv']);
    expect(await publishSampleData(delimited, folderWith(files), home, 'data')).toEqual(published);
    const other = { ...files, 'totals.csv': 'word|times\nmill|1\n' };
    expect((await publishSampleData(delimited, folderWith(other), home, 'data')).lines).not.toBe(published.lines);
  });
});

describe('sample data in JSON lines', () => {
  test('is accepted when a line at its beginning is what the schema asks for: single bad ones are rejected later', async () => {
    const content = '\uFEFF\n{"times":1}\nno json\n{"word":"mill","more":[]}\n';
    expect(await problemsOf(json, { 'lines.csv': content })).toEqual([]);
  });

  test.each([
    ['a header', 'word\nmill\n', /its first line is no JSON: word\. Expected: a JSON object in each line, with word\./],
    ['lists', '["mill"]\n', /its first line is no object/],
    ['objects of another kind', '{"wort":"Mühle"}\n', /its first line lacks word: \{"wort"/],
    ['nothing', '\n\n', /has no lines/],
  ])('is refused with %s', async (_, content, message) => {
    expect(await problemsOf(json, { 'lines.csv': content })).toEqual([expect.stringMatching(message)]);
  });
});
