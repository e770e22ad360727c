/** Two of what there should be one of: cases of `npm run test:faults`. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, readlinkSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { serviceStatus } from '../../../../../local/services/services.ts';
import { type Case, type Hit, NotMade, type Suite } from '../../../../../test/faults/cases.ts';
import type { Random } from '../../../../../test/faults/random.ts';
import { must, Stack, until } from '../../../../../test/faults/stack.ts';
import { kill } from '../../../../../test/support/kill.ts';
import { exact, runs } from './commands.ts';

const [PIPELINE, STREAM] = ['orders', 'sumByWindow'];

const servicesOf = (stack: Stack) =>
  (['iam', 'kafka', 'registry'] as const).map((name) => {
    const { pid, port, state } = serviceStatus(stack.folders, name);
    return { pid, port, state };
  });

/** Protected by the lock around `choosePorts` and the start of what takes them, and by `requireFreePort`. */
async function twoHomes(stack: Stack): Promise<Hit> {
  const other = new Stack();
  other.pipelines = stack.pipelines;
  try {
    await Promise.all([stack.up(), other.up()]);
    const [mine, theirs] = [servicesOf(stack), servicesOf(other)];
    const ports = [...mine, ...theirs].map(({ port }) => port);
    must(new Set(ports).size === ports.length, `each has ports of its own: ${ports.join(', ')}`);
    await Promise.all([runs(stack), runs(other)]);
    await other.json('down');
    const faultAt = performance.now();
    const refused = await other.run('up', '--kafka-port', String(mine[1]?.port));
    must(
      refused.code === 1 && /^error PORT_IN_USE: Port \d+ is in use by pid \d+ .*--kafka-port/m.test(refused.stderr),
      `a port that the first one has is refused in one sentence: ${refused.stderr}`,
    );
    await other.up();
    const recoveredMs = performance.now() - faultAt;
    exact(other);
    await other.json('down', '--purge');
    must(isDeepStrictEqual(servicesOf(stack), mine), 'the first one is as it was');
    await runs(stack);
    return { what: 'two homes that start, run and end at once; a port of the first one for the second', recoveredMs };
  } finally {
    await other.remove();
  }
}

/** Protected by the log of Spark's batches, to which one of two queries alone can add a batch, and by the one checkpoint of a stream. */
async function twoDrivers(stack: Stack, random: Random): Promise<Hit> {
  if (!existsSync('/proc/self/environ'))
    throw new NotMade('A second driver is started from what /proc tells of the first one.');
  await stack.up();
  await stack.json('run', PIPELINE, '--action', 'start');
  const { pid = 0 } = stack.runOf(PIPELINE, STREAM)?.process ?? {};
  const words = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8').split('\0').slice(0, -1);
  const [program = '', ...rest] = words('cmdline');
  const env = Object.fromEntries(
    words('environ').map((one) => [one.split('=', 1)[0] ?? '', one.slice(one.indexOf('=') + 1)]),
  );
  const second = spawn(program, rest, { cwd: readlinkSync(`/proc/${pid}/cwd`), env, detached: true, stdio: 'ignore' });
  const ended = once(second, 'exit');
  const faultAt = performance.now();
  const hasEnded = () => second.exitCode !== null || second.signalCode !== null;
  const rate = random.whole(100, 400);
  await stack.json('run', PIPELINE, '--job', 'produce', '--input', `{"rate": ${rate}}`);
  const loser = () => (hasEnded() ? 'the second' : stack.isAlive(PIPELINE, STREAM) ? undefined : 'the first');
  await until('one of two drivers has given way', () => loser() !== undefined);
  const who = loser();
  if (!hasEnded()) kill(second.pid, { group: true });
  await ended;
  await stack.json('run', PIPELINE, '--action', 'stop');
  const records = exact(stack);
  must(records === 2_000, `all were sent: ${records}`);
  return {
    what: `two drivers on one checkpoint, at ${rate} rows a second; ${who} gave way`,
    recoveredMs: performance.now() - faultAt,
  };
}

const cases: Case[] = [
  { number: 13, title: 'two checkouts at once', run: twoHomes, isAlone: true },
  { number: 13, title: 'two drivers on one checkpoint', run: twoDrivers, isAlone: true },
];

export default { cases, check: async () => [] } satisfies Suite;
