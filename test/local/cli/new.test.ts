/** `millrace new --from FILE`: a pipeline of the columns of any file is whole and clean, and what was seen of them is told. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { checkFiles } from '../../../local/check/check.ts';
import { modelFrom } from '../../../local/cli/new.ts';
import { checkSampleData } from '../../../local/cli/sample-data.ts';
import { projectRoot } from '../../../local/home.ts';
import type { Choice } from '../../../tools/scaffold/from-file.ts';
import { scaffold } from '../../../tools/scaffold/scaffold.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';

const signal = new AbortController().signal;

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-new-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function fileOf(name: string, content: string | Uint8Array): string {
  const path = join(folder(), name);
  writeFileSync(path, content);
  return path;
}

const found = (name: string, content: string | Uint8Array, choice: Choice = {}) =>
  modelFrom('tides', fileOf(name, content), choice, signal);

/** The parts that columns have, and what is said of each. */
const wordsOf = ({ columns }: Awaited<ReturnType<typeof found>>) =>
  Object.fromEntries(columns.map(({ name, words }) => [name, words]));

/** Makes the pipeline in a checkout without others. */
async function made(name: string, content: string | Uint8Array, choice: Choice = {}) {
  const root = folder();
  mkdirSync(join(root, 'jobs', 'pyspark'), { recursive: true });
  for (const linked of ['lib', 'node_modules', join('jobs', 'pyspark', 'millrace')]) {
    symlinkSync(join(projectRoot, linked), join(root, linked));
  }
  for (const copied of ['biome.json', 'pyproject.toml']) copyFileSync(join(projectRoot, copied), join(root, copied));
  const { model } = await found(name, content, choice);
  await scaffold('tides', { root, pipelines: [], model });
  const { default: pipeline } = (await import(join(root, 'pipelines', 'tides', 'pipeline.ts'))) as {
    default: Pipeline;
  };
  return { root, pipeline };
}

const TAKINGS = [
  '\uFEFFOrder ID;"Amount; EUR";Sold at;Land;Straße;;Land;zip',
  '1;5.99;2026-01-31T13:00:00Z;DE;"Haupt""str. 1";;;01067',
  '2;12.50;2026-01-31T14:00:00+01:00;AT;"a;b";;x;1010',
  '3;7;2026-02-01T13:00:00Z;DE;;;;80331',
  '',
].join('\r\n');
const READINGS = [
  '{"sensor id": "attic", "t": 24.5, "at": "2026-01-31T13:00:00Z", "ok": true, "tags": ["a"]}',
  '{"sensor id": "attic", "t": "warm", "at": null, "ok": false}',
  '{"sensor id": "cellar", "t": 11, "more": {"a": 1}}',
  'nonsense',
].join('\n');
const AVRO = JSON.stringify({
  type: 'record',
  name: 'Line',
  fields: [
    { name: 'shop', type: 'string' },
    { name: 'pieces', type: ['null', 'int'], default: null },
    { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
    { name: 'open', type: 'boolean' },
  ],
});
const JSON_SCHEMA = JSON.stringify({
  type: 'object',
  required: ['town', 'degrees'],
  properties: {
    town: { type: 'string', enum: ['Oslo', 'Rome'], maxLength: 40 },
    degrees: { type: 'number', multipleOf: 0.1, minimum: -90, maximum: 60 },
    note: { type: ['string', 'null'], minLength: 3 },
  },
});
const files: readonly (readonly [name: string, content: string])[] = [
  ['takings.csv', TAKINGS],
  ['one.csv', 'town\nOslo\nRome\nOslo\n'],
  ['tabs.tsv', 'id\tn\n1\t2\n1\t3\n'],
  ['readings.jsonl', READINGS],
  ['plain.jsonl', '{"town": "Oslo", "n": 1}\n{"town": "Oslo", "n": 1}\n'],
  ['line.avsc', AVRO],
  ['town.schema.json', JSON_SCHEMA],
];

describe('a pipeline of a file', () => {
  test.each(files)('%s is clean for the linters, and takes the file', async (name, content) => {
    const { root, pipeline } = await made(name, content);
    const ruff = join(readToolchain().venv, 'bin', 'ruff');
    const biome = join(projectRoot, 'node_modules', '.bin', 'biome');
    for (const [program, ...args] of [
      [biome, 'check', '--vcs-enabled=false', 'pipelines/tides'],
      [ruff, 'check', '--no-cache', 'jobs/pyspark/tides'],
      [ruff, 'format', '--check', '--diff', '--no-cache', 'jobs/pyspark/tides'],
    ] as const) {
      const { status, stdout, stderr } = spawnSync(program, args, { cwd: root, encoding: 'utf8' });
      expect(status, `${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
    }
    await checkSampleData(pipeline, pipeline.folders.sampleData);
    const [checked] = await checkFiles(pipeline, pipeline.folders.sampleData);
    const rejected = name === 'readings.jsonl' ? { 'bad-t': 1, 'not-json': 1 } : {};
    expect(checked).toMatchObject({ rejected });
    expect(checked?.refused).toBeUndefined();
    expect(checked?.read).toBeGreaterThan(1);
  });

  test('keeps the file as it is, and takes others with its first line', async () => {
    const { pipeline } = await made('takings.csv', TAKINGS);
    expect(readFileSync(join(pipeline.folders.sampleData, 'takings.csv'), 'utf8')).toBe(TAKINGS);
    const others = fileOf('takings.csv', TAKINGS.replace('DE', 'FR')).replace(/[^/]+$/, '');
    await expect(checkSampleData(pipeline, others)).resolves.toBeUndefined();
    const wrong = fileOf('takings.csv', TAKINGS.replace('Land', 'Country')).replace(/[^/]+$/, '');
    await expect(checkSampleData(pipeline, wrong)).rejects.toMatchObject({ code: 'INVALID_SAMPLE_DATA' });
  });

  test('of a large file holds its beginning, in whole lines', async () => {
    const line = `${'x'.repeat(1_000)};y\n`;
    const { model, notes } = await found('large.csv', `a;b\n${line.repeat(12_000)}`);
    const sample = model.files['sample_data/tides/large.csv'] as Uint8Array;
    expect(sample.length).toBeLessThanOrEqual(10 * 2 ** 20);
    expect((sample.length - 4) % line.length).toBe(0);
    expect(notes).toEqual([expect.stringContaining('the first 10 MB of the file')]);
  });
});

describe('what is seen of columns', () => {
  test('lines that are no rows are told, with why where a quote stays open', async () => {
    const others = async (row: string) => (await found('notes.csv', `id,note\n1,a\n${row}\n2,b\n`)).notes;
    const told = (count: string, first: number) =>
      `${count} lines have other than 2 fields, and would be rejected; the first is line ${first}`;
    expect(await others('3')).toEqual([told('1 of 3', 3)]);
    const open = 'line 3 opens a quote that it does not close: a field ends with its line, also within quotes';
    expect(await others('3,"two\nlines"')).toEqual([told('1 of 4', 4), open]);
    expect(await others('3,"two, or\nthree, lines"')).toEqual([open]);
    expect(await others('"3", 5" pipe')).toEqual([]);
  });

  test('is told, with the names that they get', async () => {
    const { columns, notes } = await found('takings.csv', TAKINGS);
    expect(columns.map(({ name, header, kind, nullable }) => [name, header, kind, nullable])).toEqual([
      ['order_id', 'Order ID', 'integer', false],
      ['amount_eur', 'Amount; EUR', 'number', false],
      ['sold_at', 'Sold at', 'timestamp', false],
      ['Land', 'Land', 'string', false],
      ['strasse', 'Straße', 'string', true],
      ['column_6', '', 'string', true],
      ['Land_2', 'Land', 'string', true],
      ['zip', 'zip', 'string', false],
    ]);
    expect(wordsOf({ columns } as never)).toMatchObject({
      amount_eur: 'a number with 2 digits behind the point, from 5.99 to 12.50, 3 different',
      zip: 'a text, 3 different (zeros in front, as in line 2: "01067")',
      column_6: 'a text (empty in all lines)',
    });
    expect(notes).toContain('"Amount; EUR" is called amount_eur');
    expect(columns.flatMap(({ name, part }) => (part ? [[name, part]] : []))).toEqual([
      ['amount_eur', 'number of which the highest is kept'],
      ['sold_at', 'time'],
      ['Land', 'key'],
    ]);
  });

  test('of objects: the type of most values, and what is left out', async () => {
    const { columns, notes } = await found('readings.jsonl', READINGS);
    expect(wordsOf({ columns } as never)).toMatchObject({
      t: expect.stringMatching(
        /^a number .* \(of 3 values 1 are of another type, and would be rejected; the first in line 2: "warm"\)$/,
      ),
      at: 'a date and time with an offset, 1 different, 2 empty',
    });
    expect(notes).toEqual([
      '1 of 4 lines hold no JSON object, and would be rejected; the first is line 4',
      '"tags" is left out: it holds objects or lists',
      '"more" is left out: it holds objects or lists',
      '"sensor id" is called sensor_id',
    ]);
  });

  test('a hundred thousand rows are looked at, to the last', async () => {
    const rows = Array.from({ length: 100_000 }, (_, row) => `${row},town ${row % 300}`);
    const { columns } = await found('many.csv', ['id,town', ...rows, 'last,Oslo', ''].join('\n'));
    expect(wordsOf({ columns } as never)).toEqual({
      id: 'a text, more than 100,000 different (not throughout a whole number, see line 100002: "last")',
      town: 'a text, 301 different',
    });
  });
});

describe('the key', () => {
  const file = 'id,town,n,price\n1,Oslo,,1.5\n2,Oslo,3,2.5\n3,Rome,3,3.5\n';
  const keyOf = async (choice: Choice) => {
    const { columns } = await found('file.csv', file, choice);
    return columns.find(({ part }) => part === 'key')?.name;
  };

  test('is a text that repeats, or the one that was chosen', async () => {
    expect(await keyOf({})).toBe('town');
    expect(await keyOf({ key: 'id' })).toBe('id');
    expect(await keyOf({ key: 'n' })).toBe('n');
  });

  test('that may be empty in the file is required of records', async () => {
    const { pipeline } = await made('file.csv', file, { key: 'n' });
    const [checked] = await checkFiles(pipeline, pipeline.folders.sampleData);
    expect(checked).toMatchObject({ rejected: { 'missing-n': 1 } });
  });

  test.each([
    [{ key: 'price' }, /^--key "price" is a number .*needed is a text or a whole number\. Allowed: id, town, n\.$/],
    [{ key: 'city' }, /^--key "city" is no column of the file\. Allowed: id, town, n\.$/],
    [{ time: 'town' }, /^--time "town" is a text.*Allowed: none: the file has no such column\.$/],
  ])('%j is refused', async (choice, message) => {
    await expect(found('file.csv', file, choice)).rejects.toMatchObject({
      code: 'WRONG_COLUMN',
      message: expect.stringMatching(message),
    });
  });

  test('of a schema may not be null', async () => {
    await expect(found('town.schema.json', JSON_SCHEMA, { key: 'note' })).rejects.toMatchObject({
      code: 'WRONG_COLUMN',
      message: expect.stringMatching(/needed is a text or a whole number, not null\. Allowed: town\.$/),
    });
  });

  test('is missed where nothing fits', async () => {
    await expect(found('file.csv', 'price,town\n1.5,\n2.5,Oslo\n')).rejects.toMatchObject({
      code: 'NO_KEY',
      details: [expect.stringContaining('price: a number'), expect.stringContaining('town: a text')],
    });
  });
});

test('a file of which no pipeline can be made is refused in the words of who looked at it', async () => {
  await expect(found('empty.csv', '')).rejects.toMatchObject({
    code: 'NO_COLUMNS',
    message: expect.stringContaining('names of its columns'),
  });
});
