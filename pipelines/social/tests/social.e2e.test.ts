/** Posts by the command line alone, on the worst of days, against an oracle that shares nothing with it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millraceHome } from '../../../local/home.ts';
import { asSuperuser } from '../../../local/services/postgres-sign-in.ts';
import { serviceStatuses } from '../../../local/services/services.ts';
import { sourceOf, standInOf } from '../../../local/services/sources.ts';
import type { ServiceName } from '../../../local/services/types.ts';
import { Machine, python, until } from '../../../test/e2e/cli.ts';
import { kill } from '../../../test/support/kill.ts';
import social from '../pipeline.ts';
import type { Mishaps } from '../stand-in/faults.ts';
import { BAD_DAY, play, worldAt } from './played.ts';

interface Facts {
  readonly kept: number;
  readonly deleted: number;
  readonly mishaps: Mishaps;
  readonly counts: Readonly<Record<string, number>>;
  readonly topic: Readonly<Record<string, number>>;
  readonly deadLetters: Readonly<Record<string, number>>;
  readonly problems: readonly string[];
}

interface Ran {
  readonly results: readonly Readonly<Record<'minute' | 'network' | 'language' | 'keyword' | 'posts', string>>[];
  readonly accounts: readonly { readonly account: string; readonly addsUp: boolean; readonly sent: number }[];
}

// It ends brokers.
const machine = new Machine();
const home = millraceHome(machine.home);
const source = sourceOf('social', 'posts');
const { keywords, languages, mastodonServer } = social.sources?.posts?.props.parameters ?? {};
let bootstrapServers: string;
let world: string;

beforeAll(async () => {
  await machine.json('up', 'social');
  const clients = await machine.json<{ local: { bootstrapServers: string } }>('clients', 'social');
  bootstrapServers = clients.local.bootstrapServers;
  world = (await statusOf(standInOf(source)))?.url ?? '';
});
afterAll(() => machine.remove());

const statusOf = async (name: ServiceName) => (await serviceStatuses(home)).find((one) => one.name === name);

/** What is so by the records of the topics, for posts that were made after a moment. */
const oracle = (sinceMs: number): Facts =>
  python<Facts>(
    new URL('oracle.py', import.meta.url),
    ...['--bootstrap', bootstrapServers, '--world', world, '--since', String(sinceMs)],
    ...['--keywords', String(keywords?.default), '--languages', String(languages?.default)],
    ...['--server', String(mastodonServer?.default)],
  );

/** The table of counts, by minute, network, language and keyword. */
const tableNow = () =>
  asSuperuser(home, 'social', async (client) => {
    const minute = `to_char(minute AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI')`;
    const { rows } = await client.query(
      `SELECT ${minute} || ' ' || network || ' ' || language || ' ' || keyword AS what, posts::int FROM social.by_minute ORDER BY 1`,
    );
    return Object.fromEntries(rows.map(({ what, posts }) => [what, posts] as const));
  });

/** Kills a service, and brings it back by `up` when it is gone. */
async function loseAndBring(name: ServiceName): Promise<void> {
  kill((await statusOf(name))?.pid);
  await until(
    async () => (await statusOf(name))?.state !== 'running',
    () => name,
  );
  await machine.json('up', 'social');
}

const cutsAre = (cuts: number) =>
  until(
    async () => (await worldAt(world)).mishaps.cuts >= cuts,
    () => `fewer than ${cuts} cuts`,
    { everyMs: 500 },
  );

const run = () => machine.json<Ran>('run', 'social', '--strict');

test('each post is on its topic once, over twenty disconnects, two kills of the source and one of the broker', async () => {
  await until(
    () => Object.keys(oracle(Date.now()).counts).length > 0,
    () => 'nothing was heard',
    { everyMs: 1_000 },
  );
  const sinceMs = Date.now();
  await play(world, { rate: 40, faults: BAD_DAY });
  const before = (await worldAt(world)).mishaps.cuts;
  await cutsAre(before + 7);
  await loseAndBring(source);
  await cutsAre(before + 14);
  await loseAndBring('kafka');
  await cutsAre(before + 21);
  await loseAndBring(source);
  await play(world, { rate: 0, faults: { refused: 0, malformed: 0, cutAfter: 0 } });
  // Deletions follow for some seconds; then all that was made has been told.
  const deadline = Date.now() + 240_000;
  let facts = oracle(sinceMs);
  await until(
    () => {
      facts = oracle(sinceMs);
      return facts.problems.length === 0 || Date.now() > deadline;
    },
    () => facts.problems.join('\n'),
    { everyMs: 3_000 },
  );
  expect(facts.problems).toEqual([]);
  expect(facts.mishaps.cuts).toBeGreaterThan(20);
  expect(facts.kept).toBeGreaterThan(100);
  expect(facts.deleted).toBeGreaterThan(0);

  const { accounts, results } = await run();
  expect(accounts.map(({ account, addsUp }) => [account, addsUp])).toEqual([
    ['bluesky to byMinute', true],
    ['mastodon to byMinute', true],
  ]);
  const { counts, topic, deadLetters } = oracle(sinceMs);
  expect(deadLetters).toEqual({});
  expect(await tableNow()).toEqual(counts);
  expect(topic).toEqual(counts);
  expect(results.length).toBeGreaterThan(0);
});

test('a run adds up while its source goes on', async () => {
  const sinceMs = Date.now();
  await play(world, { rate: 30 });
  // A source that has heard nothing for a while asks again after a while.
  await until(
    () => Object.keys(oracle(sinceMs).counts).length > 5,
    () => 'nothing was heard',
    { everyMs: 1_000 },
  );
  const { accounts } = await run();
  expect(accounts.map(({ addsUp }) => addsUp)).toEqual([true, true]);
  expect(accounts.reduce((sum, { sent }) => sum + sent, 0)).toBeGreaterThan(0);
  const [statusNow] = [await statusOf(source)];
  expect(statusNow?.state).toBe('running');
});
