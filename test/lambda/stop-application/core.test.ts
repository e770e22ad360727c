/** Stopping an application, against one in memory that takes its time. */
import type { ApplicationState } from '@aws-sdk/client-emr-serverless';
import { expect, test } from 'vitest';
import { type ApplicationPorts, stopApplication } from '../../../lambda/stop-application/core.ts';

const minutes = (count: number): number => count * 60_000;

/** An application whose runs end so many milliseconds after they are cancelled. */
function application(start: ApplicationState | undefined, runs: number, cancelTakes = 20_000) {
  let clock = 0;
  let state = start;
  let stopped: number | undefined;
  const calls: string[] = [];
  const alive = Array.from({ length: runs }, (_, index) => ({
    id: `run-${index + 1}`,
    endsAt: Number.POSITIVE_INFINITY,
  }));
  const living = () => alive.filter(({ endsAt }) => endsAt > clock);
  const ports: ApplicationPorts = {
    state: async () => {
      if (state === 'STARTING' && clock >= 10_000) state = 'STARTED';
      if (stopped !== undefined && clock >= stopped) state = 'STOPPED';
      return state;
    },
    aliveRuns: async () => living().map(({ id, endsAt }) => ({ id, cancelling: endsAt < Number.POSITIVE_INFINITY })),
    cancel: async (id) => {
      calls.push(`cancel ${id}`);
      for (const run of alive) if (run.id === id) run.endsAt = clock + cancelTakes;
    },
    stop: async () => {
      if (state !== 'STARTED' || living().length > 0) throw new Error('the service would refuse');
      calls.push('stop');
      state = 'STOPPING';
      stopped = clock + 30_000;
    },
    wait: async (ms) => {
      clock += ms;
    },
    now: () => clock,
  };
  return { ports, calls, now: () => clock };
}

test.each(['CREATED', 'STOPPED', 'TERMINATED', undefined] as const)('%s: nothing is called', async (state) => {
  const { ports, calls } = application(state, 0);
  await stopApplication('app', ports, minutes(1));
  expect(calls).toEqual([]);
});

test('cancels each run once, stops when none is left, and waits until it has stopped', async () => {
  const { ports, calls, now } = application('STARTED', 2);
  await stopApplication('app', ports, minutes(5));
  expect(calls).toEqual(['cancel run-1', 'cancel run-2', 'stop']);
  expect(now()).toBe(50_000);
});

test('one that is starting is stopped once it has started', async () => {
  const { ports, calls } = application('STARTING', 0);
  await stopApplication('app', ports, minutes(5));
  expect(calls).toEqual(['stop']);
});

test('one that is starting loses its runs at once, and is asked every five seconds', async () => {
  const { ports, calls, now } = application('STARTING', 1, 5_000);
  const waits = new Set<number>();
  const { wait } = ports;
  await stopApplication('app', { ...ports, wait: (ms) => wait(ms).then(() => void waits.add(ms)) }, minutes(5));
  expect(calls).toEqual(['cancel run-1', 'stop']);
  expect(now()).toBe(40_000);
  expect([...waits]).toEqual([5_000]);
});

test('one that does not come to rest fails in time, with what to do', async () => {
  const { ports } = application('STARTED', 1, minutes(60));
  await expect(stopApplication('app', ports, minutes(2))).rejects.toThrow(
    'Application app is still STARTED with 1 job runs after 2 minutes. Cancel its runs',
  );
});
