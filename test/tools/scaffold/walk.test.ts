/** How the walk through a document reads it: nothing that is shown may be passed over in silence. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blocksOf, missingLine } from '../../e2e/walk/document.ts';
import { applyPatch } from '../../e2e/walk/patch.ts';
import { temporaryFolder, write } from '../setup/temporary.ts';

describe('blocks', () => {
  test('have a language, a note, and the lines as they are meant, in lists too', () => {
    const markdown = ['```sh fails', 'one', '```', 'text', '1. item', '   ```ts a/b.ts', '     two', '   ```'];
    expect(blocksOf(markdown.join('\n'))).toMatchObject([
      { language: 'sh', note: 'fails', lines: ['one'], at: 1 },
      { language: 'ts', note: 'a/b.ts', lines: ['  two'], at: 6 },
    ]);
  });

  test('that have no end are an error', () => {
    expect(() => blocksOf('```sh\none')).toThrow('line 1');
  });
});

describe('output', () => {
  const printed = '   1.7 s  removed\n5 read = 4 sent\nKafka  127.0.0.1:9092\nsince 2026-11-21 12:50:32 UTC (pid 7)';

  test.each([
    [['0.2 s  removed', '5 read = 4 sent']],
    [['removed']],
    [['...', 'Kafka     127.0.0.1:9094']],
    [['since 2020-01-01 00:00:00 UTC (pid 27600)']],
  ])('%j is there, whatever the times and places are', (shown) => {
    expect(missingLine(shown, printed)).toBeUndefined();
  });

  test.each([
    [['5 read = 5 sent'], '5 read = 5 sent'],
    [['5 read = 4 sent', '0.2 s  removed'], '0.2 s  removed'],
    [['5 read'], '5 read'],
  ])('%j is not', (shown, missing) => {
    expect(missingLine(shown, printed)).toBe(missing);
  });
});

describe('a change', () => {
  const patch = [
    '--- a/one.txt',
    '+++ b/one.txt',
    '@@ -1,2 +1,3 @@',
    ' a',
    '-b',
    '+B',
    '+b2',
    '@@ -4 +5 @@',
    '-d',
    '+D',
  ];

  test('is made where it says', () => {
    const root = temporaryFolder();
    const file = write(join(root, 'one.txt'), 'a\nb\nc\nd\n');
    applyPatch(root, patch);
    expect(readFileSync(file, 'utf8')).toBe('a\nB\nb2\nc\nD\n');
  });

  test('that does not fit is an error', () => {
    const root = temporaryFolder();
    write(join(root, 'one.txt'), 'a\nc\nb\nd\n');
    expect(() => applyPatch(root, patch)).toThrow('one.txt:2 is "c", not "b"');
  });
});
