/** A source by itself: whatever the other side does, each thing that it told is written once, and what it has come to is kept with it. */
import { describe, expect, test } from 'vitest';
import { Progress } from '../../../lambda/source/progress.ts';
import { type RunProps, run, TakenOver } from '../../../lambda/source/run.ts';
import { type Channels, TryLater } from '../../../lib/declaration/listening.ts';
import { Broker, lines, PACE, Played, told, until } from './played.ts';

const outside = { parameters: {}, secret: async () => '', standIn: undefined };

/** A run of these channels that ends once a condition holds. */
async function ran(channels: Channels, broker: Broker, over: () => boolean, props: Partial<RunProps> = {}) {
  const ending = new AbortController();
  const said = lines();
  const running = run({
    ...{ channels, outside, open: broker.open, pace: PACE, tell: said.tell, signal: ending.signal },
    ...props,
  });
  try {
    await until(over);
  } finally {
    ending.abort();
  }
  return { ended: await running, said };
}

describe('what is told', () => {
  test('is written once, in its order, with how far it goes', async () => {
    const broker = new Broker();
    await ran({ a: new Played([told(1), told(2), { cursor: 5n }, 60_000]) }, broker, () => broker.progress.has('a'));
    expect(broker.keys('a')).toEqual(['k1', 'k2']);
    expect(new Progress(10n, broker.progress.get('a')).at).toBe(5n);
  });

  test('is written once however often it is told, also out of order and behind a break', async () => {
    const channel = new Played(
      [told(20), told(22), told(20), told(21), new Error('cut')],
      [told(12), told(20), told(21), told(22), told(23)],
      [told(23), told(24)],
    );
    const broker = new Broker();
    await ran({ a: channel }, broker, () => channel.connections.length === 4);
    expect(broker.keys('a').sort()).toEqual(['k12', 'k20', 'k21', 'k22', 'k23', 'k24']);
    expect(channel.connections.map(({ from }) => from)).toEqual([undefined, 12n, 13n, 14n]);
  });

  test('of one key is written again where it is something else', async () => {
    const broker = new Broker();
    const channel = new Played([told(1, 'post', 'first'), told(2, 'post', 'second'), told(3, 'post', 'first')]);
    await ran({ a: channel }, broker, () => channel.connections.length === 2);
    expect(broker.records.a?.map(({ id }) => id)).toEqual(['first', 'second']);
  });

  test('of a key that was to be forgotten since is not written, and what is told of it later is', async () => {
    const gone = { cursor: 12n, record: { key: 'post', id: 'gone', value: null } };
    const channel = new Played([told(12, 'post', 'first'), gone, told(11, 'post', 'older'), told(13, 'post', 'newer')]);
    const broker = new Broker();
    await ran({ a: channel }, broker, () => channel.connections.length === 2);
    expect(broker.records.a?.map(({ id }) => id)).toEqual(['first', 'gone', 'newer']);
  });

  test('is written before its connection breaks, however short that was', async () => {
    const channel = new Played([told(1), new Error('cut')], [told(2), new Error('cut')], [told(3), new Error('cut')]);
    const broker = new Broker();
    await ran({ a: channel }, broker, () => channel.connections.length === 4);
    expect(broker.keys('a')).toEqual(['k1', 'k2', 'k3']);
  });

  test('waits for others for a moment only, and not where they are many or large', async () => {
    const many = Array.from({ length: 250 }, (_, index) => told(index + 1));
    const broker = new Broker();
    await ran({ a: new Played([...many, 60_000]) }, broker, () => broker.keys('a').length === 250, {
      pace: { ...PACE, flushMs: 50, mostCharacters: 1e9 },
    });
    expect(broker.commits.slice(0, 2)).toEqual([100, 100]);
    const large = new Broker();
    const wide = [1, 2, 3].map((cursor) => ({
      ...told(cursor),
      record: { key: `k${cursor}`, id: `${cursor}`, value: { text: 'x'.repeat(600) } },
    }));
    await ran({ a: new Played([...wide, 60_000]) }, large, () => large.keys('a').length === 3);
    expect(large.commits).toEqual([2, 1]);
  });
});

describe('a connection', () => {
  test('that says nothing for too long is given up, one that says that it lives is not', async () => {
    const channel = new Played([100, {}, 100, {}, 100, {}, 100, {}, 60_000]);
    const { said } = await ran({ a: channel }, new Broker(), () => channel.connections.length === 2);
    expect(said.of('broken').map(({ message }) => message)).toEqual([
      'nothing was heard for 0.2 s, not even that it lives',
    ]);
    expect(channel.connections[0]?.signal.aborted).toBe(true);
  });

  test('is tried again when the other side has said, and later each time where nothing comes', async () => {
    const cut = () => [new Error('cut')];
    const channel = new Played([new TryLater('busy', 70)], cut(), cut(), cut(), cut(), [told(1), new Error('cut')]);
    const { said } = await ran({ a: channel }, new Broker(), () => channel.connections.length === 7, {
      pace: { ...PACE, waitMs: [4, 20] },
    });
    const waits = said.of('broken').map(({ waitMs }) => Number(waitMs));
    expect(waits[0]).toBe(70);
    expect(waits[4]).toBeGreaterThanOrEqual(10);
    expect(waits[4]).toBeLessThanOrEqual(20);
    expect(waits[5]).toBeLessThanOrEqual(4);
  });

  test('of one channel may fail as often as it likes: another is heard all the time', async () => {
    const failing = new Played(...Array.from({ length: 40 }, () => [new Error('cut')]));
    const steady = new Played(Array.from({ length: 30 }, (_, index) => [told(index + 1), 2]).flat());
    const broker = new Broker();
    await ran({ failing, steady }, broker, () => steady.connections.length === 2);
    expect(broker.keys('steady')).toHaveLength(30);
    expect(broker.opened).toBe(1);
  });
});

describe('a sink that fails', () => {
  test('is opened anew, and what it has not taken is told and written again', async () => {
    const all = [told(1), told(2), 20, told(3), told(4)];
    const channel = new Played(all, all, all);
    const broker = new Broker();
    broker.before = (commit) => {
      if (commit === 2 && broker.opened === 1) throw new Error('the broker is away');
    };
    const { said } = await ran({ a: channel }, broker, () => broker.keys('a').includes('k4'));
    expect(broker.keys('a')).toEqual(['k1', 'k2', 'k3', 'k4']);
    expect([broker.opened, broker.closed]).toEqual([2, 2]);
    expect(said.of('broken')[0]).toMatchObject({ message: 'the broker is away', waitMs: 500 });
    expect(channel.connections[1]?.from).toBe(-8n);
  });

  test('belongs to another run: this one ends at once and opens it no more', async () => {
    const broker = new Broker();
    broker.before = () => {
      throw new TakenOver('topic a has another writer now');
    };
    const { ended } = await ran({ a: new Played([told(1), 60_000]) }, broker, () => broker.closed === 1);
    expect(ended).toBe('another run took over');
    expect(broker.opened).toBe(1);
  });
});

test('the next run goes on where this one has come, and knows what it has written', async () => {
  const broker = new Broker();
  await ran({ a: new Played([told(20), told(21), 60_000]) }, broker, () => broker.progress.has('a'));
  const next = new Played([told(19), told(20), told(21), told(22), 60_000]);
  const { ended } = await ran({ a: next }, broker, () => broker.keys('a').includes('k22'));
  expect(ended).toBe('time is over');
  expect(next.connections[0]?.from).toBe(11n);
  expect(broker.keys('a')).toEqual(['k20', 'k21', 'k19', 'k22']);
});

test('a line says of each channel how it goes once somebody is heard, and at its end', async () => {
  const broker = new Broker();
  const now = Date.now();
  const channel = new Played([told(now - 5_000), told(now - 5_000), { unreadable: true }, 60_000]);
  const { said } = await ran({ a: channel }, broker, () => broker.progress.has('a'));
  const [first, last] = said.of('listening');
  expect(first).toMatchObject({ topic: 'a', heard: 1, written: 0, connections: 1 });
  expect(last).toMatchObject({ heard: 2, written: 1, repeated: 1, unreadable: 1, connections: 0 });
  expect(last?.behind).toBeGreaterThanOrEqual(5);
  expect(last?.behind).toBeLessThan(15);
});

describe('what is kept', () => {
  test('of something without a cursor is no cursor: what is listened to next begins now, not at the beginning of time', () => {
    const progress = new Progress(10n);
    expect(progress.take({ record: { key: 'post', id: 'gone', value: null } })).toBe(true);
    const next = new Progress(10n, progress.toText());
    expect(next.from).toBeUndefined();
    expect(next.take({ record: { key: 'post', id: 'gone', value: null } })).toBe(false);
  });

  test('holds what may be told again, and no more', () => {
    const progress = new Progress(10n);
    for (const cursor of [1, 5, 14, 15]) progress.take(told(cursor));
    const kept = new Progress(10n, progress.toText());
    expect(kept.from).toBe(5n);
    expect([1, 5, 14, 15].map((cursor) => kept.take(told(cursor)))).toEqual([true, false, false, false]);
  });

  test('fits into a record whatever comes', () => {
    const progress = new Progress(1_000_000n);
    for (let cursor = 1; cursor <= 30_000; cursor += 1) progress.take(told(cursor));
    const text = progress.toText();
    expect(text.length).toBeLessThan(250_000);
    expect(new Progress(1_000_000n, text).take(told(30_000))).toBe(false);
    expect(new Progress(1_000_000n, text).take(told(1))).toBe(true);
  });
});
