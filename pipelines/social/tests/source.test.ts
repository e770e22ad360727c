/** The source on a bad day, without brokers: both protocols over real sockets, against a world that knows what it has told. */
import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { PACE } from '../../../lambda/source/channel.ts';
import { run } from '../../../lambda/source/run.ts';
import { Broker, lines, until } from '../../../test/lambda/source/played.ts';
import social from '../pipeline.ts';
import channels from '../source/posts.ts';
import { BAD_DAY, type PlayedPost, type PlayedWorld, play, startPlaying, TOKEN, worldAt } from './played.ts';

const parameters = Object.fromEntries(
  Object.entries(social.sources?.posts?.props.parameters ?? {}).map(([name, rule]) => [name, rule.default]),
);
const keywords = String(parameters.keywords).split(',');
const languages = String(parameters.languages).split(',');

/** Waits until the world that is played is so. */
async function untilWorld(condition: (world: PlayedWorld) => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !condition(await worldAt(url)); await sleep(250)) {
    if (Date.now() > deadline) throw new Error('the world has not come to what was waited for');
  }
}

let url: string;
let child: ChildProcess;
beforeAll(async () => {
  const playing = await startPlaying();
  ({ url, child } = playing);
});
afterAll(() => void child?.kill());

/** By the words of which it was made, and not by its text. */
const isKept = ({ language, words }: PlayedPost): boolean =>
  languages.includes(language) && words.some((word) => keywords.includes(word.toLowerCase()));

const keyOf = ({ network, key }: PlayedPost): string =>
  network === 'bluesky' ? key : `${parameters.mastodonServer}/api/v1/statuses/${key}`;

test('every post that is kept is written once, whatever goes wrong on the way, and a deleted one is forgotten', async () => {
  const broker = new Broker();
  const ending = new AbortController();
  const said = lines();
  const outside = { parameters, secret: async () => TOKEN, standIn: url };
  const running = run({
    ...{ channels, outside, open: broker.open, tell: said.tell, signal: ending.signal },
    pace: { ...PACE, flushMs: 20, waitMs: [10, 100] },
  });
  // Who begins to listen hears nothing of what was before.
  await until(() => said.of('listening').filter(({ heard }) => heard === 1).length === 2);
  const begunMs = Date.now() + 100;
  await play(url, { rate: 150, faults: BAD_DAY });
  // As many disconnects as nobody has on the worst of days.
  await untilWorld(({ mishaps, posts }) => mishaps.cuts > 25 && mishaps.refused > 2 && posts.length > 1_200);
  await play(url, { rate: 0, faults: { refused: 0, malformed: 0, cutAfter: 0 } });
  // Deletions follow for a while, and connections that were cut come back.
  await untilWorld(({ due }) => due === 0);
  let problems = ['nothing was looked at'];
  for (const deadline = Date.now() + 60_000; problems.length > 0 && Date.now() < deadline; await sleep(500)) {
    problems = problemsOf(await worldAt(url), broker, begunMs);
  }
  expect(problems).toEqual([]);
  // Nor does anything come once more.
  await sleep(1_000);
  ending.abort();
  expect(await running).toBe('time is over');

  const world = await worldAt(url);
  expect(problemsOf(world, broker, begunMs)).toEqual([]);
  expect(world.mishaps.cuts).toBeGreaterThan(20);
  expect(Math.min(...Object.values(world.mishaps))).toBeGreaterThan(0);
  expect(said.of('listening').reduce((sum, { unreadable }) => sum + Number(unreadable), 0)).toBeGreaterThan(0);
  const expected = dueOf(world, begunMs);
  expect(expected.length).toBeGreaterThan(100);
  expect(expected.filter(({ deleted }) => deleted).length).toBeGreaterThan(0);
}, 240_000);

/** What must have been written, of what was made after a moment. */
const dueOf = ({ posts }: PlayedWorld, sinceMs: number): PlayedPost[] =>
  posts.filter((post) => post.madeMs > sinceMs && isKept(post));

/** What is wrong with what was written. */
function problemsOf(world: PlayedWorld, broker: Broker, sinceMs: number): string[] {
  const problems: string[] = [];
  const told = new Map(world.posts.map((post) => [keyOf(post), post]));
  for (const [network, records] of Object.entries(broker.records)) {
    for (const { key, value } of records) {
      const post = told.get(key);
      if (!post || post.network !== network) problems.push(`${key} is no post of ${network}`);
      else if (value && !isKept(post)) problems.push(`${key} was to be left out`);
    }
  }
  for (const post of dueOf(world, sinceMs)) {
    const found = (broker.records[post.network] ?? []).filter(({ key }) => key === keyOf(post));
    const first = found.filter(({ value }) => value?.edited === false).length;
    // Who was deleted while nobody listened is told nobody by one of the two.
    const mayBeMissing = post.network === 'mastodon' && post.deleted;
    if (first !== 1 && !(mayBeMissing && first === 0)) problems.push(`${keyOf(post)} was written ${first} times`);
    const last = found.at(-1)?.value;
    if (!mayBeMissing && found.length > 0 && (last === null) !== post.deleted)
      problems.push(`${keyOf(post)} ends with ${last}`);
  }
  return problems;
}
