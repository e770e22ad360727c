/** Changes of a database that is not ours, counted by a stream, and visits that are kept: an invented pipeline with a connector each way. */
import {
  connector,
  dataset,
  deadLettersOf,
  jsonSchema,
  latest,
  pipeline,
  secret,
  stream,
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
  jobs: {
    count: stream('count.py', { reads: { visits, clients: latest(clients) }, writes: { counts } }),
  },
});
