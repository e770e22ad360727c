/** Accounts over a broker that is a table of records: what is counted from where, and what is carried over. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { events, jsonSchema, replaysOf, stream, topic } from '../../../lib/declaration/index.ts';
import type { Account, Pipeline } from '../../../lib/declaration/pipeline.ts';
import { Accounts } from '../../../local/accounts/accounts.ts';
import type { TopicReader } from '../../../local/accounts/kafka-reader.ts';
import { bucketPath } from '../../../local/cloudformation/index.ts';
import type { JobSpec } from '../../../local/emr/job-run-records.ts';
import { specTextOf, temporaryHome } from '../support/deployed-words.ts';
import { wordsPipeline } from '../support/words-pipeline.ts';

type Record = readonly [key: string, value: string | null, headers?: { readonly [name: string]: string }];

/** Topics of one partition. */
class Broker implements TopicReader {
  readonly topics: { [topic: string]: Record[] } = {};
  cluster = 'one';
  connections = 0;
  connect = async () => void this.connections++;
  close = async () => void this.connections--;
  clusterId = async () => this.cluster;
  range: TopicReader['range'] = async (name) => ({ from: { 0: 0 }, to: { 0: this.topics[name]?.length ?? 0 } });
  count: TopicReader['count'] = async (_name, from, { to }) => (to[0] ?? 0) - (from[0] ?? 0);
  read: TopicReader['read'] = async (name, { from, to }, onRecord) => {
    for (const [index, [key, value, headers = {}]] of (this.topics[name] ?? []).entries()) {
      if (index < (from[0] ?? 0) || index >= (to[0] ?? 0)) continue;
      const record = {
        key: Buffer.from(key),
        value: value === null ? null : Buffer.from(value),
        offset: String(index),
        timestamp: String(index),
        headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
      };
      await onRecord(record as Parameters<typeof onRecord>[0], 0);
    }
  };
  send(name: string, ...records: Record[]): void {
    this.topics[name] = [...(this.topics[name] ?? []), ...records];
  }
}

const { pipeline, account, topics } = wordsPipeline();
/** The counts as JSON, so that no registry has to be asked. */
const counts = topic('tiny.counts', { partitions: 1, cleanup: 'compact', value: jsonSchema('word.schema.json') });
const withoutFile: Account = {
  sent: topics.words,
  deadLetters: topics.lost,
  results: { topic: counts, count: 'times' },
};
const withAccounts = (...accounts: Account[]): Pipeline => ({ ...pipeline, accounts });

/** One execution that does this to the topics. */
async function execution(
  broker: Broker,
  home: ReturnType<typeof temporaryHome>,
  work: () => void,
  accounted: Pipeline = withAccounts(withoutFile),
  specs: readonly JobSpec[] = [],
) {
  const accounts = new Accounts(home, accounted, { bootstrapServers: '', registryUrl: '' }, broker);
  await accounts.open();
  expect(broker.connections, 'while jobs run').toBe(0);
  work();
  return accounts.settle(specs);
}

test('of a compacted topic the last count of each key counts, and only what was gained', async () => {
  const [broker, home] = [new Broker(), temporaryHome()];
  const first = await execution(broker, home, () => {
    broker.send('tiny.words', ['a', ''], ['a', ''], ['b', '']);
    broker.send('tiny.counts', ['a', '{"times":1}'], ['a', '{"times":2}'], ['b', '{"times":1}']);
  });
  expect(first).toMatchObject([{ account: 'words', addsUp: true, sent: 3, summarized: 3, carriedOver: 0 }]);
  const second = await execution(broker, home, () => {
    broker.send('tiny.words', ['a', '']);
    broker.send('tiny.counts', ['a', '{"times":3}']);
  });
  expect(second).toMatchObject([{ addsUp: true, sent: 1, summarized: 1, carriedOver: 0 }]);
});

test('of another topic each record counts', async () => {
  const [broker, home] = [new Broker(), temporaryHome()];
  const results = {
    topic: topic('tiny.each', { partitions: 1, value: jsonSchema('word.schema.json') }),
    count: 'times',
  };
  const accounted = withAccounts({ ...withoutFile, results: { ...results, perRow: 2 } });
  for (const rows of [2, 1]) {
    const work = () => {
      for (let row = 0; row < rows; row += 1) {
        broker.send('tiny.words', ['a', '']);
        broker.send('tiny.each', ['a', '{"times":1}'], ['a', '{"times":1}']);
      }
    };
    expect(await execution(broker, home, work, accounted)).toMatchObject([
      { addsUp: true, sent: rows, summarized: rows },
    ]);
  }
});

test('what one execution leaves unaccounted is carried over, unless it is another broker by now', async () => {
  const [broker, home] = [new Broker(), temporaryHome()];
  const left = await execution(broker, home, () => broker.send('tiny.words', ['a', ''], ['b', '']));
  expect(left).toMatchObject([{ addsUp: false, sent: 2, summarized: 0 }]);
  const work = () => broker.send('tiny.counts', ['a', '{"times":1}'], ['b', '{"times":1}']);
  expect(await execution(broker, home, work)).toMatchObject([{ addsUp: true, sent: 0, carriedOver: 2 }]);
  broker.cluster = 'two';
  expect(await execution(broker, home, () => {})).toMatchObject([{ addsUp: true, carriedOver: 2, summarized: 2 }]);
});

test('a dead letter that a rebuild writes once more was accounted for before it', async () => {
  const [broker, home] = [new Broker(), temporaryHome()];
  const lost = (offset: number): Record => {
    const place = { topic: 'tiny.words', partition: '0', offset: String(offset) };
    const headers = Object.entries(place).map(([name, text]) => [`millrace.error.${name}`, text]);
    return ['x', '', { ...Object.fromEntries(headers), 'millrace.error.reason': 'late' }];
  };
  const first = await execution(broker, home, () => {
    broker.send('tiny.words', ['a', ''], ['x', '']);
    broker.send('tiny.counts', ['a', '{"times":1}']);
    broker.send(topics.lost.name, lost(1));
  });
  expect(first).toMatchObject([{ addsUp: true, sent: 2, summarized: 1, deadLetters: 1 }]);
  const rebuilt = await execution(broker, home, () => {
    broker.send('tiny.words', ['x', '']);
    broker.send('tiny.counts', ['a', '{"times":1}']);
    broker.send(topics.lost.name, lost(1), lost(2));
  });
  expect(rebuilt).toMatchObject([{ addsUp: true, sent: 1, summarized: 0, deadLetters: 1 }]);
});

test('nothing is carried over from topics that were made again, though the broker is the same', async () => {
  const [broker, home] = [new Broker(), temporaryHome()];
  const send = (...words: string[]) => {
    broker.send('tiny.words', ...words.map((word) => [word, ''] as const));
    broker.send('tiny.counts', ...words.map((word) => [word, '{"times":1}'] as const));
  };
  expect(await execution(broker, home, () => send('a', 'b'))).toMatchObject([{ addsUp: true, summarized: 2 }]);
  for (const name of Object.keys(broker.topics)) broker.topics[name] = [];
  expect(await execution(broker, home, () => send('c'))).toMatchObject([{ addsUp: true, sent: 1, summarized: 1 }]);
});

test('each account has its own ledger, and one that does not add up keeps no other from going on', async () => {
  const [broker, home] = [new Broker(), temporaryHome()];
  const others: Account = { ...withoutFile, sent: topic('tiny.others', { partitions: 1 }) };
  const accounted = withAccounts(withoutFile, { ...others, deadLetters: topic('tiny.gone', { partitions: 1 }) });
  const work = () => {
    broker.send('tiny.words', ['a', '']);
    broker.send('tiny.counts', ['a', '{"times":1}']);
  };
  const settled = await execution(broker, home, work, accounted);
  expect(settled.map(({ account: name, addsUp }) => [name, addsUp])).toEqual([
    ['words', true],
    ['tiny.others', false],
  ]);
  const again = await execution(broker, home, () => {}, accounted);
  expect(again).toMatchObject([
    { carriedOver: 0, summarized: 0 },
    { carriedOver: 0, summarized: 1 },
  ]);
});

test('what was sent again counts once more, also where it fails again', async () => {
  const [broker, home] = [new Broker(), temporaryHome()];
  const { words, lost } = topics;
  const replays = replaysOf(words);
  const count = stream('count.py', { reads: { words: events(words, { replays }), replays }, writes: { counts, lost } });
  const replaying = { ...withAccounts(withoutFile), jobs: { ...pipeline.jobs, count } };
  const letter = (from: string, offset: number): Record => [
    'a',
    '',
    { 'millrace.error.topic': from, 'millrace.error.partition': '0', 'millrace.error.offset': String(offset) },
  ];
  const work = () => {
    broker.send('tiny.words', ['a', ''], ['b', '']);
    broker.send('tiny.words.dead-letters', letter('tiny.words', 0), letter('tiny.words', 1));
    broker.send('tiny.words.replays', ['a', ''], ['b', '']);
  };
  // Both failed, were sent again, and nobody has worked through them yet.
  expect(await execution(broker, home, work, replaying)).toMatchObject([
    { addsUp: false, replayed: 2, deadLetters: 2 },
  ]);
  const more = () => {
    broker.send('tiny.counts', ['a', '{"times":1}']);
    broker.send('tiny.words.dead-letters', letter('tiny.words.replays', 1));
  };
  expect(await execution(broker, home, more, replaying)).toMatchObject([
    { addsUp: true, carriedOver: 2, replayed: 2, summarized: 1, deadLetters: 3 },
  ]);
  expect(await execution(broker, home, () => {}, replaying)).toMatchObject([{ addsUp: true, replayed: 0 }]);
});

test('rows of a file are read by the spec of the job that sent them, with what it rejected', async () => {
  const [broker, home] = [new Broker(), temporaryHome()];
  const files = {
    's3://assets/lines.csv': 'word\none\ntwo\nthree\n',
    's3://data/rejects/tiny/one/part-0': '{"reason":"x"}\n',
  };
  for (const [url, text] of Object.entries(files)) {
    const path = bucketPath(home, url);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const accounted = withAccounts({ ...account, results: withoutFile.results });
  const work = () => {
    broker.send('tiny.words', ['one', ''], ['two', '']);
    broker.send('tiny.counts', ['one', '{"times":1}'], ['two', '{"times":1}']);
  };
  const specOf = (changes: object) => JSON.parse(specTextOf(pipeline, 'send', 'one', changes)) as JobSpec;
  const settled = await execution(broker, home, work, accounted, [specOf({})]);
  const rejectsFolder = join(home.buckets, 'data', 'rejects', 'tiny', 'one');
  expect(settled).toMatchObject([{ addsUp: true, read: 3, rejected: 1, rejectedByReason: { x: 1 }, rejectsFolder }]);
  const bounded = await execution(broker, home, () => {}, accounted, [specOf({ parameters: { lineCount: 5 } })]);
  expect(bounded).toMatchObject([{ addsUp: false, read: 5 }]);
});
