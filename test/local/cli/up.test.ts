/** Services start while the app is synthesized; a mistake in it ends them again. */
import { expect, test } from 'vitest';
import { bothOrNone } from '../../../local/cli/up.ts';

const { signal } = new AbortController();
const works = async () => 'services';
const fails = async () => {
  throw new Error('a mistake');
};
/** Ends only when it is called off. */
const lasts = (either: AbortSignal) =>
  new Promise<never>((_, reject) => either.addEventListener('abort', () => reject(either.reason)));

test('services that run when the synthesis fails are stopped again, and its error is told', async () => {
  const stopped: string[] = [];
  const stop = async (services: string) => void stopped.push(services);
  await expect(bothOrNone(signal, works, fails, stop)).rejects.toThrow('a mistake');
  expect(stopped).toEqual(['services']);
});

test('services that are about to run are called off, and so is the synthesis when they cannot start', async () => {
  const stop = async () => expect.unreachable();
  await expect(bothOrNone(signal, lasts, fails, stop)).rejects.toThrow('a mistake');
  await expect(bothOrNone(signal, fails, lasts, stop)).rejects.toThrow('a mistake');
});
