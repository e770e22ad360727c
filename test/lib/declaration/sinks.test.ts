/** What a connector is told that writes a dataset, and each kind of mistake in one, in the words that a person reads. */
import { describe, expect, test } from 'vitest';
import { orderOf, ownTopicsOf, topicsOf } from '../../../lib/declaration/flow.ts';
import { avro, batch, connector, dataset, jsonSchema, topic } from '../../../lib/declaration/index.ts';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import { refusalOf, type TinyThings, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

const spoken = topic('tiny.spoken', { partitions: 2, external: 'written', value: jsonSchema('word.schema.json') });
const lostSpoken = topic('tiny.spoken.lost', { partitions: 1 });
const kept = dataset('kept', { schema: jsonSchema('word.schema.json'), partitionBy: ['bucket(16, word)', 'times'] });
const right = { reads: { spoken }, writes: { kept, lostSpoken } };

/** Lines of the refusal of the tiny pipeline with a sink that differs from the right one. */
const refusal = (
  change: object = {},
  name = 'keepWords',
  more: (things: TinyThings) => object = () => ({}),
): string[] =>
  refusalOf(
    tinyPipeline({
      whole: (declaration, things) => {
        const one = connector('iceberg-sink', { ...right, ...change } as never);
        Object.assign(declaration, { connectors: { [name]: one } });
        Object.assign(declaration.jobs, more(things));
      },
    }),
  );

test('a sink is accepted, its topic written outside, its dataset and its dead letters used by nobody else', () => {
  expect(refusal()).toEqual([]);
});

describe('Kafka Connect', () => {
  const sink = clients.connectors?.keepVisits;
  const told = sink?.configuration(clients, 'keepVisits') ?? {};

  test('is told what the declaration says', () => {
    expect(told).toMatchObject({
      'connector.class': 'millrace.connect.DatasetSink',
      'tasks.max': '1',
      topics: 'clients.visits',
      'value.converter': 'millrace.connect.DatasetRow',
      'key.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
      'millrace.dataset.table': 'clients_visits',
      'iceberg.control.topic': 'millrace.clients.control.keepVisits',
      'iceberg.control.group-id-prefix': 'millrace.clients.control.keepVisits-',
      'iceberg.coordinator.transactional.prefix': 'millrace.clients.control.keepVisits-',
      'iceberg.control.commit.interval-ms': '300000',
      'iceberg.kafka.auto.offset.reset': 'by_duration:P1D',
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': 'clients.visits.dead-letters',
    });
    expect(sink?.id('clients', 'keepVisits')).toBe('clients.keepVisits');
  });

  test('gets columns and division in the words of Iceberg; a row may lack what a table may have null', () => {
    const field = (id: number, name: string, type: string, required = false) => ({ id, name, type, required });
    const columns = (required: boolean) => [
      field(1, 'visit_id', 'long', required),
      field(2, 'client', 'string'),
      field(3, 'spent', 'decimal(18, 2)'),
      field(4, 'first', 'boolean'),
      field(5, 'visited_at', 'timestamptz'),
    ];
    expect(JSON.parse(told['millrace.dataset.schema'] ?? '').fields).toEqual(columns(false));
    expect(JSON.parse(told['value.converter.columns'] ?? '').fields).toEqual(columns(true));
    expect(JSON.parse(told['millrace.dataset.partition-spec'] ?? '').fields).toEqual([
      { name: 'visited_at_day', transform: 'day', 'source-id': 5, 'field-id': 1000 },
    ]);
    expect(JSON.parse(told['millrace.dataset.properties'] ?? '')).toMatchObject({
      'millrace.partition-by': 'days(visited_at)',
      'write.target-file-size-bytes': '134217728',
    });
    const divided = connector('iceberg-sink', right).configuration(tinyPipeline(), 'keepWords');
    expect(JSON.parse(divided['millrace.dataset.partition-spec'] ?? '').fields).toEqual([
      { name: 'word_bucket', transform: 'bucket[16]', 'source-id': 1, 'field-id': 1000 },
      { name: 'times', transform: 'identity', 'source-id': 2, 'field-id': 1001 },
    ]);
  });

  test('finds the topic by which its tasks agree, which forgets', () => {
    const own = ownTopicsOf(clients).find(({ name }) => name === 'millrace.clients.control.keepVisits');
    expect(own).toMatchObject({ cleanup: 'delete', props: { partitions: 1, retention: 604_800_000 } });
    expect(Object.keys(topicsOf(clients))).toContain('lostVisits');
  });
});

test('a job that reads nothing and runs alone may keep the dataset in order, and comes in no run', () => {
  const compact = batch('show.py', { reads: {}, writes: { kept }, alone: true });
  expect(refusal({}, 'keepWords', () => ({ compact }))).toEqual([]);
  expect(orderOf({ ...clients, jobs: { ...clients.jobs, compact } }).after).toEqual([]);
});

describe('refused is', () => {
  const at = 'tiny.connectors.keepWords';

  test('a sink without topics', () => {
    expect(refusal({ reads: {} })).toContain(`${at}.reads: are none; got "no topic"; allowed: at least one`);
  });
  test.each([
    ['without a dataset', { lostSpoken }],
    ['without dead letters', { kept }],
    ['with two datasets', { kept, lostSpoken, more: dataset('more', { schema: jsonSchema('word.schema.json') }) }],
  ])('one %s', (_, writes) => {
    expect(refusal({ writes }).join()).toMatch(
      /keepWords\.writes: are not what it writes; got .*; allowed: one dataset, and one topic for dead letters/,
    );
  });
  test('dead letters that it would read again', () => {
    expect(refusal({ writes: { kept, spoken } }).join()).toContain(
      `${at}.writes: are what it reads too; got "topic tiny.spoken"; allowed: a topic of its own for dead letters`,
    );
  });
  test.each([
    ['a topic of Avro', avro('word.avsc')],
    ['a topic of bytes', undefined],
  ])('%s', (_, value) => {
    const other = topic('tiny.other', { partitions: 1, external: 'written', ...(value && { value }) });
    expect(refusal({ reads: { other } }).join()).toMatch(
      /keepWords\.reads\.other: has no schema of JSON values; got .*; allowed: a topic whose value is jsonSchema/,
    );
  });
  test('a column that no record has', () => {
    const wider = dataset('kept', { schema: jsonSchema('wider.schema.json') });
    const refused = refusal({ writes: { kept: wider, lostSpoken } });
    expect(refused).toEqual([
      `${at}.reads.spoken: has another type than column weight of the dataset; got "decimal(18, 2)"; allowed: decimal(18, 3)`,
      `${at}.reads.spoken: has no property for a column of the dataset; got "spoken_at"; allowed: word, times, weight`,
    ]);
  });
  test('a dataset to which a job adds rows too', () => {
    const append = batch('show.py', { reads: { spoken }, writes: { kept } });
    expect(refusal({}, 'keepWords', () => ({ append }))).toEqual([
      `${at}.writes: are written by job append too; got "dataset kept"; allowed: a job that reads nothing and is \`alone: true\`, for maintenance, or a dataset for each`,
    ]);
  });
  test.each([
    'topics',
    'topics.regex',
    'value.converter.schemas.enable',
    'millrace.dataset.location',
    'iceberg.catalog.warehouse',
    'iceberg.hadoop.fs.s3a.endpoint',
    'iceberg.kafka.bootstrap.servers',
    'iceberg.tables',
    'iceberg.tables.auto-create-enabled',
    'iceberg.tables.evolve-schema-enabled',
    'iceberg.connect.group-id',
    'iceberg.control.topic',
    'errors.tolerance',
    'transforms',
    'consumer.override.group.id',
  ])('the setting %s, which follows from the declaration', (name) => {
    expect(refusal({ config: { [name]: 'x' } })).toEqual([
      `${at}.config.${name}: follows from the declaration; got "${name}"; allowed: no such setting`,
    ]);
  });
  test('nothing that is the author’s to say', () => {
    const config = {
      'tasks.max': 2,
      'iceberg.control.commit.interval-ms': 60_000,
      'iceberg.control.commit.timeout-ms': 60_000,
      'iceberg.tables.write-props.write.parquet.compression-codec': 'snappy',
    };
    expect(refusal({ config })).toEqual([]);
  });
});
