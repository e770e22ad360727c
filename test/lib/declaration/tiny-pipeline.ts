/** A whole pipeline small enough to read at once, with its files in a folder, for tests that change it and read the refusal. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import {
  avro,
  batch,
  csv,
  folder,
  instant,
  integer,
  jsonLines,
  jsonSchema,
  pipeline,
  stream,
  text,
  topic,
} from '../../../lib/declaration/index.ts';
import type { Job } from '../../../lib/declaration/job.ts';
import { DeclarationError } from '../../../lib/declaration/mistakes.ts';
import type { Declaration, Pipeline } from '../../../lib/declaration/pipeline.ts';
import type { Named, Sink, Source } from '../../../lib/declaration/thing.ts';
import { mistakesOf } from '../../../lib/declaration/validate.ts';
import { buildFolder } from '../../../tools/setup/folders.mjs';

const RECORD = (name: string, fields: object[]) => JSON.stringify({ type: 'record', name, fields });

const FILES: Readonly<Record<string, string>> = {
  'pipelines/tiny/schemas/line.avsc': RECORD('Line', [{ name: 'word', type: 'string' }]),
  'pipelines/tiny/schemas/word-key.avsc': '"string"',
  'pipelines/tiny/schemas/word.avsc': RECORD('Word', [{ name: 'word', type: 'string' }]),
  'pipelines/tiny/schemas/count.avsc': RECORD('Count', [
    { name: 'word', type: 'string' },
    { name: 'times', type: 'long' },
  ]),
  'pipelines/tiny/schemas/broken.avsc': '{"type": "rekord"}',
  'pipelines/tiny/schemas/word.schema.json': JSON.stringify({
    type: 'object',
    properties: { word: { type: 'string' }, times: { type: 'integer' }, weight: { type: 'number', multipleOf: 0.01 } },
    required: ['word'],
  }),
  'pipelines/tiny/schemas/wider.schema.json': JSON.stringify({
    type: 'object',
    properties: {
      word: { type: 'string' },
      weight: { type: 'number', multipleOf: 0.001 },
      spoken_at: { type: 'string', format: 'date-time' },
    },
  }),
  'pipelines/tiny/schemas/broken.schema.json': '{"type": "array"}',
  'jobs/pyspark/tiny/send.py': '',
  'jobs/pyspark/tiny/count.py': '',
  'jobs/pyspark/tiny/show.py': '',
  'sample_data/tiny/lines.csv': 'word\nmill\n',
};

/** The project of the tiny pipeline, the same for all test files of a process; see `tinyProject`. */
export const root = join(buildFolder, `tiny-pipeline-${process.pid}`);

/** Writes the project; it is gone after the tests of the file that calls this. */
export function tinyProject(): void {
  for (const [path, content] of Object.entries(FILES)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
  }
  afterAll(() => rmSync(root, { recursive: true }));
}

/** What the declaring module of the tiny pipeline would say for `import.meta.url`. */
export const tinyUrl = pathToFileURL(join(root, 'pipelines', 'tiny', 'pipeline.ts')).href;

/** A declaration in the folder of the tiny pipeline. */
export const declare = (declaration: Declaration): Pipeline => pipeline(tinyUrl, declaration);

const written = () => ({
  words: {
    name: 'tiny.words',
    partitions: 2,
    retention: 3_600_000,
    timestamps: 'LogAppendTime' as 'LogAppendTime' | undefined,
    key: avro('word-key.avsc'),
    value: avro('word.avsc'),
  },
  wordCounts: {
    name: 'tiny.counts',
    partitions: 1,
    cleanup: 'compact' as const,
    key: avro('word-key.avsc'),
    value: avro('count.avsc'),
  },
  lost: { name: 'tiny.lost', partitions: 1 },
  lines: { sample: 'lines.csv', separator: ',', schema: avro('line.avsc', 'tiny.lines.csv') },
});

type Written = ReturnType<typeof written>;

const build = ({ words, wordCounts, lost, lines }: Written) => {
  const made = ({ name, ...others }: Written['words']) => topic(name, others);
  return {
    words: made(words),
    wordCounts: made(wordCounts as never),
    lost: made(lost as never),
    lines:
      lines.separator === undefined
        ? jsonLines(lines.sample, lines.schema as never)
        : csv(lines.sample, lines.separator, lines.schema),
    rejects: folder('rejects'),
    results: folder('results'),
  };
};
export type TinyThings = ReturnType<typeof build>;

/** Props of a job, loose enough for a test to write what the compiler would not. */
interface JobProps {
  entryPoint: string;
  reads: Named<Source>;
  writes: Named<Sink>;
  [word: string]: unknown;
}

const jobProps = ({ lines, words, rejects, wordCounts, lost, results }: TinyThings) => ({
  send: {
    entryPoint: 'send.py',
    reads: { lines },
    writes: { words, rejects },
    parameters: {
      lineCount: integer({ default: 0, minimum: 0, maximum: 9, unit: 'lines', description: 'How many.' }),
    },
  },
  count: { entryPoint: 'count.py', reads: { words }, writes: { wordCounts, lost } } as JobProps,
  show: {
    entryPoint: 'show.py',
    reads: { wordCounts },
    writes: { results },
    parameters: {
      word: text({ pattern: '[a-z]+', unit: 'word', description: 'Shows one word.' }),
      since: instant({ description: 'Shows what is newer.' }),
    },
  },
});
export type TinyJobs = ReturnType<typeof jobProps>;

const wholeOf = (
  { lines, words, rejects, wordCounts, lost, results }: TinyThings,
  { send }: TinyJobs,
  jobs: Named<Job>,
) => ({
  description: 'Words by how often they come.',
  jobs,
  accounts: [
    {
      sent: words,
      from: { file: lines, rows: send.parameters.lineCount, rejects },
      deadLetters: lost,
      results: { topic: wordCounts, count: 'times' },
    },
  ],
  report: {
    job: jobs.show as Job,
    folder: results,
    columns: [{ field: 'word', title: 'word', format: 'text' as const }],
  },
});

/** What a test changes: what the things say of themselves, then what the jobs say, then the whole. */
export interface Change {
  readonly things?: (props: Written) => void;
  readonly jobs?: (jobs: TinyJobs, things: TinyThings) => void;
  readonly whole?: (declaration: ReturnType<typeof wholeOf>, things: TinyThings) => void;
}

/** The tiny pipeline after a change: lines of a file are sent, their words counted, the counts shown. */
export function tinyPipeline(change: Change = {}, url: string = tinyUrl): Pipeline {
  const props = written();
  change.things?.(props);
  const things = build(props);
  const jobs = jobProps(things);
  change.jobs?.(jobs, things);
  const { send, count, show } = jobs;
  const whole = wholeOf(things, jobs, {
    send: made(batch, send),
    count: made(stream, count),
    show: made(batch, show),
  });
  change.whole?.(whole, things);
  return pipeline(url, whole);
}

const made = (type: unknown, { entryPoint, ...others }: JobProps): Job =>
  (type as (entryPoint: string, props: object) => Job)(entryPoint, others);

/** Lets the words and the lines that they come from be JSON. */
export const asJson: Change = {
  things: ({ words, lines }) => {
    Object.assign(words, { key: undefined, value: jsonSchema('word.schema.json') });
    Object.assign(lines, { separator: undefined, schema: jsonSchema('word.schema.json') });
  },
};

/** What a person reads when these pipelines are loaded, a line per mistake; folders of the test stand as `<root>`. */
export function refusalOf(...pipelines: Pipeline[]): string[] {
  const mistakes = mistakesOf(pipelines);
  if (mistakes.length === 0) return [];
  const lines = new DeclarationError(mistakes).message.replaceAll(root, '<root>').split('\n');
  return lines.slice(1).map((line) => line.trim());
}

/** A test that this change is refused with exactly these lines. */
export const refuses = (what: string, change: Change, ...lines: string[]) =>
  test(`refuses ${what}`, () => expect(refusalOf(tinyPipeline(change))).toEqual(lines));

/** A test that this change is accepted. */
export const accepts = (what: string, change: Change) =>
  test(`accepts ${what}`, () => expect(refusalOf(tinyPipeline(change))).toEqual([]));
