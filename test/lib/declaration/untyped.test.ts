/**
 * What an author writes without a type checker is refused in words: the mistakes that the compiler refuses in types.test-d.ts, and what
 * would be an error of the language. Each is one message, and none is a stack trace.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { loadPipelines } from '../../../lib/declaration/load.ts';

const INDEX = new URL('../../../lib/declaration/index.ts', import.meta.url).href;
const project = mkdtempSync(join(tmpdir(), 'millrace-untyped-'));
afterAll(() => rmSync(project, { recursive: true }));
mkdirSync(join(project, 'jobs', 'pyspark'), { recursive: true });

let count = 0;

/** Lines of the refusal of a module with these statements, which starts with what is right. */
async function refusal(statements: string, jobs = 'send'): Promise<string[]> {
  count += 1;
  const folder = join(project, `pipelines${count}`);
  const file = join(folder, 'plain', 'pipeline.ts');
  mkdirSync(join(folder, 'plain', 'schemas'), { recursive: true });
  mkdirSync(join(project, 'jobs', 'pyspark', 'plain'), { recursive: true });
  mkdirSync(join(project, 'sample_data', 'plain'), { recursive: true });
  for (const name of ['send', 'x']) writeFileSync(join(project, 'jobs', 'pyspark', 'plain', `${name}.py`), '');
  writeFileSync(join(project, 'sample_data', 'plain', 'lines.jsonl'), '');
  const schema = { type: 'object', properties: { times: { type: 'integer' } } };
  writeFileSync(join(folder, 'plain', 'schemas', 'line.schema.json'), JSON.stringify(schema));
  writeFileSync(
    file,
    `import * as millrace from '${INDEX}';
const { batch, stream, topic, latest, events, folder, standingFolder, csv, jsonLines, jsonSchema, deadLettersOf, integer, pipeline } = millrace;
const file = jsonLines('lines.jsonl', jsonSchema('line.schema.json'));
const words = topic('words', { partitions: 1 });
const counts = topic('counts', { partitions: 1, cleanup: 'compact', value: jsonSchema('line.schema.json') });
const results = folder('results');
const send = batch('send.py', { reads: { file }, writes: { words, counts } });
const topics = { words };
${statements}
${statements.includes('export default') ? '' : `export default pipeline(import.meta.url, { description: 'Plain.', jobs: { ${jobs} } });`}
`,
  );
  const error = await loadPipelines(folder).then(
    () => ({ code: 'none', message: '' }),
    (reason: unknown) => reason as Error & { code: string },
  );
  if (error.code === 'none') return [];
  expect(error).toMatchObject({ code: 'MILLRACE_DECLARATION' });
  return error.message
    .replaceAll(folder, '<pipelines>')
    .split('\n')
    .slice(1)
    .map((line) => line.trim());
}

test('what is right is accepted', async () => {
  expect(await refusal('')).toEqual([]);
});

const READ = 'what can be, such as a topic or a file';
const WRITTEN = 'what can be, such as a topic or a folder';
const JOB = 'a job made by batch(...) or stream(...)';

describe('what the compiler refuses', () => {
  for (const [what, job, line] of [
    [
      'an unknown topic',
      "batch('x.py', { reads: { word: topics.word }, writes: {} })",
      `reads.word: is missing; got nothing; allowed: ${READ}`,
    ],
    [
      'a topic by its name',
      "batch('x.py', { reads: { words: 'words' }, writes: {} })",
      `reads.words: cannot be read; got "words"; allowed: ${READ}`,
    ],
    [
      'a file that is written',
      "batch('x.py', { reads: {}, writes: { file } })",
      `writes.file: cannot be written; got "file lines.jsonl"; allowed: ${WRITTEN}`,
    ],
    [
      'a lookup that is written',
      "batch('x.py', { reads: {}, writes: { counts: latest(counts) } })",
      `writes.counts: cannot be written; got "lookup counts"; allowed: ${WRITTEN}`,
    ],
    [
      'events that are written',
      "batch('x.py', { reads: {}, writes: { words: events(words) } })",
      `writes.words: cannot be written; got "topic words"; allowed: ${WRITTEN}`,
    ],
    [
      'a folder that is read',
      "batch('x.py', { reads: { results }, writes: {} })",
      `reads.results: cannot be read; got "folder results"; allowed: ${READ}`,
    ],
    [
      'a job that is read',
      "batch('x.py', { reads: { send }, writes: {} })",
      `reads.send: cannot be read; got "job send.py"; allowed: ${READ}`,
    ],
    [
      'a stream that reads nothing',
      "stream('x.py', { reads: {}, writes: { counts } })",
      'reads: has nothing that a stream can follow; got []; allowed: a topic, or events(...) of one',
    ],
    [
      'a stream that reads no topic',
      "stream('x.py', { reads: { file }, writes: {} })",
      'reads: has nothing that a stream can follow; got ["file lines.jsonl"]; allowed: a topic, or events(...) of one',
    ],
    [
      'a stream that reads a lookup only',
      "stream('x.py', { reads: { counts: latest(counts) }, writes: {} })",
      'reads: has nothing that a stream can follow; got ["lookup counts"]; allowed: a topic, or events(...) of one',
    ],
    [
      'a topic where a job belongs',
      "batch('x.py', { reads: { words }, writes: {}, after: [words] })",
      `after.0: does not belong here; got "topic words"; allowed: ${JOB}`,
    ],
    [
      'a job where a list of them belongs',
      "batch('x.py', { reads: { words }, writes: {}, after: send })",
      'after: does not fit; got "job send.py"; allowed: a list',
    ],
    [
      'an unknown job to come after',
      "batch('x.py', { reads: { words }, writes: {}, after: [undefined] })",
      `after.0: is missing; got nothing; allowed: ${JOB}`,
    ],
  ] as const) {
    test(`is ${what}`, async () => {
      expect(await refusal(`const x = ${job};`, 'send, x')).toEqual([`plain.jobs.x.${line}`]);
    });
  }

  test('is a topic among the jobs', async () => {
    expect(await refusal('', 'send, words')).toEqual([
      `plain.jobs.words: does not belong here; got "topic words"; allowed: ${JOB}`,
    ]);
    expect(await refusal('', "send, a: 'text'")).toEqual([
      `plain.jobs.a: does not belong here; got "text"; allowed: ${JOB}`,
    ]);
  });

  test('is an unknown job in the report', async () => {
    const declared = (job: string) => `
      const shown = { writes: { results }, reads: { words } };
      const show = batch('x.py', shown);
      const also = batch('x.py', shown);
      export default pipeline(import.meta.url, { description: 'Plain.', jobs: { send, show }, report: { job: ${job}, folder: results, columns: [{ field: 'a', title: 'a', format: 'text' }] } });`;
    expect(await refusal(declared('show'))).toEqual([]);
    expect(await refusal(declared('also'))).toEqual([
      'plain.report.job: is not a job of the pipeline; got "job x.py"; allowed: send, show',
    ]);
    expect(await refusal(declared("'show'"))).toEqual([
      `plain.report.job: does not belong here; got "show"; allowed: ${JOB}`,
    ]);
  });

  test('is a file among the accounts', async () => {
    const declared = `export default pipeline(import.meta.url, { description: 'Plain.', jobs: { send },
      accounts: [{ sent: file, deadLetters: words, results: { topic: counts, count: 'times' } }] });`;
    expect(await refusal(declared)).toEqual([
      'plain.accounts.0.sent: does not belong here; got "file lines.jsonl"; allowed: a topic made by topic(...)',
    ]);
  });
});

describe('what would be an error of the language', () => {
  const own = (line: string) => [`plain.jobs.x.${line}`];
  for (const [what, job, lines] of [
    [
      'a topic that says nothing',
      "batch('x.py', { reads: {}, writes: { a: topic('a') } })",
      ['plain.topics.a.partitions: is missing; got nothing; allowed: whole numbers from 1 to 2400'],
    ],
    [
      'dead letters of no topic',
      "batch('x.py', { reads: {}, writes: { a: deadLettersOf('words') } })",
      [
        'plain.topics.a.name: is missing; got nothing; allowed: letters, digits, ".", "_" and "-", 249 at most, "__" not in front',
      ],
    ],
    [
      'a job that reads and writes nothing',
      "stream('x.py', { writes: {} })",
      own('reads: is missing; got nothing; allowed: { name: value }'),
    ],
    [
      'a job that says nothing',
      "stream('x.py')",
      [
        ...own('reads: is missing; got nothing; allowed: { name: value }'),
        ...own('writes: is missing; got nothing; allowed: { name: value }'),
      ],
    ],
    [
      'a job that says nothing by an empty object',
      "stream('x.py', {})",
      [
        ...own('reads: is missing; got nothing; allowed: { name: value }'),
        ...own('writes: is missing; got nothing; allowed: { name: value }'),
      ],
    ],
    [
      'a list of what is read',
      "batch('x.py', { reads: [words], writes: {} })",
      own('reads: does not fit; got ["topic words"]; allowed: { name: value }'),
    ],
    [
      'a job without a file',
      'batch(undefined, { reads: {}, writes: {} })',
      own('entryPoint: is missing; got nothing; allowed: a name without folders'),
    ],
    [
      'no events',
      "stream('x.py', { reads: { words, a: events(topics.word) }, writes: {} })",
      own('reads.a.topic: is missing; got nothing; allowed: a topic made by topic(...)'),
    ],
    [
      'events of a name',
      "stream('x.py', { reads: { a: events('words') }, writes: {} })",
      own('reads.a.topic: does not belong here; got "words"; allowed: a topic made by topic(...)'),
    ],
    [
      'the latest of a file',
      "batch('x.py', { reads: { a: latest(file) }, writes: {} })",
      own('reads.a.topic: does not belong here; got "file lines.jsonl"; allowed: a topic made by topic(...)'),
    ],
    [
      'the latest of nothing',
      "batch('x.py', { reads: { a: latest() }, writes: {} })",
      own('reads.a.topic: is missing; got nothing; allowed: a topic made by topic(...)'),
    ],
    [
      'a file without a schema',
      "batch('x.py', { reads: { a: jsonLines('lines.jsonl') }, writes: {} })",
      ['plain.files.a.schema: is missing; got nothing; allowed: { ... }'],
    ],
    [
      'a file without anything',
      "batch('x.py', { reads: { a: jsonLines() }, writes: {} })",
      [
        'plain.files.a.sample: is missing; got nothing; allowed: a name without folders',
        'plain.files.a.schema: is missing; got nothing; allowed: { ... }',
      ],
    ],
    [
      'a folder without a name',
      "batch('x.py', { reads: {}, writes: { a: folder() } })",
      [
        'plain.folders.a.name: is missing; got nothing; allowed: a-z, 0-9 and -, first a letter, 30 at most, but not checkpoints, datasets or input',
      ],
    ],
    [
      'a number for a parameter',
      "batch('x.py', { reads: {}, writes: {}, parameters: { a: 5 } })",
      own('parameters.a: is no parameter; got 5; allowed: integer(...), decimal(...), text(...) or instant(...)'),
    ],
    [
      'a number for all parameters',
      "batch('x.py', { reads: {}, writes: {}, parameters: 5 })",
      own('parameters: does not fit; got 5; allowed: { name: value }'),
    ],
    [
      'a size by a word',
      "batch('x.py', { reads: {}, writes: {}, size: 'small' })",
      own('size: does not fit; got "small"; allowed: { ... }'),
    ],
    [
      'nothing where a size belongs',
      "batch('x.py', { reads: {}, writes: {}, size: null })",
      own('size: does not fit; got null; allowed: { ... }'),
    ],
    [
      'windows by a number',
      "stream('x.py', { reads: { words }, writes: {}, windows: 5 })",
      own('windows: does not fit; got 5; allowed: { ... }'),
    ],
  ] as const) {
    test(`is ${what}`, async () => {
      expect(await refusal(`const x = ${job};`, 'send, x')).toEqual(lines);
    });
  }

  test('is a name that nothing has, told with its line', async () => {
    expect(await refusal("const x = batch('x.py', { reads: { nosuch }, writes: {} });")).toEqual([
      '<pipelines>/plain/pipeline.ts:9: cannot be loaded; got "ReferenceError: nosuch is not defined"; allowed: a module that runs without an error',
    ]);
  });

  test('is a pipeline that is made of nothing', async () => {
    expect(await refusal('export default pipeline(import.meta.url);')).toEqual([
      'plain.description: is missing; got nothing; allowed: a text',
      'plain.jobs: is missing; got nothing; allowed: { name: value }',
    ]);
    expect(await refusal('export default pipeline({ description: "Plain.", jobs: { send } });')).toEqual([
      expect.stringMatching(
        /cannot be loaded; got "TypeError: the first argument is not import\.meta\.url"; allowed: /,
      ),
    ]);
    expect(await refusal('export default { description: "Plain.", jobs: { send } };')).toEqual([
      expect.stringContaining(
        '/plain/pipeline.ts: declares no pipeline; got {"description":"Plain.","jobs":{"send":"job send.py"}}; allowed: export default pipeline(import.meta.url, {...})',
      ),
    ]);
  });
});
