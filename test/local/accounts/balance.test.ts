/** The line that accounts for every row, in the cases that occur. */
import { describe, expect, test } from 'vitest';
import { balanceOf, type Counts } from '../../../local/accounts/balance.ts';

const counts: Counts = {
  read: 1800,
  rejected: 0,
  sent: 1800,
  carriedOver: 0,
  replayed: 0,
  summarized: 1800,
  deadLetters: 0,
  deadLettersByReason: {},
  deadLettersOfExecution: 0,
};

function lineOf(changes: Partial<Counts>): [boolean, string] {
  const { addsUp, line } = balanceOf({ ...counts, ...changes });
  return [addsUp, line];
}

describe('the line', () => {
  test('of an execution without anything special', () => {
    expect(lineOf({})).toEqual([
      true,
      '1,800 read = 1,800 sent + 0 rejected; 1,800 sent = 1,800 summarized + 0 dead letters',
    ]);
  });

  test('names rejected rows and dead letters with their reasons', () => {
    const deadLettersByReason = { late: 2, 'not-framed': 1 };
    expect(lineOf({ rejected: 3, sent: 1797, summarized: 1794, deadLetters: 3, deadLettersByReason })).toEqual([
      true,
      '1,800 read = 1,797 sent + 3 rejected; 1,797 sent = 1,794 summarized + 3 dead letters (2 late, 1 not-framed)',
    ]);
  });

  test('carries over what an execution that was killed left behind', () => {
    expect(lineOf({ carriedOver: 250, summarized: 2050 })).toEqual([
      true,
      '1,800 read = 1,800 sent + 0 rejected; 1,800 sent + 250 carried over = 2,050 summarized + 0 dead letters',
    ]);
  });

  test('counts what was sent again beside what came', () => {
    expect(lineOf({ replayed: 2, summarized: 1801, deadLetters: 1 })).toEqual([
      true,
      '1,800 read = 1,800 sent + 0 rejected; 1,800 sent + 2 replayed = 1,801 summarized + 1 dead letters',
    ]);
  });

  test('of an account without a file begins with what is on the topic', () => {
    const { read: _, ...sent } = counts;
    expect(balanceOf({ ...sent, carriedOver: 5, summarized: 1805 })).toMatchObject({
      addsUp: true,
      line: '1,800 sent + 5 carried over = 1,805 summarized + 0 dead letters',
    });
    expect(balanceOf({ ...sent, deadLettersOfExecution: 1, deadLetters: 1, summarized: 1798 }).addsUp).toBe(false);
  });

  test('tells records of others from ours when they became dead letters', () => {
    const others = { sent: 1805, deadLetters: 5, deadLettersOfExecution: 5, deadLettersByReason: { 'not-framed': 5 } };
    expect(lineOf(others)).toEqual([
      true,
      '1,800 read = 1,800 sent + 0 rejected; 1,800 sent + 5 by others = 1,800 summarized + 5 dead letters (5 not-framed)',
    ]);
  });

  test.each<[string, Partial<Counts>]>([
    ['a row that was not sent', { sent: 1799, summarized: 1799 }],
    ['a row that was sent twice', { sent: 1801, summarized: 1801 }],
    ['a row that is in no summary', { summarized: 1799 }],
    ['a row that is in one of its two windows only', { summarized: 1799.5 }],
    ['a row that is in a summary and among the dead letters', { deadLetters: 1, deadLettersOfExecution: 1 }],
  ])('does not add up with %s', (_, changes) => {
    const [addsUp, line] = lineOf(changes);
    expect(addsUp).toBe(false);
    expect(line).toContain('≠');
  });
});
