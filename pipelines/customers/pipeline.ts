/** Customers of a company, as its database has them: a connector publishes each change, and the newest state of each customer is summed up by gender. No registry takes part. */
import {
  batch,
  connector,
  dataset,
  deadLettersOf,
  events,
  folder,
  integer,
  jsonSchema,
  pipeline,
  postgres,
  stream,
  streamParameters,
  table,
  topic,
} from '../../lib/declaration/index.ts';

const changes = topic('customers.changes', {
  partitions: 2,
  cleanup: 'compact',
  timestamps: 'LogAppendTime',
  key: jsonSchema('customer-key.schema.json'),
  value: jsonSchema('change.schema.json'),
  external: 'read',
});
const genders = topic('customers.by-gender', {
  partitions: 1,
  cleanup: 'compact',
  value: jsonSchema('gender.schema.json'),
  external: 'read',
});
const deadLetters = deadLettersOf(changes);

const database = postgres('customers', { logicalReplication: true });
const customer = table('customer', {
  database,
  key: ['id'],
  columns: [
    ...['id', 'name', 'gender', 'address', 'phone', 'email'],
    ...['photo', 'birthdate', 'profession', 'dt_update'],
  ],
  deletes: true,
});
// A deleted customer stays here, so that deletions can be counted after the topic has forgotten them.
const latest = table('customer_latest', { database, key: ['id'], columns: ['id', 'gender', 'age', 'deleted'] });
const byGender = table('by_gender', {
  database,
  key: ['gender'],
  columns: ['gender', 'customers', 'average_age', 'deleted'],
});

const history = dataset('changes', { schema: jsonSchema('history.schema.json'), partitionBy: ['months(dt_update)'] });

const results = folder('results');

const { triggerSeconds } = streamParameters('a change');

const produce = batch('produce.py', {
  reads: {},
  writes: { customer },
  parameters: {
    changes: integer({
      default: 120,
      minimum: 1,
      maximum: 10_000_000,
      unit: 'changes',
      description: 'How many changes are made: of ten, seven new customers, two corrections and one deletion.',
    }),
    rate: integer({
      default: 2,
      minimum: 0,
      maximum: 20_000,
      unit: 'changes a second',
      description: 'How fast changes are made; 0 makes them as fast as possible.',
    }),
    seed: integer({
      default: 1,
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      unit: 'number',
      description: 'The same seed makes the same customers, but for their ids and times.',
    }),
  },
});

const sumByGender = stream('sum_by_gender.py', {
  // A change that waited while its connector was away is as good as any.
  reads: { changes: events(changes, { lateness: 'none' }) },
  writes: { latest, byGender, genders, deadLetters },
  parameters: { triggerSeconds },
});

const showGenders = batch('show_genders.py', { reads: { byGender }, writes: { results } });

const archive = batch('archive.py', { reads: { changes }, writes: { history } });
// Once a day or so, not with each run: it merges what many of them have added.
const compact = batch('compact.py', { reads: {}, writes: { history }, alone: true });

export default pipeline(import.meta.url, {
  description: 'Customers as a database has them, by their changes: how many and how old they are, by gender.',
  connectors: {
    customerChanges: connector('debezium-postgres', {
      writes: { changes },
      tables: { changes: customer },
      config: {
        // What was deleted is said once more before its key is forgotten.
        'transforms.unwrap.delete.tombstone.handling.mode': 'rewrite-with-tombstone',
        'transforms.unwrap.add.fields': 'op,lsn',
        'time.precision.mode': 'isostring',
        'heartbeat.interval.ms': 1_000,
      },
    }),
  },
  jobs: { produce, sumByGender, showGenders, archive, compact },
  sums: [{ sent: changes, deadLetters, table: byGender, column: 'customers' }],
  report: {
    job: showGenders,
    folder: results,
    columns: [
      { field: 'gender', title: 'gender', format: 'text' },
      { field: 'customers', title: 'customers', format: 'count' },
      { field: 'average_age', title: 'average age', format: 'money' },
      { field: 'deleted', title: 'deleted', format: 'count' },
    ],
    chart: { x: 'gender', y: 'customers' },
  },
});
