/** Exact decimals: what goes in comes out, and nothing is rounded. */
import { expect, test } from 'vitest';
import { decimalOf, unitsOf } from '../../../local/accounts/decimals.ts';

test.each([
  ['0', '0.00'],
  ['-0.10', '-0.10'],
  ['12', '12.00'],
  ['1234567.891', '1,234,567.891'],
  ['1e2', '100.00'],
  ['-1.5E-3', '-0.0015'],
  ['0.000000000000000001', '0.000000000000000001'],
  ['99999999999999999999.99', '99,999,999,999,999,999,999.99'],
])('%s is %s', (text, shown) => expect(decimalOf(unitsOf(text) ?? 7n)).toBe(shown));

test('a tenth and two tenths are three tenths', () => {
  expect((unitsOf('0.1') ?? 0n) + (unitsOf('0.2') ?? 0n)).toBe(unitsOf('0.3'));
});

test.each(['', 'null', 'undefined', '1,5', '0x10', '1e', 'NaN', '0.0000000000000000001'])('"%s" is none', (text) => {
  expect(unitsOf(text)).toBeUndefined();
});
