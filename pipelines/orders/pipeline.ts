/**
 * The orders pipeline: orders are sent to a topic as JSON, summed by country in sliding windows, and summed as a whole
 * for the console, for a file and for another topic. No registry takes part. Everything about it that is not code of a
 * job is declared here once. Loaded by `loadPipelines`.
 */
import { oneWorker, sendingTunables, windowTunables } from '../../lib/declaration/common.ts';
import { days } from '../../lib/declaration/model.ts';
import { definePipeline } from '../../lib/declaration/pipeline.ts';

export default definePipeline(import.meta.url, {
  name: 'orders',
  description: 'Orders by country: totals, and windows of 10 minutes that start every 5 minutes.',

  topics: {
    orders: {
      name: 'orders.json',
      partitions: 4,
      cleanup: 'delete',
      retention: days(7),
      // The broker stamps records, so that "late" and "future" are decided by a clock that no producer can set.
      timestamps: 'LogAppendTime',
      value: { file: 'order.schema.json' },
      external: 'written',
    },
    totals: {
      name: 'orders.by-country.json',
      partitions: 2,
      cleanup: 'compact',
      value: { file: 'totals.schema.json' },
      external: 'read',
    },
    windows: {
      name: 'orders.by-country.windows.json',
      partitions: 2,
      cleanup: 'compact',
      key: { file: 'window-key.schema.json' },
      value: { file: 'window.schema.json' },
      external: 'read',
    },
    deadLetters: { name: 'orders.dead-letters', partitions: 1, cleanup: 'delete', retention: days(7) },
  },

  files: { orders: { sample: 'orders.jsonl', schema: { file: 'order.schema.json' } } },

  jobs: {
    produce: {
      entryPoint: 'produce.py',
      mode: 'batch',
      reads: { files: ['orders'] },
      writes: { topics: ['orders'], folders: ['rejects'] },
      size: oneWorker,
      tunables: sendingTunables('orders', 200),
    },
    sumByWindow: {
      entryPoint: 'sum_by_window.py',
      mode: 'streaming',
      reads: { topics: ['orders'] },
      writes: { topics: ['windows', 'deadLetters'] },
      queries: ['windows', 'dead-letters'],
      size: { driver: { cores: 1, memory: 4 }, executor: { cores: 2, memory: 4 }, executors: 1 },
      tunables: windowTunables('an order'),
    },
    totalsToConsole: {
      entryPoint: 'totals_to_console.py',
      mode: 'batch',
      reads: { topics: ['orders'] },
      writes: {},
      size: oneWorker,
    },
    totalsToCsv: {
      entryPoint: 'totals_to_csv.py',
      mode: 'batch',
      reads: { topics: ['orders'] },
      writes: { folders: ['results'] },
      size: oneWorker,
    },
    totalsToTopic: {
      entryPoint: 'totals_to_topic.py',
      mode: 'batch',
      reads: { topics: ['orders'] },
      writes: { topics: ['totals'] },
      size: oneWorker,
    },
  },

  order: {
    kind: 'bounded',
    stream: 'sumByWindow',
    during: ['produce'],
    after: ['totalsToConsole', 'totalsToCsv', 'totalsToTopic'],
  },

  reconciliation: {
    file: 'orders',
    rows: 'rows',
    source: 'orders',
    rejects: 'rejects',
    deadLetters: 'deadLetters',
    summary: { topic: 'windows', count: 'orders', windowsPerRow: 2 },
  },

  report: {
    job: 'totalsToCsv',
    folder: 'results',
    columns: [
      { field: 'country', title: 'country', format: 'text' },
      { field: 'sales', title: 'sales', format: 'money' },
      { field: 'orders', title: 'orders', format: 'count' },
    ],
  },
});
