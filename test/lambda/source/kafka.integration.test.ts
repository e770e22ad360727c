/** The sink of a source against a real broker: what is committed is there with how far it goes, what is not is nowhere, and one run writes at a time. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, inject, test } from 'vitest';
import type { KafkaSinkProps } from '../../../lambda/source/kafka.ts';
import type { OpenSink } from '../../../lambda/source/run.ts';
import type { HeardRecord } from '../../../lib/declaration/listening.ts';
import { cursorTopic } from '../../../lib/declaration/names.ts';
import { KafkaReader } from '../../../local/accounts/kafka-reader.ts';
import { bundledHandler } from '../../support/bundle.ts';
import { withTestAdmin } from '../../support/kafka.ts';

const bootstrapServers = inject('bootstrapServers');
const { openKafka } = await bundledHandler<{ openKafka: (props: KafkaSinkProps) => Promise<OpenSink> }>(
  'source',
  'kafka.ts',
);

let props: KafkaSinkProps;
beforeEach(async () => {
  const pipeline = `p${randomUUID().slice(0, 8)}`;
  const topics = { left: `${pipeline}.left`, right: `${pipeline}.right` };
  props = { bootstrapServers, security: 'none', pipeline, source: 's', topics };
  await withTestAdmin(bootstrapServers, async (admin) => {
    const names = [...Object.values(topics), cursorTopic(pipeline, 's')];
    await admin.createTopics({
      waitForLeaders: false,
      topics: names.map((topic) => ({ topic, numPartitions: topic.endsWith('cursors') ? 1 : 2 })),
    });
  });
});

/** A broker makes its topic of transactions when it is asked for the first; a run would begin anew until then. */
async function opened(attempts = 5): Promise<OpenSink> {
  try {
    return await openKafka(props);
  } catch (error) {
    if (attempts === 1 || Object(error).name !== 'KafkaJSGroupCoordinatorNotFound') throw error;
    return opened(attempts - 1);
  }
}

const record = (key: string, value: string | null = key): HeardRecord => ({
  key,
  id: key,
  value: value === null ? null : { value },
});

/** Keys of the committed records of a topic, with their values. */
async function held(topic: string): Promise<string[]> {
  const reader = new KafkaReader(bootstrapServers);
  await reader.connect();
  try {
    const found: string[] = [];
    const range = await reader.range(topic);
    await reader.read(topic, range, ({ key, value }) => void found.push(`${key} ${value}`));
    return found.sort();
  } finally {
    await reader.close();
  }
}

test('records of a commit are there with how far they go, and are found by who opens it next', async () => {
  const first = await opened();
  expect(await first.progress()).toEqual(new Map());
  await first.commit('left', [record('a'), record('b', null)], 'one');
  await first.commit('left', [], 'two');
  await first.commit('right', [record('c')], 'three');
  await first.close();
  expect(await held(props.topics.left ?? '')).toEqual(['a {"value":"a"}', 'b null']);
  const next = await opened();
  expect(await next.progress()).toEqual(
    new Map([
      ['left', 'two'],
      ['right', 'three'],
    ]),
  );
  await next.close();
});

test('how far a channel has come is found however much others have written since', async () => {
  const sink = await opened();
  await sink.commit('left', [], 'long ago');
  for (let at = 1; at <= 210; at += 1) await sink.commit('right', [], String(at));
  await sink.close();
  const next = await opened();
  expect(await next.progress()).toEqual(
    new Map([
      ['left', 'long ago'],
      ['right', '210'],
    ]),
  );
  await next.close();
}, 300_000);

describe('a run that another one follows', () => {
  test('writes nothing any more, and hears why', async () => {
    const old = await opened();
    await old.commit('left', [record('a')], 'one');
    const next = await opened();
    await expect(old.commit('left', [record('late')], 'late')).rejects.toMatchObject({ name: 'TakenOver' });
    await next.commit('left', [record('b')], 'two');
    expect(await next.progress()).toEqual(new Map([['left', 'two']]));
    await Promise.all([old.close(), next.close()]);
    expect(await held(props.topics.left ?? '')).toEqual(['a {"value":"a"}', 'b {"value":"b"}']);
  });
});

test('a source writes the topics that it declares, and no others', async () => {
  const sink = await opened();
  await expect(sink.commit('other', [record('a')], 'one')).rejects.toThrow('The source writes no topic other.');
  await sink.close();
});
