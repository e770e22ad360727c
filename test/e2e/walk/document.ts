/**
 * The fenced blocks of a document in Markdown, with what a reader is to do with each.
 *
 * The first word after a fence is the language, as everywhere; what may follow is not shown to a reader and says more:
 * - `sh`: commands, a line each. `sh fails`: the last one has to fail. `sh aws`: needs an account, is not run.
 * - `text`: what the commands before it print. Lines in this order; others may stand between them, times and the like may differ or be left out.
 * - `diff`: a change of files.
 * - any other language with a path: an excerpt of that file, as it is at this point of the walk.
 */

export interface Block {
  readonly language: string;
  /** What follows the language. */
  readonly note: string;
  readonly lines: readonly string[];
  /** Number of the line that opens it. */
  readonly at: number;
}

const FENCE = /^( *)```(\S*)\s*(.*)$/;

/** The blocks of a document in their order; one in a list is as far to the left as its fence. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  let open: (Block & { lines: string[]; indentation: string }) | undefined;
  for (const [index, line] of markdown.split('\n').entries()) {
    const [, indentation = '', language = '', note = ''] = FENCE.exec(line) ?? [];
    if (open && line.trim() === '```') {
      blocks.push(open);
      open = undefined;
    } else if (open) open.lines.push(line.startsWith(open.indentation) ? line.slice(open.indentation.length) : line);
    else if (FENCE.test(line)) open = { language, note, lines: [], at: index + 1, indentation };
  }
  if (open) throw new Error(`The block in line ${open.at} has no end.`);
  return blocks;
}

/** What differs from run to run, each with what stands for it. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  // The time since the start of a command, which stands before each line of progress.
  [/^ *\d+\.\d s {2}/, ''],
  [/\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?( UTC|Z|[+-]\d{2}:\d{2})?/g, '<time>'],
  [/\b\d+(\.\d+)? ?(ms|s|MB)\b/g, '<amount>'],
  [/(127\.0\.0\.1|localhost):\d+/g, '<address>'],
  [/\bpid \d+/g, '<pid>'],
  [/ +/g, ' '],
];

/** A line without what differs from run to run. */
export const masked = (line: string): string =>
  VARYING.reduce((text, [pattern, mask]) => text.replace(pattern, mask), line).trim();

/** The first line that is shown and does not come, in its place, in what was printed; a line of three points stands for any. */
export function missingLine(shown: readonly string[], printed: string): string | undefined {
  const lines = printed.split('\n').map(masked);
  let from = 0;
  for (const line of shown.filter((one) => !['', '...'].includes(one.trim()))) {
    const found = lines.indexOf(masked(line), from);
    if (found < 0) return line;
    from = found + 1;
  }
  return undefined;
}
