/** What a page may be told, with words in every place that nobody meant well. */
import { noFigures } from '../../local/watch/figures.ts';
import { machineIn } from '../../local/watch/machine.ts';
import type { Model, RecordTold, RowsTold, RunTold, StateTold } from '../../local/watch/model.ts';
import { pictureOf } from '../../local/watch/picture.ts';
import { chained, machineOf } from '../lib/constructs/workflow/invented.ts';
import { wordsPipeline } from '../local/support/words-pipeline.ts';

/** As text it is harmless; as markup it would call an alert. */
export const hostile = '<img src=x onerror=alert(1)><script>alert(2)</script>';

const at = (second: number): string => new Date(Date.UTC(2026, 0, 31, 13, 0, second)).toISOString();
const run = (job: string, mode: RunTold['mode'], second: number, more: Partial<RunTold>): RunTold => ({
  id: `${job}-${mode}`,
  job,
  mode,
  state: mode === 'stream' ? 'CANCELLED' : 'SUCCESS',
  details: '',
  startedAt: at(second),
  endedAt: at(second + 8),
  ...noFigures,
  ...more,
});

const state = (name: string, from: number, to: number, more: Partial<StateTold> = {}): StateTold => ({
  ...{ name, enteredAt: at(from), exitedAt: at(to), ms: (to - from) * 1_000, times: 1, retries: 0, caught: false },
  ...{ after: [], inner: [], ...more },
});

const batches = [1, 2, 3].map((batch) => ({
  batch,
  rowsIn: 400,
  rowsOut: 16,
  deadLetters: 1,
  seconds: 2.5,
  lag: 10 - batch,
}));

const drawn = pictureOf(wordsPipeline().pipeline);
const table = { id: 'tables.kept', shape: 'thing', kind: 'table', title: 'kept', name: 'kept_words' } as const;

/** An execution of the small pipeline whose rows add up; it has a table beside what it declares. */
export const model: Model = {
  picture: {
    ...drawn,
    nodes: [...drawn.nodes, table],
    edges: [...drawn.edges, { id: 'jobs.count>tables.kept', from: 'jobs.count', to: 'tables.kept' }],
    description: `Words by how often they come. ${hostile}`,
    columns: [
      { field: 'word', title: 'word', format: 'text' },
      { field: 'since', title: 'since', format: 'time' },
      { field: 'times', title: 'times', format: 'count' },
    ],
    chart: { x: 'since', y: 'times', by: 'word' },
  },
  execution: {
    name: '20260131130000-aaaa',
    status: 'SUCCEEDED',
    startedAt: at(0),
    stoppedAt: at(30),
    input: { note: hostile },
  },
  machine: machineIn(JSON.stringify(machineOf(chained))),
  states: [
    state('Lock', 0, 1),
    state('Streams', 1, 30, {
      after: ['Work'],
      inner: [
        state('AskStream', 1, 2, { times: 4, error: hostile }),
        state('AskCommits', 2, 3, { after: ['AskStream'] }),
      ],
    }),
  ],
  runs: [
    run('send', 'batch', 2, { sent: 1_200, of: 1_204, rejected: 4 }),
    run('count', 'stream', 1, {
      rowsIn: 1_200,
      rowsOut: 48,
      deadLetters: { late: 2, [hostile]: 1 },
      batches,
      batchCount: 3,
      lag: 0,
      stateRows: 12,
    }),
    run('show', 'batch', 20, { state: 'FAILED', details: hostile }),
  ],
  topics: {
    words: {
      partitions: [
        { partition: 0, from: 0, to: 700 },
        { partition: 1, from: 0, to: 500 },
      ],
    },
    wordCounts: { partitions: [{ partition: 0, from: 0, to: 48 }] },
    lost: { partitions: [{ partition: 0, from: 0, to: 3 }] },
  },
  edges: {
    'jobs.send>topics.words': { rows: 1_200, perSecond: 200 },
    'topics.words>jobs.count': { rows: 1_200 },
    'jobs.count>topics.lost': { rows: 3 },
  },
  accounts: [
    {
      account: 'words',
      settled: true,
      addsUp: true,
      read: 1_204,
      sent: 1_200,
      rejected: 4,
      rejectedByReason: { [hostile]: 4 },
      byOthers: 0,
      carriedOver: 0,
      replayed: 0,
      summarized: 1_197,
      deadLetters: 3,
      deadLettersByReason: { late: 2, [hostile]: 1 },
    },
  ],
  results: {
    rows: ['one', 'two', hostile].flatMap((word, each) =>
      [0, 300].map((second) => ({ word, since: at(second), times: each * 100 + second })),
    ),
    final: true,
    more: 0,
  },
};

export const records: readonly RecordTold[] = [
  {
    partition: 0,
    offset: '699',
    at: at(9),
    key: hostile,
    value: hostile,
    decoded: false,
    headers: { [hostile]: hostile },
  },
];

export const rows: RowsTold = {
  columns: ['word', 'times'],
  key: ['word'],
  rows: [
    [hostile, '12'],
    ['one', '11'],
  ],
  count: 100_000,
  more: true,
};

export const details = { spec: { note: hostile }, log: `${hostile}\nwords: 3 rows` };
