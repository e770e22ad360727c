/** How the page writes numbers and times. */
import { expect, test } from 'vitest';
import { duration } from '../../../local/watch/page/words.ts';

test.each([
  [12, '12 ms'],
  [4_230, '4.2 s'],
  [9_960, '10 s'],
  [59_400, '59 s'],
  [59_600, '1 min 0 s'],
  [119_700, '2 min 0 s'],
  [185_000, '3 min 5 s'],
  [3_599_600, '1 h 0 min'],
  [7_380_000, '2 h 3 min'],
])('%i ms are %s', (ms, words) => {
  expect(duration(ms)).toBe(words);
});
