/** Sales are sent to a topic, summed by region in sliding windows, and read back as a table. */
import {
  avro,
  batch,
  csv,
  days,
  deadLettersOf,
  events,
  folder,
  instant,
  pipeline,
  replaysOf,
  sendingParameters,
  stream,
  streamParameters,
  text,
  topic,
} from '../../lib/declaration/index.ts';

const salesFile = csv('sales.csv', '|', avro('sales.csv.avsc', 'pagila.sales.csv'));
const regions = csv('regions.csv', ',', avro('regions.csv.avsc', 'pagila.sales.regions.csv'));

const sales = topic('pagila.sales.avro', {
  partitions: 4,
  retention: days(7),
  // The broker stamps records, so that "late" and "future" are decided by a clock that no producer can set.
  timestamps: 'LogAppendTime',
  key: avro('sales-key.avsc'),
  value: avro('sales-value.avsc'),
});
const summaries = topic('pagila.sales.summary.avro', {
  partitions: 2,
  cleanup: 'compact',
  key: avro('summary-key.avsc'),
  value: avro('summary-value.avsc'),
});
const deadLetters = deadLettersOf(sales);
const replays = replaysOf(sales);

const rejects = folder('rejects');
const results = folder('results');

const sending = sendingParameters('sales', 200);
const streaming = streamParameters('a sale');

const produce = batch('produce.py', { reads: { sales: salesFile }, writes: { sales, rejects }, parameters: sending });

const enrich = stream('enrich.py', {
  reads: { sales: events(sales, { lateness: streaming.allowedLateness, replays }), replays, regions },
  writes: { summaries, deadLetters },
  parameters: streaming,
  windows: { minutes: 10, every: 5 },
  keys: 10,
  size: { driver: { cores: 2, memory: 4 }, executor: { cores: 2, memory: 4 }, executors: 2 },
});

const shown = {
  region: text({
    pattern: '\\p{L}.{0,99}',
    unit: 'name of a region',
    description: 'Shows one region only.',
  }),
  since: instant({ description: 'Shows windows that end after this instant only.' }),
};
const read = batch('read.py', { reads: { summaries }, writes: { results }, parameters: shown });

export default pipeline(import.meta.url, {
  description: 'Sales by region in windows of 10 minutes that start every 5 minutes.',
  jobs: { produce, enrich, read },
  accounts: [
    {
      sent: sales,
      from: { file: salesFile, rows: sending.rows, rejects },
      deadLetters,
      results: { topic: summaries, count: 'orders' },
    },
  ],
  report: {
    job: read,
    folder: results,
    columns: [
      { field: 'region', title: 'region', format: 'text' },
      { field: 'sales', title: 'sales', format: 'money' },
      { field: 'orders', title: 'orders', format: 'count' },
      { field: 'window_start', title: 'window start', format: 'time' },
      { field: 'window_end', title: 'window end', format: 'time' },
    ],
    chart: { x: 'window_start', y: 'sales', by: 'region' },
    filters: [
      { by: shown.region, among: { file: regions, column: 'region', others: ['Unassigned'] } },
      // A sale may be so far in the future, and a window ends so long after it.
      { by: shown.since, ahead: 20 },
    ],
  },
});
