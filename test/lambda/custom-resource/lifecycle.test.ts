/** How failures are put so that they reach the person who deploys. */
import { expect, test } from 'vitest';
import { fitting, Mistakes } from '../../../lambda/custom-resource/lifecycle.ts';

test('a failure names each mistake on a line', () => {
  expect(new Mistakes('Refused:', ['one', 'two']).message).toBe('Refused:\n- one\n- two');
});

test('a failure says how many mistakes did not fit', () => {
  const { message } = new Mistakes(
    'Refused:',
    Array.from({ length: 100 }, () => 'ß'.repeat(100)),
  );
  expect(Buffer.byteLength(message)).toBeLessThan(3_100);
  expect(message).toMatch(/\n- and \d+ more$/);
});

test('one mistake that is too long is shortened, and no character is cut through', () => {
  const { message } = new Mistakes('Refused:', ['ß'.repeat(5_000)]);
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(3_000);
  expect(message).toMatch(/^Refused:\n- ß+ …$/);
});

test('any failure is shortened to what fits, and keeps its cause', () => {
  const long = new Error('ß'.repeat(5_000));
  const { message, cause } = fitting(long);
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(3_000);
  expect(message).toMatch(/^ß+ …$/);
  expect(cause).toBe(long);
  expect(fitting('text').message).toBe('text');
});
