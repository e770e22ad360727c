/** What of changes is written, and what a failure of the code says. */
import { describe, expect, test } from 'vitest';
import { changeOf, itemOf } from '../../../lambda/feed/change.ts';
import { recordsOf } from '../../../lambda/feed/handler.ts';

const changed = (at: number, word: string, before?: string) => ({
  dynamodb: {
    Keys: { id: { S: `m-${at}` } },
    ...(before === undefined ? {} : { OldImage: { id: { S: `m-${at}` }, word: { S: before } } }),
    NewImage: { id: { S: `m-${at}` }, word: { S: word } },
    SequenceNumber: String(100 + at),
  },
});
const topics = { words: 'tiny.words', lengths: 'tiny.lengths' };

describe('an item', () => {
  test('has texts, numbers, switches and what is made of them', () => {
    const stored = {
      ...{ text: { S: '1' }, whole: { N: '9007199254740991' }, part: { N: '-1.125' }, flag: { BOOL: false } },
      ...{
        none: { NULL: true },
        bytes: { B: 'AQI=' },
        list: { L: [{ N: '1' }, { S: 'x' }] },
        map: { M: { a: { N: '2' } } },
      },
      ...{ texts: { SS: ['a', 'b'] }, numbers: { NS: ['1', '2.5'] } },
    };
    expect(itemOf(stored)).toEqual({
      ...{ text: '1', whole: 9_007_199_254_740_991, part: -1.125, flag: false, none: null, bytes: 'AQI=' },
      ...{ list: [1, 'x'], map: { a: 2 }, texts: ['a', 'b'], numbers: [1, 2.5] },
    });
  });

  test.each(['9007199254740993', '0.1234567890123456', '123456789012.34567'])(
    'keeps %s, which would become another number, as its text',
    (number) => expect(itemOf({ number: { N: number } })).toEqual({ number }),
  );

  test.each([
    ['0.123456789012345', 0.123456789012345],
    ['1.5E+3', 1_500],
    ['-0', -0],
  ])('has %s as a number', (text, number) => expect(itemOf({ number: { N: text } })).toEqual({ number }));
});

test('a change has what the item was and what it is', () => {
  expect(changeOf(changed(1, 'b', 'a'))).toEqual({ before: { id: 'm-1', word: 'a' }, after: { id: 'm-1', word: 'b' } });
  expect(changeOf(changed(1, 'b'))).toEqual({ before: undefined, after: { id: 'm-1', word: 'b' } });
});

describe('what is told', () => {
  const tells = {
    words: ({ after }: ReturnType<typeof changeOf>) =>
      after?.word === 'quiet' ? undefined : { key: String(after?.id), value: { word: String(after?.word) } },
    lengths: () => undefined,
  };

  test('is in the order of the changes, and a topic to which nothing is told is left alone', () => {
    const records = recordsOf(tells, topics, [changed(2, 'b'), changed(1, 'quiet'), changed(1, 'a')]);
    expect([...records]).toEqual([
      [
        'tiny.words',
        [
          { key: 'm-2', value: { word: 'b' } },
          { key: 'm-1', value: { word: 'a' } },
        ],
      ],
    ]);
  });

  test('is nothing at all where the code fails at one of them, and the change is named', () => {
    const failing = {
      ...tells,
      words: (change: ReturnType<typeof changeOf>) => {
        if (change.after?.word === 'poison') throw new Error('no such word');
        return tells.words(change);
      },
    };
    const all = [changed(1, 'a'), changed(2, 'poison'), changed(3, 'c')];
    expect(() => recordsOf(failing, topics, all)).toThrow(
      'The code fails at change 102 of the item {"id":"m-2"}: no such word',
    );
  });

  test('is refused where the code has nothing for a topic', () => {
    expect(() => recordsOf({ words: tells.words }, topics, [])).toThrow(
      'The code tells nothing to "lengths", a topic that its feed writes. It has: words.',
    );
  });
});
