/** Changes of a database that is not ours, counted by a stream: an invented pipeline with a connector. */
import { connector, jsonSchema, latest, pipeline, secret, stream, topic } from '../../../../lib/declaration/index.ts';

const clients = topic('clients.changes', {
  partitions: 1,
  cleanup: 'compact',
  timestamps: 'LogAppendTime',
  value: jsonSchema('client.schema.json'),
});
const visits = topic('clients.visits', { partitions: 1, external: 'written' });
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
  },
  jobs: {
    count: stream('count.py', { reads: { visits, clients: latest(clients) }, writes: { counts } }),
  },
});
