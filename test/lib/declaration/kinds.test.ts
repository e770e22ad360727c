/** Each kind of mistake in topics, files, folders and schemas, in the words that a person reads. */
import { describe, expect, test } from 'vitest';
import {
  avro,
  dataset,
  days,
  deadLettersOf,
  events,
  folder,
  integer,
  jsonSchema,
  latest,
  replaysOf,
  standingFolder,
  topic,
} from '../../../lib/declaration/index.ts';
import type { Topic } from '../../../lib/declaration/kinds/topic.ts';
import { accepts, asJson, type Change, refusalOf, refuses, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

describe('topics', () => {
  for (const name of ['tiny words', '.', '..', '__words', 'x'.repeat(250), 7]) {
    test(`refuse the name ${String(name).slice(0, 10)}`, () => {
      expect(refusalOf(tinyPipeline({ things: ({ lost }) => void Object.assign(lost, { name }) }))).toEqual([
        expect.stringMatching(
          /^tiny\.topics\.lost\.name: is not a topic name; got .*; allowed: letters, digits, "\.", "_" and "-", 249 at most, "__" not in front$/,
        ),
      ]);
    });
  }
  for (const partitions of [0, 2_401, 1.5, '4', Number.NaN]) {
    test(`refuse ${partitions} partitions`, () => {
      expect(refusalOf(tinyPipeline({ things: ({ lost }) => void Object.assign(lost, { partitions }) }))).toEqual([
        `tiny.topics.lost.partitions: is out of range; got ${partitions === '4' ? '"4"' : partitions}; allowed: whole numbers from 1 to 2400`,
      ]);
    });
  }
  refuses(
    'a retention that is too short',
    { things: ({ words }) => void Object.assign(words, { retention: 59_999 }) },
    'tiny.topics.words.retention: is out of range; got 59999; allowed: whole numbers from 60000 to 9007199254740991 ms',
  );
  refuses(
    'a retention of a compacted topic',
    { things: ({ wordCounts }) => void Object.assign(wordCounts, { retention: 3_600_000 }) },
    'tiny.topics.wordCounts.retention: has no effect on a compacted topic; got 3600000; allowed: no retention, or cleanup delete',
  );
  refuses(
    'a compacted topic without keys',
    { things: ({ wordCounts }) => void Object.assign(wordCounts, { key: undefined }) },
    'tiny.topics.wordCounts.key: is missing: a compacted topic keeps the last record of each; got nothing; allowed: a key schema',
  );
  refuses(
    'a setting that MSK Serverless does not have',
    { things: ({ words }) => void Object.assign(words, { configuration: { 'min.insync.replicas': '2' } }) },
    'tiny.topics.words.configuration: is not a setting of MSK Serverless; got "min.insync.replicas"; allowed: cleanup.policy, compression.type, max.message.bytes, message.timestamp.difference.max.ms, message.timestamp.type, retention.bytes, retention.ms',
  );
  accepts('any size, and any time, that is kept by the broker', {
    things: ({ words }) => void Object.assign(words, { configuration: { 'retention.bytes': '-1' } }),
  });
  refuses(
    'a setting that has a word of its own',
    { things: ({ words }) => void Object.assign(words, { configuration: { 'retention.ms': '1' } }) },
    'tiny.topics.words.configuration: has a word of its own; got "retention.ms"; allowed: cleanup, retention, timestamps',
  );
  refuses(
    'a value that a setting does not take',
    { things: ({ words }) => void Object.assign(words, { configuration: { 'compression.type': 'zip' } }) },
    'tiny.topics.words.configuration.compression.type: is not a value of this setting; got "zip"; allowed: producer, uncompressed, gzip, lz4, snappy, zstd',
  );
  accepts('a setting of MSK Serverless', {
    things: ({ words }) => void Object.assign(words, { configuration: { 'compression.type': 'zstd' } }),
  });

  test('for dead letters are named after their source, kept for a week as bytes, unless told otherwise', () => {
    expect(deadLettersOf(topic('shop.lines.avro', { partitions: 4 }))).toMatchObject({
      name: 'shop.lines.dead-letters',
      props: { partitions: 1, retention: 604_800_000 },
    });
    expect(deadLettersOf(topic('shop.avrol', { partitions: 4 })).name).toBe('shop.avrol.dead-letters');
    expect(deadLettersOf(topic('a', { partitions: 4 }), { name: 'b', partitions: 2 })).toMatchObject({
      name: 'b',
      props: { partitions: 2 },
    });
  });

  test('for replays are stamped by the broker, and written by whoever is granted it', () => {
    expect(replaysOf(topic('shop.lines.avro', { partitions: 4 }))).toMatchObject({
      name: 'shop.lines.replays',
      props: { partitions: 1, retention: 604_800_000, timestamps: 'LogAppendTime' },
      externalWays: ['Writer'],
    });
  });
});

describe('dead letters', () => {
  const bytes = (limit: number) => ({ 'max.message.bytes': String(limit) });
  const lettersOf = (configuration: object, props = {}) =>
    deadLettersOf(topic('shop.lines', { partitions: 1, ...configuration }), props).props.configuration;
  test('have room for the largest record of their source and its headers, as far as a topic can be that large', () => {
    expect(lettersOf({})).toEqual(bytes(1_114_124));
    expect(lettersOf({ configuration: bytes(2_000_000) })).toEqual(bytes(2_065_536));
    expect(lettersOf({ configuration: bytes(8_388_608) })).toEqual(bytes(8_388_608));
    expect(lettersOf({}, { configuration: { 'compression.type': 'zstd' } })).toEqual({
      'compression.type': 'zstd',
      ...bytes(1_114_124),
    });
  });
  const withLetters = (limit: number) =>
    tinyPipeline({
      jobs: ({ count }, { words, wordCounts }) => {
        count.writes = { wordCounts, letters: deadLettersOf(words, { configuration: bytes(limit) }) };
      },
      whole: (declaration) => void Object.assign(declaration, { accounts: undefined }),
    });
  test('are refused in a topic that takes less', () => {
    expect(refusalOf(withLetters(1_114_123))).toEqual([
      'tiny.topics.letters.configuration: has no room for every record of its source and why it is here; got 1114123; allowed: max.message.bytes of 1114124 at least',
    ]);
    expect(refusalOf(withLetters(1_114_124))).toEqual([]);
  });
});

describe('schemas and files', () => {
  refuses(
    'a schema that does not exist',
    { things: ({ words }) => void Object.assign(words, { value: avro('gone.avsc') }) },
    'tiny.topics.words.value: does not exist; got "<root>/pipelines/tiny/schemas/gone.avsc"; allowed: a file in the schemas folder of the pipeline',
  );
  refuses(
    'a schema in another folder',
    { things: ({ words }) => void Object.assign(words, { value: avro('../schemas/word.avsc') }) },
    'tiny.topics.words.value.file: is not a file name; got "../schemas/word.avsc"; allowed: a name without folders',
  );
  refuses(
    'a schema that is none',
    { things: ({ words }) => void Object.assign(words, { value: avro('broken.avsc') }) },
    'tiny.topics.words.value: is not an Avro schema; got "broken.avsc: unknown type: \\"rekord\\""; allowed: a schema of Avro 1.11',
  );
  refuses(
    'a schema of the other format',
    { things: ({ words }) => void Object.assign(words, { value: avro('word.schema.json') }) },
    'tiny.topics.words.value: has the ending of another format; got "word.schema.json"; allowed: *.avsc',
  );
  refuses(
    'an artifact that no address can name',
    { things: ({ lines }) => void Object.assign(lines, { schema: avro('line.avsc', 'tiny/lines') }) },
    'tiny.files.lines.schema.artifact: is not the name of an artifact; got "tiny/lines"; allowed: letters, digits, ".", "_" and "-"',
  );
  refuses(
    'a name of its own for the schema of values, whose older versions nobody would find',
    { things: ({ words }) => void Object.assign(words, { value: avro('word.avsc', 'word') }) },
    'tiny.topics.words.value.artifact: is no name for the schema of values; got "word"; allowed: none: a reader looks for older values\' schemas under tiny.words-value',
  );
  refuses(
    'a sample that does not exist',
    { things: ({ lines }) => void Object.assign(lines, { sample: 'gone.csv' }) },
    'tiny.files.lines.sample: does not exist; got "<root>/sample_data/tiny/gone.csv"; allowed: a file in <root>/sample_data/tiny',
  );
  refuses(
    'two separators',
    { things: ({ lines }) => void Object.assign(lines, { separator: '||' }) },
    'tiny.files.lines.separator: is not one character; got "||"; allowed: one character that is no quote or line end',
  );
  refuses(
    'the schema of delimited lines without a name in the registry',
    { things: ({ lines }) => void Object.assign(lines, { schema: avro('line.avsc') }) },
    'tiny.files.lines.schema.artifact: is missing; got nothing; allowed: the name of the artifact in the registry',
  );
});

describe('JSON', () => {
  accepts('topics and files of JSON, whose keys may be plain text', {
    things: (props) => {
      asJson.things?.(props);
      Object.assign(props.wordCounts, { key: undefined, value: jsonSchema('word.schema.json') });
    },
  });
  refuses(
    'a JSON Schema that is none',
    { things: ({ words }) => void Object.assign(words, { value: jsonSchema('broken.schema.json') }) },
    'tiny.topics.words.value: is not a JSON Schema that can be kept; got "broken.schema.json: its type is not \\"object\\""; allowed: the part of JSON Schema in docs/adding-a-pipeline.md',
  );
  refuses(
    'an artifact of a JSON Schema',
    {
      things: ({ words }) =>
        void Object.assign(words, { value: { ...jsonSchema('word.schema.json'), artifact: 'words' } }),
    },
    'tiny.topics.words.value.artifact: is for Avro schemas, the registry holds no other; got "words"; allowed: none, or avro(...)',
  );
  refuses(
    'delimited lines with a JSON Schema',
    { things: ({ lines }) => void Object.assign(lines, { schema: jsonSchema('word.schema.json') }) },
    'tiny.files.lines.schema: is no schema for such a file; got {"format":"json","file":"word.schema.json"}; allowed: avro(...) for delimited lines',
  );
  refuses(
    'JSON lines with an Avro schema',
    { things: ({ lines }) => void Object.assign(lines, { separator: undefined, schema: avro('line.avsc') }) },
    'tiny.files.lines.schema: is no schema for such a file; got {"format":"avro","file":"line.avsc"}; allowed: jsonSchema(...) for JSON lines',
  );
});

describe('folders', () => {
  for (const name of ['checkpoints', 'input', 'Results', 'a/b', '', 'x'.repeat(31)]) {
    test(`refuse the name ${JSON.stringify(name)}`, () => {
      const bad = tinyPipeline({ jobs: ({ send }) => void Object.assign(send.writes, { more: folder(name) }) });
      expect(refusalOf(bad)).toEqual([
        `tiny.folders.more.name: is not a name for a folder; got ${JSON.stringify(name)}; allowed: a-z, 0-9 and -, first a letter, 30 at most, but not checkpoints, datasets or input`,
      ]);
    });
  }
  refuses(
    'two of one name, which would be one place',
    { jobs: ({ send }) => void Object.assign(send.writes, { more: standingFolder('results') }) },
    'tiny.folders.results.name: is the name of tiny.folders.more too; got "results"; allowed: a name of its own, "." and "_" being alike',
  );
  accepts('one that stands, written by one job and read by another', {
    jobs: ({ send, show }) => {
      const archive = standingFolder('archive');
      Object.assign(send.writes, { archive });
      Object.assign(show.reads, { archive });
    },
  });
  refuses(
    'one that stands and nobody writes',
    { jobs: ({ show }) => void Object.assign(show.reads, { archive: standingFolder('archive') }) },
    'tiny.folders.archive: is read, but nobody writes it; got "folder archive"; allowed: a job that writes it',
  );
});

describe('datasets', () => {
  const kept = (props: object = {}, name = 'kept_words') =>
    dataset(name, { schema: jsonSchema('word.schema.json'), ...props } as never);
  const written = (thing: ReturnType<typeof dataset>): Change => ({
    jobs: ({ show }) => void Object.assign(show.writes, { kept: thing }),
  });

  accepts('one that is written by one job and kept in order by another', {
    jobs: ({ send, show }) => {
      const thing = kept({
        partitionBy: ['word', 'bucket(16, word)', 'truncate(2, word)'],
        fileSize: 64,
        keep: days(1),
      });
      Object.assign(send.writes, { kept: thing });
      Object.assign(show, { reads: { ...show.reads, kept: thing }, writes: { ...show.writes, kept: thing } });
    },
  });
  test('make files of 128 MiB and keep what was for a week, unless they say otherwise', () => {
    const told = (props: object) => {
      const { fileSize, keepHours } = Object(
        kept(props).writePart({ pipeline: { name: 'tiny' }, alias: 'kept' } as never),
      );
      return [fileSize, keepHours];
    };
    expect(told({})).toEqual([128, 168]);
    expect(told({ fileSize: 64, keep: days(1) + 1 })).toEqual([64, 25]);
  });
  for (const name of ['Words', 'a-b', '', '1a', 'x'.repeat(31)]) {
    refuses(
      `the name ${JSON.stringify(name)}`,
      written(kept({}, name)),
      `tiny.datasets.kept.name: is not a name for a dataset; got ${JSON.stringify(name)}; allowed: a-z, 0-9 and _, first a letter, 30 at most`,
    );
  }
  refuses(
    'an Avro schema, which is no address',
    written(kept({ schema: avro('word.avsc') })),
    'tiny.datasets.kept.schema: is no schema of a dataset; got {"format":"avro","file":"word.avsc"}; allowed: jsonSchema(...)',
  );
  refuses(
    'a schema that is not there',
    written(kept({ schema: jsonSchema('none.schema.json') })),
    'tiny.datasets.kept.schema: does not exist; got "<root>/pipelines/tiny/schemas/none.schema.json"; allowed: a file in the schemas folder of the pipeline',
  );
  refuses(
    'a division that Iceberg does not have',
    written(kept({ partitionBy: ['weeks(word)'] })),
    'tiny.datasets.kept.partitionBy.0: is no way to divide files; got "weeks(word)"; allowed: column, years(column), months(column), days(column), hours(column), bucket(16, column), truncate(4, column)',
  );
  refuses(
    'a division by no column',
    written(kept({ partitionBy: ['bucket(4, town)'] })),
    'tiny.datasets.kept.partitionBy.0: is of no column; got "town"; allowed: word, times, weight',
  );
  refuses(
    'days of what is no time',
    written(kept({ partitionBy: ['days(word)'] })),
    'tiny.datasets.kept.partitionBy.0: is of no time; got "word"; allowed: a property of format date-time',
  );
  refuses(
    'files of no size',
    written(kept({ fileSize: 0 })),
    'tiny.datasets.kept.fileSize: is out of range; got 0; allowed: whole numbers from 1 to 2048 MiB',
  );
  refuses(
    'a history of minutes',
    written(kept({ keep: 60_000 })),
    'tiny.datasets.kept.keep: is out of range; got 60000; allowed: whole numbers from 3600000 to 315360000000 ms',
  );
  refuses(
    'a stream that writes one',
    { jobs: ({ count }) => void Object.assign(count.writes, { kept: kept() }) },
    'tiny.jobs.count.writes.kept: is not written by streams; got "dataset kept_words"; allowed: a batch job that appends what is new on a topic',
  );
  refuses(
    'a stream that reads one',
    {
      jobs: ({ send, count }) => {
        const thing = kept();
        Object.assign(send.writes, { kept: thing });
        Object.assign(count.reads, { kept: thing });
      },
    },
    'tiny.jobs.count.reads.kept: is no source of a stream; got "dataset kept_words"; allowed: a batch job',
  );
});

describe('lookups', () => {
  accepts('a compacted topic', {
    jobs: ({ show }, { wordCounts }) => void Object.assign(show, { reads: { wordCounts: latest(wordCounts) } }),
  });
  refuses(
    'a topic that forgets keys',
    { jobs: ({ show }, { words }) => void Object.assign(show.reads, { words: latest(words) }) },
    'tiny.jobs.show.reads.words: is read as a lookup, but forgets keys; got "delete"; allowed: a topic with cleanup \'compact\'',
  );
});

describe('lateness', () => {
  const minutes = integer({ default: 5, minimum: 0, maximum: 60, unit: 'minutes', description: 'How late.' });
  const reading = (lateness: unknown, job: object = {}) => ({
    jobs: ({ count }: { count: object }, { words }: { words: Parameters<typeof events>[0] }) =>
      void Object.assign(count, { reads: { words: events(words, { lateness } as never) }, ...job }),
  });
  accepts('minutes', reading(30));
  accepts('a parameter of the job', reading(minutes, { parameters: { minutes } }));
  accepts('none', reading('none'));
  refuses(
    'a parameter of no job',
    reading(minutes),
    'tiny.jobs.count.reads.words.lateness: is a parameter that its reader does not have; got {"kind":"integer","default":5,"minimum":0,"maximum":60,"unit":"minutes","description":"How late."}; allowed: a parameter of the job, or minutes',
  );
  for (const lateness of [1_441, -1, 1.5, 'never', null, { ...minutes, maximum: 1_441 }]) {
    test(`refuses ${JSON.stringify(lateness)}`, () => {
      expect(refusalOf(tinyPipeline(reading(lateness)))).toEqual([
        `tiny.jobs.count.reads.words.lateness: is no lateness; got ${JSON.stringify(lateness)}; allowed: minutes from 0 to 1440, a parameter made by integer(...) that allows no others, or none`,
      ]);
    });
  }
  refuses(
    'none beside windows, which would never end',
    reading('none', { windows: { minutes: 5 }, keys: 1 }),
    'tiny.jobs.count.windows: never end over events that are never late; got {"minutes":5}; allowed: a lateness in minutes',
  );
  const replaying = (props: (words: Topic) => object, others: object = {}): Change => ({
    jobs: ({ count }, { words }) =>
      void Object.assign(count, { reads: { words: events(words, props(words)), ...others } }),
  });
  refuses(
    'replays by a topic that its reader does not read',
    replaying((words) => ({ replays: replaysOf(words) })),
    'tiny.jobs.count.reads.words.replays: is a topic that its reader does not read; got "topic tiny.words.replays"; allowed: one of the topics in `reads`',
  );
  refuses(
    'days of replays that cannot come',
    replaying(() => ({ replayDays: 2 })),
    'tiny.jobs.count.reads.words.replayDays: has no effect without replays; got 2; allowed: none, or replays: replaysOf(...)',
  );
  refuses(
    'a replay of more than a year',
    replaying(() => ({ replayDays: 366 })),
    'tiny.jobs.count.reads.words.replayDays: is out of range; got 366; allowed: whole numbers from 0 to 365 days',
  );
});
