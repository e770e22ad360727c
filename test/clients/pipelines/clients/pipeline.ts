/** Changes of a database that is not ours and calls of an exchange, counted by a stream, and visits that are kept: an invented pipeline with a connector each way and a source. */
import {
  connector,
  dataset,
  deadLettersOf,
  jsonSchema,
  latest,
  pipeline,
  secret,
  source,
  stream,
  text,
  topic,
} from '../../../../lib/declaration/index.ts';

const clients = topic('clients.changes', {
  partitions: 1,
  cleanup: 'compact',
  timestamps: 'LogAppendTime',
  value: jsonSchema('client.schema.json'),
});
const visits = topic('clients.visits', { partitions: 2, external: 'written', value: jsonSchema('visit.schema.json') });
const lostVisits = deadLettersOf(visits);
const kept = dataset('visits', { schema: jsonSchema('visit.schema.json'), partitionBy: ['days(visited_at)'] });
const calls = topic('clients.calls', { partitions: 1 });
const listenToCalls = source('listenToCalls', {
  code: 'source/calls.ts',
  writes: { calls },
  secrets: { exchange: secret('shop/exchange', 'token') },
  parameters: { city: text({ default: 'Ulm', pattern: '.+', unit: 'name of a city', description: 'Whose calls.' }) },
  quietMinutes: 30,
});
const counts = topic('clients.counts', { partitions: 1 });

export default pipeline(import.meta.url, {
  description: 'Clients of an invented shop, as its database has them.',
  connectors: {
    clientChanges: connector('debezium-postgres', {
      writes: { clients },
      tables: { clients: 'public.clients' },
      config: {
        'database.hostname': 'clients.example',
        'database.port': 5432,
        'database.dbname': 'shop',
        'database.user': 'debezium',
        'database.password': secret('shop/debezium', 'password'),
      },
    }),
    keepVisits: connector('iceberg-sink', { reads: { visits }, writes: { kept, lostVisits } }),
  },
  sources: { listenToCalls },
  jobs: {
    count: stream('count.py', { reads: { visits, calls, clients: latest(clients) }, writes: { counts } }),
  },
});
