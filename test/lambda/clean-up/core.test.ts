/** How the clean-up ends what an execution left behind, with ports that are played. */
import { describe, expect, test } from 'vitest';
import { type CleanUpPorts, cleanUp, type JobRun } from '../../../lambda/clean-up/core.ts';

const EXECUTION = { pipeline: 'readings', name: 'first', arn: 'arn:first' };

const run = (name: string, state = 'RUNNING'): JobRun => ({ id: `id of ${name}`, name, state });

/** Ports over a service that shows these runs, listing by listing, the last one for ever; what is done is noted. */
function played(...listings: JobRun[][]): CleanUpPorts & { readonly done: string[]; readonly waited: () => number } {
  const done: string[] = [];
  let listed = 0;
  let waited = 0;
  return {
    done,
    waited: () => waited,
    aliveRuns: async () => listings[Math.min(listed++, listings.length - 1)] ?? [],
    cancel: async ({ name }) => void done.push(`cancel ${name}`),
    release: async (arn) => void done.push(`release ${arn}`),
    wait: async (ms) => {
      waited += ms;
    },
  };
}

describe('the clean-up', () => {
  test('of an execution that left nothing releases its lock after a second look, seconds later', async () => {
    const ports = played([]);
    expect(await cleanUp(EXECUTION, ports)).toEqual([]);
    expect(ports.done).toEqual(['release arn:first']);
    expect(ports.waited()).toBe(3_000);
  });

  test('does not trust one empty listing, neither at first nor between others', async () => {
    const enrich = run('readings/enrich/first', 'SUBMITTED');
    const ports = played([], [enrich], [], [{ ...enrich, state: 'CANCELLING' }], [], []);
    expect(await cleanUp(EXECUTION, ports)).toEqual(['readings/enrich/first']);
    expect(ports.done).toEqual(['cancel readings/enrich/first', 'release arn:first']);
  });

  test('ends every stream of the execution', async () => {
    const streams = ['count', 'rank', 'copy'].map((job) => run(`readings/${job}/first`));
    const ports = played(
      streams,
      streams.slice(1).map((one) => ({ ...one, state: 'CANCELLING' })),
      [],
    );
    await cleanUp(EXECUTION, ports);
    expect(ports.done).toEqual([...streams.map(({ name }) => `cancel ${name}`), 'release arn:first']);
  });

  test('cancels its runs and releases the lock only when none is left', async () => {
    const produce = run('readings/produce/first');
    const enrich = run('readings/enrich/first');
    const ports = played(
      [produce, enrich],
      [
        { ...enrich, state: 'CANCELLING' },
        { ...produce, state: 'CANCELLING' },
      ],
      [{ ...enrich, state: 'CANCELLING' }],
      [],
    );
    expect(await cleanUp(EXECUTION, ports)).toEqual(['readings/produce/first', 'readings/enrich/first']);
    expect(ports.done).toEqual(['cancel readings/produce/first', 'cancel readings/enrich/first', 'release arn:first']);
  });

  test('finds a run that appears while it waits', async () => {
    const ports = played([run('readings/enrich/first')], [run('readings/enrichDrain/first', 'SUBMITTED')], []);
    expect(await cleanUp(EXECUTION, ports)).toEqual(['readings/enrich/first', 'readings/enrichDrain/first']);
    expect(ports.done.at(-1)).toBe('release arn:first');
  });

  test('cancels again what was refused at first, and not what is on its way out', async () => {
    const enrich = run('readings/enrich/first', 'SUBMITTED');
    const ports = played([enrich], [enrich], [{ ...enrich, state: 'CANCELLING' }], []);
    expect(await cleanUp(EXECUTION, ports)).toEqual(['readings/enrich/first']);
    expect(ports.done).toEqual(['cancel readings/enrich/first', 'cancel readings/enrich/first', 'release arn:first']);
  });

  test('waits for what the execution had cancelled itself', async () => {
    const ports = played([run('readings/enrich/first', 'CANCELLING')], []);
    await cleanUp(EXECUTION, ports);
    expect(ports.done).toEqual(['release arn:first']);
    expect(ports.waited()).toBeGreaterThan(0);
  });

  for (const [what, name] of Object.entries({
    "whose execution's name goes on": 'readings/enrich/first-again',
    "whose execution's name begins earlier": 'readings/enrich/the-first',
    'of another pipeline': 'tides/enrich/first',
    'of a pipeline whose name goes on': 'readings-more/enrich/first',
    'that has the name elsewhere': 'readings/first/second',
    'with more parts': 'readings/enrich/first/extra',
    'with fewer parts': 'readings/first',
    'without a name': '',
  })) {
    test(`leaves a run alone ${what}`, async () => {
      const ports = played([run(name)]);
      expect(await cleanUp(EXECUTION, ports)).toEqual([]);
      expect(ports.done).toEqual(['release arn:first']);
    });
  }
});

test('a job that ends within a second is not waited for longer', async () => {
  const ports = played([run('readings/produce/first')], []);
  const { wait } = ports;
  const waits: number[] = [];
  ports.wait = (ms) => {
    waits.push(ms);
    return wait(ms);
  };
  await cleanUp(EXECUTION, ports);
  expect(waits).toEqual([1_000, 3_000]);
});

describe('a run that does not end', () => {
  test('keeps the lock, and is named with its state after five minutes', async () => {
    const stuck = run('readings/enrich/first', 'CANCELLING');
    const ports = played([run('readings/produce/first'), stuck], [stuck]);
    await expect(cleanUp(EXECUTION, ports)).rejects.toThrow(
      'Job runs of execution first are still alive after being cancelled: ' +
        'readings/enrich/first (id of readings/enrich/first, CANCELLING).',
    );
    expect(ports.done).toEqual(['cancel readings/produce/first']);
    expect(ports.waited()).toBeGreaterThanOrEqual(300_000);
    expect(ports.waited()).toBeLessThan(600_000);
  });

  test('keeps the lock when cancelling fails', async () => {
    const ports = played([run('readings/enrich/first')]);
    ports.cancel = async () => Promise.reject(new Error('throttled'));
    await expect(cleanUp(EXECUTION, ports)).rejects.toThrow('throttled');
    expect(ports.done).toEqual([]);
  });
});
