/** Posts that must be found again in the table: those of a network, as far as the stream has read them, each under its keywords. */
import { expect, test } from 'vitest';
import type { TopicReader } from '../../../local/accounts/kafka-reader.ts';
import { settleSum } from '../../../local/accounts/sums.ts';
import { temporaryHome } from '../../../test/local/support/deployed-words.ts';
import social from '../pipeline.ts';

interface Sent {
  readonly mentions?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly row?: object;
}

const letters = 'social.dead-letters';

/** What is settled for one network; `forgotten` records were taken away by compaction. */
class World {
  readonly home = temporaryHome();
  readonly topics: Record<string, Sent[]> = { 'social.mastodon': [], [letters]: [] };
  readonly asked: object[] = [];
  held = 0;
  forgotten = 0;
  private readonly reader: Pick<TopicReader, 'clusterId' | 'range' | 'count' | 'read'> = {
    clusterId: async () => 'one',
    range: async (name) => ({ from: { 0: 0 }, to: { 0: this.topics[name]?.length ?? 0 } }),
    count: async (_name, from, { to }) => (to[0] ?? 0) - (from[0] ?? 0),
    read: async (name, { from, to }, onRecord) => {
      const skipped = name === letters ? 0 : this.forgotten;
      for (const [index, { mentions, row, headers = {} }] of (this.topics[name] ?? []).entries()) {
        if (index < Math.max(from[0] ?? 0, skipped) || index >= (to[0] ?? 0)) continue;
        const value = row ?? (mentions === undefined ? null : { mentions });
        const given = { value: value && Buffer.from(JSON.stringify(value)), offset: String(index), headers };
        await onRecord(given as never, 0);
      }
    },
  };

  settle(read?: number) {
    const heldBy = async (_table: unknown, _column: string, rows: object) => {
      this.asked.push(rows);
      return String(this.held);
    };
    const sum = social.sums?.find(({ sent }) => sent.name === 'social.mastodon');
    const offsets = read === undefined ? undefined : { 0: read };
    return settleSum(this.home, social, sum as never, this.reader as never, heldBy, offsets);
  }
}

test('a post counts under each of its keywords, one that was edited or deleted does not count again', async () => {
  const world = new World();
  world.topics['social.mastodon']?.push({ mentions: 1 }, { mentions: 2 }, { mentions: 0 }, {});
  world.held = 3;
  const line = 'sum(mentions) of 4 sent: 3.00 = 3.00 sum(posts) of by_minute';
  expect(await world.settle()).toMatchObject({ account: 'mastodon to byMinute', addsUp: true, line });
  expect(world.asked).toEqual([{ network: 'mastodon' }]);
});

test('what came behind what the stream has read is of the next execution', async () => {
  const world = new World();
  world.topics['social.mastodon']?.push({ mentions: 1 }, { mentions: 1 }, { mentions: 1 });
  world.held = 2;
  expect(await world.settle(2)).toMatchObject({ addsUp: true, sent: 2 });
  world.held = 3;
  expect(await world.settle(3)).toMatchObject({ addsUp: true, sent: 1 });
  expect(await world.settle(3)).toMatchObject({ addsUp: true, sent: 0 });
});

test('a row that did not fit is of the network that stands in it', async () => {
  const world = new World();
  const headers = { 'millrace.error.reason': 'bad-keyword', 'millrace.error.topic': 'social.by_minute' };
  world.topics['social.mastodon']?.push({ mentions: 2 });
  world.topics[letters]?.push(
    { row: { network: 'mastodon', posts: '2' }, headers: { ...headers, 'millrace.row': '1/1' } },
    { row: { network: 'bluesky', posts: '7' }, headers: { ...headers, 'millrace.row': '1/2' } },
  );
  expect(await world.settle()).toMatchObject({ addsUp: true, deadLetters: 1 });
});

test('where compaction took records away nobody can say, and the next execution goes on from there', async () => {
  const world = new World();
  world.topics['social.mastodon']?.push({ mentions: 1 }, { mentions: 1 }, { mentions: 1 });
  world.held = 3;
  world.forgotten = 2;
  expect(await world.settle()).toMatchObject({
    addsUp: true,
    line: 'sum(mentions) is not compared this time: compaction has taken 2 of 3 records',
  });
  world.topics['social.mastodon']?.push({ mentions: 1 });
  expect(await world.settle()).toMatchObject({ addsUp: false });
  world.held = 4;
  expect(await world.settle()).toMatchObject({ addsUp: true, sent: 1 });
});
