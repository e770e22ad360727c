/** Restarting after a rotation, decided from two moments. */
import { expect, test } from 'vitest';
import { restartAfterRotation } from '../../../lambda/restart-registry/handler.ts';

async function decide(rotated: string | undefined, deployed: string | undefined): Promise<[boolean, number]> {
  let restarts = 0;
  const moment = (text: string | undefined) => (text === undefined ? undefined : new Date(text));
  const restarted = await restartAfterRotation({
    rotatedAt: async () => moment(rotated),
    deployedAt: async () => moment(deployed),
    restart: async () => {
      restarts += 1;
    },
  });
  return [restarted, restarts];
}

test('restarts when the password is younger than the tasks', async () => {
  expect(await decide('2026-01-02T00:00:01Z', '2026-01-02T00:00:00Z')).toEqual([true, 1]);
});

test.each([
  ['the tasks are younger', '2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'],
  ['it was never rotated', undefined, '2026-01-02T00:00:00Z'],
  ['the service is gone', '2026-01-01T00:00:00Z', undefined],
])('does nothing when %s', async (_, rotated, deployed) => {
  expect(await decide(rotated, deployed)).toEqual([false, 0]);
});
