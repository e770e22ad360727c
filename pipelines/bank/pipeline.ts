/** Transactions of a bank: sums by branch and currency for every two seconds go into a table of PostgreSQL. No registry takes part. */
import {
  batch,
  days,
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

const transactions = topic('bank.transactions', {
  partitions: 3,
  retention: days(7),
  // The intervals are of these timestamps: a batch that is repeated finds them as they were.
  timestamps: 'LogAppendTime',
  value: jsonSchema('transaction.schema.json'),
  external: 'written',
});
const deadLetters = deadLettersOf(transactions);

const bank = postgres('bank');
const flow = table('transaction_flow', {
  database: bank,
  key: ['curr_time', 'branch_name', 'currency_code'],
  columns: ['curr_time', 'branch_name', 'currency_code', 'batch_value'],
});

const results = folder('results');

const { triggerSeconds } = streamParameters('a transaction');

const produce = batch('produce.py', {
  reads: {},
  writes: { transactions },
  parameters: {
    transactions: integer({
      default: 1_000,
      minimum: 1,
      maximum: 100_000_000,
      unit: 'transactions',
      description: 'How many transactions are made.',
    }),
    rate: integer({
      default: 100,
      minimum: 0,
      maximum: 20_000,
      unit: 'transactions a second',
      description: 'How fast transactions are sent; 0 sends them as fast as possible.',
    }),
    seed: integer({
      default: 1,
      minimum: 0,
      maximum: Number.MAX_SAFE_INTEGER,
      unit: 'number',
      description: 'The same seed makes the same transactions.',
    }),
  },
});

const sumByInterval = stream('sum_by_interval.py', {
  // They are dated by their own records, and so never late.
  reads: { transactions: events(transactions, { lateness: 'none' }) },
  writes: { flow, deadLetters },
  parameters: { triggerSeconds },
});

const showFlow = batch('show_flow.py', { reads: { flow }, writes: { results } });

export default pipeline(import.meta.url, {
  description: 'Transactions of a bank: sums by branch and currency for every two seconds, in a table of PostgreSQL.',
  jobs: { produce, sumByInterval, showFlow },
  sums: [{ sent: transactions, of: 'amount', deadLetters, table: flow, column: 'batch_value' }],
  report: {
    job: showFlow,
    folder: results,
    columns: [
      { field: 'branch_name', title: 'branch', format: 'text' },
      { field: 'currency_code', title: 'currency', format: 'text' },
      { field: 'batch_value', title: 'value', format: 'money' },
      { field: 'intervals', title: 'intervals', format: 'count' },
      { field: 'latest', title: 'latest', format: 'time' },
    ],
    chart: { x: 'branch_name', y: 'batch_value', by: 'currency_code' },
  },
});
