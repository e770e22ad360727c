/**
 * The sales pipeline: sales are sent to a topic, summed by region in sliding windows, and read back as a table.
 * Everything about it that is not code of a job is declared here once. Loaded by `loadPipelines`.
 */
import { oneWorker, sendingTunables, windowTunables } from '../../lib/declaration/common.ts';
import { days } from '../../lib/declaration/model.ts';
import { definePipeline } from '../../lib/declaration/pipeline.ts';

export default definePipeline(import.meta.url, {
  name: 'sales',
  description: 'Sales by region in windows of 10 minutes that start every 5 minutes.',

  topics: {
    sales: {
      name: 'pagila.sales.avro',
      partitions: 4,
      cleanup: 'delete',
      retention: days(7),
      // The broker stamps records, so that "late" and "future" are decided by a clock that no producer can set.
      timestamps: 'LogAppendTime',
      key: { file: 'sales-key.avsc' },
      value: { file: 'sales-value.avsc' },
    },
    summaries: {
      name: 'pagila.sales.summary.avro',
      partitions: 2,
      cleanup: 'compact',
      key: { file: 'summary-key.avsc' },
      value: { file: 'summary-value.avsc' },
    },
    deadLetters: { name: 'pagila.sales.dead-letters', partitions: 1, cleanup: 'delete', retention: days(7) },
  },

  files: {
    sales: {
      sample: 'sales.csv',
      separator: '|',
      schema: { file: 'sales.csv.avsc', artifact: 'pagila.sales.csv' },
    },
    regions: {
      sample: 'regions.csv',
      separator: ',',
      schema: { file: 'regions.csv.avsc', artifact: 'pagila.sales.regions.csv' },
    },
  },

  jobs: {
    produce: {
      entryPoint: 'produce.py',
      mode: 'batch',
      reads: { files: ['sales'] },
      writes: { topics: ['sales'], folders: ['rejects'] },
      size: oneWorker,
      tunables: sendingTunables('sales', 200),
    },
    enrich: {
      entryPoint: 'enrich.py',
      mode: 'streaming',
      reads: { topics: ['sales'], files: ['regions'] },
      writes: { topics: ['summaries', 'deadLetters'] },
      queries: ['summaries', 'dead-letters'],
      size: { driver: { cores: 2, memory: 4 }, executor: { cores: 2, memory: 4 }, executors: 2 },
      tunables: windowTunables('a sale'),
    },
    read: {
      entryPoint: 'read.py',
      mode: 'batch',
      reads: { topics: ['summaries'] },
      writes: { folders: ['results'] },
      size: oneWorker,
      tunables: {
        region: {
          kind: 'text',
          default: '',
          pattern: '\\p{L}.{0,99}',
          unit: 'name of a region',
          description: 'Shows one region only.',
        },
        since: {
          kind: 'instant',
          default: '',
          description: 'Shows windows that end after this instant only.',
        },
      },
    },
  },

  order: { kind: 'bounded', stream: 'enrich', during: ['produce'], after: ['read'] },

  reconciliation: {
    file: 'sales',
    rows: 'rows',
    source: 'sales',
    rejects: 'rejects',
    deadLetters: 'deadLetters',
    summary: { topic: 'summaries', count: 'orders', windowsPerRow: 2 },
  },

  report: {
    job: 'read',
    folder: 'results',
    columns: [
      { field: 'region', title: 'region', format: 'text' },
      { field: 'sales', title: 'sales', format: 'money' },
      { field: 'orders', title: 'orders', format: 'count' },
      { field: 'window_start', title: 'window start', format: 'time' },
      { field: 'window_end', title: 'window end', format: 'time' },
    ],
  },
});
