/** What a connector is told, and each kind of mistake in one, in the words that a person reads. */
import { describe, expect, test } from 'vitest';
import { isFed, orderOf, topicsOf } from '../../../lib/declaration/flow.ts';
import {
  batch,
  connector,
  events,
  jsonSchema,
  postgres,
  secret,
  stream,
  table,
  topic,
} from '../../../lib/declaration/index.ts';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import { refusalOf, type TinyThings, tinyPipeline, tinyProject } from './tiny-pipeline.ts';

tinyProject();

const password = secret('shop/debezium', 'password');
const changes = topic('tiny.changes', {
  partitions: 1,
  cleanup: 'compact',
  value: jsonSchema('word.schema.json'),
  external: 'read',
});
const right = {
  plugin: 'debezium-postgres',
  writes: { changes },
  tables: { changes: 'public.words' },
  config: { 'database.hostname': 'words.example', 'database.password': password },
};

/** Lines of the refusal of the tiny pipeline with a connector that differs from the right one. */
const refusal = (change: object | ((things: TinyThings) => object) = {}, name = 'wordChanges'): string[] =>
  refusalOf(
    tinyPipeline({
      whole: (declaration, things) => {
        const { plugin, ...props } = { ...right, ...(typeof change === 'function' ? change(things) : change) };
        Object.assign(declaration, { connectors: { [name]: connector(plugin as never, props as never) } });
      },
    }),
  );

const withSetting = (name: string, value: unknown): object => ({ config: { [name]: value } });

test('a connector is accepted, its topic written by it and read outside', () => {
  expect(refusal()).toEqual([]);
});

test('the port of a database outside is that of PostgreSQL unless another one is said; of the pipeline its own is known', () => {
  const portOf = (config: object, tables: object = { changes: 'public.words' }) =>
    connector('debezium-postgres', { ...right, config, tables } as never).databasePort;
  const own = table('words', { database: postgres('tiny'), key: ['word'], columns: ['word'] });
  expect([portOf({}), portOf({ 'database.port': 6_432 }), portOf({}, { changes: own })]).toEqual([
    5_432,
    6_432,
    undefined,
  ]);
});

test('a connector has a name with which its slot has at most 63 characters', () => {
  const [longest, longer] = ['A', 'aA'].map((begin) => `a${begin.slice(0, -1)}${'A'.repeat(24)}`) as [string, string];
  expect(refusal({}, longest)).toEqual([]);
  const slot = `millrace_tiny_aa${'_a'.repeat(24)}`;
  expect(refusal({}, longer)).toEqual([
    `tiny.connectors.${longer}: makes the name of a replication slot too long; got "${slot}"; allowed: 63 characters`,
  ]);
});

test('Kafka Connect is told what the declaration says, and of secrets only in which file they are', () => {
  expect(clients.connectors?.clientChanges?.configuration(clients, 'clientChanges')).toEqual({
    'connector.class': 'io.debezium.connector.postgresql.PostgresConnector',
    'tasks.max': '1',
    'database.hostname': 'clients.example',
    'database.port': '5432',
    'database.dbname': 'shop',
    'database.user': 'debezium',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Kafka Connect's own form of a reference
    'database.password': '${directory:secrets:shop.debezium.password}',
    'plugin.name': 'pgoutput',
    'topic.prefix': 'clients.clientChanges',
    'topic.heartbeat.name': 'millrace.clients.heartbeat.clientChanges',
    'heartbeat.interval.ms': '10000',
    'slot.name': 'millrace_clients_client_changes',
    'publication.name': 'millrace_clients_client_changes',
    'publication.autocreate.mode': 'filtered',
    'table.include.list': 'public\\.clients',
    transforms: 'unwrap,to_clients',
    'transforms.unwrap.type': 'io.debezium.transforms.ExtractNewRecordState',
    'transforms.unwrap.delete.tombstone.handling.mode': 'tombstone',
    'transforms.to_clients.type': 'org.apache.kafka.connect.transforms.RegexRouter',
    'transforms.to_clients.regex': 'clients\\.clientChanges\\.public\\.clients',
    'transforms.to_clients.replacement': 'clients.changes',
  });
});

describe('of a table of the pipeline', () => {
  const database = postgres('tiny', { logicalReplication: true });
  const own = (of = database) => table('words', { database: of, key: ['id'], columns: ['id', 'word'] });
  const reading = (words: ReturnType<typeof own>, config: object = {}) =>
    connector('debezium-postgres', { writes: { changes }, tables: { changes: words }, config: { ...config } });

  test('it signs in as a role that is made for it, and makes no publication', () => {
    const told = reading(own()).configuration(tinyPipeline(), 'wordChanges');
    expect(told).toMatchObject({
      'database.dbname': 'tiny',
      'database.user': 'tiny_replication',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: Kafka Connect's own form of a reference
      'database.password': '${directory:secrets:tiny_replication}',
      'publication.autocreate.mode': 'disabled',
      'table.include.list': 'tiny\\.words',
      'transforms.to_changes.regex': 'tiny\\.wordChanges\\.tiny\\.words',
    });
  });

  test('who writes the table comes before who follows its changes', () => {
    const words = own();
    const { folders } = clients;
    const pipeline = {
      ...{ name: 'tiny', description: 'x', folders },
      connectors: { wordChanges: reading(words) },
      jobs: {
        write: batch('write.py', { reads: {}, writes: { words } }),
        count: stream('count.py', { reads: { changes: events(changes, { lateness: 'none' }) }, writes: {} }),
      },
    };
    expect(orderOf(pipeline)).toEqual({ streams: ['count'], during: ['write'], after: [] });
    expect(isFed(pipeline, 'count')).toBe(true);
  });

  test.each([
    [
      'in a database that nobody may follow',
      { changes: own(postgres('tiny')) },
      {},
      'is in a database that nobody may follow',
    ],
    ['that no job uses', { changes: own() }, {}, 'is used by no job'],
    ['with a place of its own', { changes: own() }, { 'database.hostname': 'x' }, 'follows from the declaration'],
    ['with a user of its own', { changes: own() }, { 'database.user': 'x' }, 'follows from the declaration'],
  ])('%s is refused', (_, tables, config, told) => {
    expect(refusal({ tables, config }).join()).toContain(told);
  });
});

test('its topics are topics of the pipeline', () => {
  expect(Object.keys(topicsOf(clients))).toEqual(['clients', 'visits', 'lostVisits', 'calls', 'counts']);
});

describe('refused is', () => {
  test('a plugin that is not there', () => {
    expect(refusal({ plugin: 'debezium-mysql' })).toEqual([
      'tiny.connectors.wordChanges.plugin: is none of its words; got "debezium-mysql"; allowed: debezium-postgres, iceberg-sink',
    ]);
  });
  test('a word that is none', () => {
    expect(refusal({ table: 'x' })).toEqual([
      'tiny.connectors.wordChanges.table: is not a word for it; got "table"; allowed: plugin, writes, tables, config',
    ]);
  });
  test('a connector without topics', () => {
    expect(refusal({ writes: {}, tables: {} })).toEqual([
      'tiny.connectors.wordChanges.writes: are none; got "no topic"; allowed: at least one',
    ]);
  });
  test('the name of a job', () => {
    expect(refusal({}, 'count')).toEqual([
      'tiny.connectors.count: is the name of a job too; got "count"; allowed: a name of its own',
    ]);
  });
  test('a topic without a table, and a table without a topic', () => {
    expect(refusal({ tables: { words: 'public.words' } })).toEqual([
      'tiny.connectors.wordChanges.tables.changes: is missing; got nothing; allowed: schema.table',
      'tiny.connectors.wordChanges.tables.words: is of no topic that it writes; got "words"; allowed: changes',
    ]);
  });
  test('a table without its schema', () => {
    expect(refusal({ tables: { changes: 'words' } })).toEqual([
      'tiny.connectors.wordChanges.tables.changes: is neither a table nor the name of one; got "words"; allowed: a table made by table(...), or schema.table, of letters, digits and _',
    ]);
  });
  test('a topic of Avro', () => {
    const refused = refusal(({ wordCounts }) => ({ writes: { wordCounts }, tables: { wordCounts: 'public.words' } }));
    expect(refused).toHaveLength(2);
    expect(refused[1]).toMatch(
      /^tiny\.connectors\.wordChanges\.writes\.wordCounts: has a schema that connectors do not write; got .*; allowed: jsonSchema\(\.\.\.\), or none$/,
    );
  });
  test('a topic that nobody reads', () => {
    const unread = topic('tiny.unread', { partitions: 1 });
    expect(refusal({ writes: { unread }, tables: { unread: 'public.words' } })).toEqual([
      'tiny.topics.unread: is neither written nor read by a job; got "topic tiny.unread"; allowed: a job that uses it, or external: \'both\'',
    ]);
  });
  test.each([
    'name',
    'connector.class',
    'slot.name',
    'topic.prefix',
    'transforms',
    'transforms.to_changes.regex',
    'table.include.list',
    'producer.override.acks',
    'topic.creation.default.partitions',
  ])('the setting %s, which follows from the declaration', (name) => {
    expect(refusal(withSetting(name, 'x'))).toEqual([
      `tiny.connectors.wordChanges.config.${name}: follows from the declaration; got "${name}"; allowed: no such setting`,
    ]);
  });
  test.each([
    ['database.password', 'hunter2'],
    ['signal.kafka.consumer.sasl.jaas.config', 'x'],
    ['driver.url', 'jdbc:postgresql://clients/shop?password=hunter2'],
    ['schema.url', 'https://me:hunter2@clients/'],
  ])('a secret in the setting %s, whose value is not told', (name, value) => {
    expect(refusal(withSetting(name, value))).toEqual([
      `tiny.connectors.wordChanges.config.${name}: is a secret, which would stand in templates; got "a text"; allowed: secret(name, key)`,
    ]);
  });
  test('a reference to a file of the worker', () => {
    const reference = '$'.concat('{directory:/proc/self:environ}');
    expect(refusal(withSetting('database.user', reference))).toEqual([
      `tiny.connectors.wordChanges.config.database.user: would be read as a reference to a file; got "${reference}"; allowed: a text without "$\{", or secret(name, key)`,
    ]);
  });
  test.each([secret('shop debezium', 'password'), secret('shop', '../x'), null, ['x']])('the value %j', (value) => {
    expect(refusal(withSetting('database.password', value))).toEqual([
      expect.stringMatching(
        /config\.database\.password: is no setting; got .*; allowed: a text, a number, true, false or secret\(name, key\)$/,
      ),
    ]);
  });
  test('what a transformation of ours may not be told, and nothing more', () => {
    expect(refusal(withSetting('transforms.unwrap.add.fields', 'op'))).toEqual([]);
    expect(refusal(withSetting('heartbeat.interval.ms', 1_000))).toEqual([]);
  });
});
