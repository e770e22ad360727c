/** Orders are sent to a topic as JSON, summed by country in sliding windows, and summed as a whole for the console, a file and a topic. No registry takes part. */
import {
  batch,
  days,
  deadLettersOf,
  events,
  folder,
  jsonLines,
  jsonSchema,
  pipeline,
  sendingParameters,
  stream,
  streamParameters,
  topic,
} from '../../lib/declaration/index.ts';

const order = jsonSchema('order.schema.json');
const ordersFile = jsonLines('orders.jsonl', order);

const orders = topic('orders.json', {
  partitions: 4,
  retention: days(7),
  // The broker stamps records, so that "late" and "future" are decided by a clock that no producer can set.
  timestamps: 'LogAppendTime',
  value: order,
  external: 'written',
});
const totals = topic('orders.by-country.json', {
  partitions: 2,
  cleanup: 'compact',
  value: jsonSchema('totals.schema.json'),
  external: 'read',
});
const windows = topic('orders.by-country.windows.json', {
  partitions: 2,
  cleanup: 'compact',
  key: jsonSchema('window-key.schema.json'),
  value: jsonSchema('window.schema.json'),
  external: 'read',
});
const deadLetters = deadLettersOf(orders);

const rejects = folder('rejects');
const results = folder('results');

const sending = sendingParameters('orders', 200);
const streaming = streamParameters('an order');

const produce = batch('produce.py', {
  reads: { orders: ordersFile },
  writes: { orders, rejects },
  parameters: sending,
});

const sumByWindow = stream('sum_by_window.py', {
  reads: { orders: events(orders, { lateness: streaming.allowedLateness }) },
  writes: { windows, deadLetters },
  parameters: streaming,
  windows: { minutes: 10, every: 5 },
  keys: 250,
  size: { driver: { cores: 1, memory: 4 }, executor: { cores: 2, memory: 4 }, executors: 1 },
});

const totalsToConsole = batch('totals_to_console.py', { reads: { orders }, writes: {} });
const totalsToCsv = batch('totals_to_csv.py', { reads: { orders }, writes: { results } });
// It reads what it wrote before, to delete countries of which the topic holds no order any more.
const totalsToTopic = batch('totals_to_topic.py', { reads: { orders, totals }, writes: { totals } });

export default pipeline(import.meta.url, {
  description: 'Orders by country: totals, and windows of 10 minutes that start every 5 minutes.',
  jobs: { produce, sumByWindow, totalsToConsole, totalsToCsv, totalsToTopic },
  accounts: [
    {
      sent: orders,
      from: { file: ordersFile, rows: sending.rows, rejects },
      deadLetters,
      results: { topic: windows, count: 'orders' },
    },
  ],
  report: {
    job: totalsToCsv,
    folder: results,
    columns: [
      { field: 'country', title: 'country', format: 'text' },
      { field: 'sales', title: 'sales', format: 'money' },
      { field: 'orders', title: 'orders', format: 'count' },
    ],
    chart: { x: 'country', y: 'sales' },
  },
});
