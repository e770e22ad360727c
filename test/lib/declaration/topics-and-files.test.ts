/** Each kind of mistake in topics, schemas and files, in the words that a person reads. */
import { describe, expect, test } from 'vitest';
import { accepts, refuses } from './refusals.ts';
import { asJson, refusalOf, type TinyPipeline, tinyPipeline } from './tiny-pipeline.ts';

describe('topics', () => {
  refuses(
    "a name that is none of Kafka's",
    (p) => {
      p.topics.words.name = 'tiny words';
    },
    'tiny.topics.words.name: is not a topic name; got "tiny words"; allowed: letters, digits, ".", "_" and "-", 249 at most, "__" not in front',
  );
  for (const name of ['.', '..', '__words', 'x'.repeat(250)]) {
    test(`refuses the name ${name.slice(0, 10)}`, () => {
      expect(
        refusalOf(
          tinyPipeline((p) => {
            p.topics.lost.name = name;
          }),
        ),
      ).toEqual([expect.stringContaining('tiny.topics.lost.name: is not a topic name')]);
    });
  }
  for (const partitions of [0, 2_401, 1.5, '4', Number.NaN]) {
    test(`refuses ${JSON.stringify(partitions)} partitions`, () => {
      const change = (p: TinyPipeline) => void Object.assign(p.topics.lost, { partitions });
      expect(refusalOf(tinyPipeline(change))[0]).toBe(
        `tiny.topics.lost.partitions: is out of range; got ${JSON.stringify(partitions)}; allowed: whole numbers from 1 to 2400`,
      );
    });
  }
  refuses(
    'a retention that is too short',
    (p) => {
      p.topics.words.retention = 59_999;
    },
    'tiny.topics.words.retention: is out of range; got 59999; allowed: whole numbers from 60000 to 9007199254740991 ms',
  );
  refuses(
    'a retention of a compacted topic',
    (p) => void Object.assign(p.topics.wordCounts, { retention: 3_600_000 }),
    'tiny.topics.wordCounts.retention: has no effect on a compacted topic; got 3600000; allowed: no retention, or cleanup delete',
  );
  refuses(
    'a compacted topic without keys',
    (p) => void Reflect.deleteProperty(p.topics.wordCounts, 'key'),
    'tiny.topics.wordCounts.key: a compacted topic keeps the last record of each key; got "no key schema"; allowed: a key schema',
  );
  refuses(
    'a source of a stream whose retention is not said',
    (p) => void Reflect.deleteProperty(p.topics.words, 'retention'),
    'tiny.topics.words.retention: is not said, but count derives its watermark from it; got nothing; allowed: milliseconds, such as days(7)',
  );
  refuses(
    'a setting that MSK Serverless does not have',
    (p) => void Object.assign(p.topics.words, { configuration: { 'min.insync.replicas': '2' } }),
    'tiny.topics.words.configuration: is not a setting of MSK Serverless; got "min.insync.replicas"; allowed: cleanup.policy, compression.type, max.message.bytes, message.timestamp.difference.max.ms, message.timestamp.type, retention.bytes, retention.ms',
  );
  refuses(
    'a setting that has a word of its own',
    (p) => void Object.assign(p.topics.words, { configuration: { 'retention.ms': '1' } }),
    'tiny.topics.words.configuration: has a word of its own in the declaration; got "retention.ms"; allowed: cleanup, retention, timestamps',
  );
  accepts(
    'a setting of MSK Serverless',
    (p) => void Object.assign(p.topics.words, { configuration: { 'compression.type': 'zstd' } }),
  );
});

describe('schemas and files', () => {
  refuses(
    'a schema that does not exist',
    (p) => {
      p.topics.words.value.file = 'gone.avsc';
    },
    'tiny.topics.words.value: does not exist; got "<root>/pipelines/tiny/schemas/gone.avsc"; allowed: a file in the schemas folder of the pipeline',
  );
  refuses(
    'a schema in another folder',
    (p) => {
      p.topics.words.value.file = '../schemas/word.avsc';
    },
    'tiny.topics.words.value: is not a file name; got "../schemas/word.avsc"; allowed: a name without folders',
  );
  refuses(
    'a schema that is none',
    (p) => {
      p.topics.words.value.file = 'broken.avsc';
    },
    'tiny.topics.words.value: is not an Avro schema; got "broken.avsc: unknown type: \\"rekord\\""; allowed: a schema of Avro 1.11',
  );
  refuses(
    'an artifact that no address can name',
    (p) => {
      p.files.lines.schema.artifact = 'tiny/lines';
    },
    'tiny.files.lines.schema.artifact: is not the name of an artifact; got "tiny/lines"; allowed: letters, digits, ".", "_" and "-"',
  );
  refuses(
    'a sample that does not exist',
    (p) => {
      p.files.lines.sample = 'gone.csv';
    },
    'tiny.files.lines.sample: does not exist; got "<root>/sample_data/tiny/gone.csv"; allowed: a file in <root>/sample_data/tiny',
  );
  refuses(
    'two separators',
    (p) => {
      p.files.lines.separator = '||';
    },
    'tiny.files.lines.separator: is not one character; got "||"; allowed: one character that is no quote or line end',
  );
  refuses(
    'a file that no job reads',
    (p) => {
      Object.assign(p.files, { more: { ...p.files.lines, schema: { file: 'line.avsc', artifact: 'tiny.more.csv' } } });
    },
    'tiny.files.more: is not read by a job; got "lines.csv"; allowed: a job that reads it',
  );
});

describe('JSON', () => {
  accepts('topics and files of JSON, whose keys may be plain text', (p) => {
    asJson(p);
    Object.assign(p.topics.wordCounts, { key: undefined, value: { file: 'word.schema.json' } });
  });
  refuses(
    'a JSON Schema that is none',
    (p) => void Object.assign(p.topics.words, { value: { file: 'broken.schema.json' } }),
    'tiny.topics.words.value: is not a JSON Schema that can be kept; got "broken.schema.json: its type is not \\"object\\""; allowed: the part of JSON Schema in docs/adding-a-pipeline.md',
  );
  refuses(
    'an artifact of a JSON Schema',
    (p) => void Object.assign(p.topics.words, { value: { file: 'word.schema.json', artifact: 'words' } }),
    'tiny.topics.words.value.artifact: is for Avro schemas, the registry holds no other; got "words"; allowed: none, or an .avsc file',
  );
  refuses(
    'delimited lines with a JSON Schema',
    (p) => void Object.assign(p.files.lines, { schema: { file: 'word.schema.json' } }),
    'tiny.files.lines.schema: is a JSON Schema, but its lines are delimited; got "word.schema.json"; allowed: an *.avsc file, or no separator',
  );
  refuses(
    'JSON lines with an Avro schema',
    (p) => void Object.assign(p.files.lines, { separator: undefined }),
    'tiny.files.lines.schema: is not a JSON Schema, but without a separator its lines are JSON; got "line.avsc"; allowed: a *.schema.json file, or a separator',
  );
  refuses(
    'the schema of delimited lines without a name in the registry',
    (p) => void Reflect.deleteProperty(p.files.lines.schema, 'artifact'),
    'tiny.files.lines.schema.artifact: is missing; got nothing; allowed: the name of the artifact in the registry',
  );
  refuses(
    'a count that is no whole number of the JSON Schema',
    (p) => {
      Object.assign(p.topics.wordCounts, { value: { file: 'word.schema.json' } });
      p.reconciliation.summary.count = 'weight';
    },
    'tiny.reconciliation.summary.count: is not a whole number in the values of its topic; got "weight"; allowed: times',
  );
});
