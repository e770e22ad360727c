/** Mutants of the page of a pipeline: who reads it, what it believes, what it does with words of strangers. */
import { type Mutant, mutantsOf } from './mutant.ts';

const unit = 'test/local/watch';

export const page: readonly Mutant[] = [
  ...mutantsOf(
    'local/watch/server.ts',
    [`${unit}/server.test.ts`],
    ['one.length === other.length && timingSafeEqual(one, other)', 'true', 'whoever finds the port reads the records'],
    [
      "if (!hosts.includes(host)) return refused(421, 'another host');",
      '',
      'a name of a stranger that leads here reads the page',
    ],
    [
      "['same-origin', 'none'].includes(String(site))",
      'true',
      'the page of a stranger asks in the name of its visitor',
    ],
    ['if (response.writableNeedDrain) return;', 'return;', 'a page shows nothing'],
    ['mark = feed.mark;', '', 'a page gets everything again and again'],
    ['randomBytes(24)', 'randomBytes(2)', 'the address of a page is guessed'],
    ["  'referrer-policy': 'no-referrer',\n", '', 'whoever a page leads to reads the records'],
    ["  'cache-control': 'no-store',\n", '', 'records stay in the browser'],
  ),
  ...mutantsOf(
    'local/watch/results.ts',
    [`${unit}/results.test.ts`],
    ['mostRows = 2_000', 'mostRows = 20', 'a page hides rows'],
    ['mostBehind = 5_000', 'mostBehind = 5', 'a page hides rows'],
    ['String(row[last]) === newest', 'true', 'windows of long ago are shown as the last one'],
    ['one > other ? one : other', 'one < other ? one : other', 'the first window is shown as the last one'],
  ),
  ...mutantsOf(
    'local/watch/feed.ts',
    [`${unit}/feed.test.ts`, `${unit}/server.test.ts`],
    ['section.version > after', 'section.version > after + 1', 'a page that comes back misses what has changed'],
  ),
  ...mutantsOf(
    'local/visible.ts',
    [`${unit}/records.test.ts`],
    ['(?![\\t\\n])[\\p{Cc}\\p{Cf}]', '(?![\\t\\n])[\\p{Cc}]', 'turned text in a record says something else than it is'],
  ),
  ...mutantsOf(
    'local/accounts/records.ts',
    [`${unit}/records.test.ts`],
    ['slice(-most)', 'slice(0, 0)', 'no record is shown'],
  ),
  ...mutantsOf(
    'local/watch/bundle.ts',
    [`${unit}/bundle.test.ts`],
    [".replaceAll('<', '\\\\u003c')", '', 'a record ends the data of a report, and what follows runs'],
  ),
  ...mutantsOf(
    'local/watch/figures.ts',
    [`${unit}/figures.test.ts`],
    ['settled: false,', 'settled: true,', 'what nobody has counted is taken for counted'],
    ['rowsIn - total(deadLetters)', 'rowsIn', 'dead letters count as summarized'],
  ),
  ...mutantsOf(
    'local/stepfunctions/executions.ts',
    [`${unit}/observer.test.ts`],
    [
      "records.findLast(({ status }) => status === 'RUNNING') ?? records.at(-1)",
      'records.at(-1)',
      'a refused execution hides the one that runs',
    ],
  ),
  ...mutantsOf(
    'local/watch/page/machine-parts.ts',
    [`${unit}/machine-parts.test.ts`],
    ['last.error !== undefined && !last.caught', 'false', 'a state that failed is green'],
    ["state.type === 'Fail' ||", '', 'states that end with an error stand where an execution may go on'],
    ['entered.has(name) || ahead', 'ahead', 'the way that an execution took is not drawn'],
  ),
  ...mutantsOf(
    'local/watch/states.ts',
    [`${unit}/states.test.ts`],
    ["if (event === 'StateCaught') state.caught = true;", '', 'an error that was caught looks like the end'],
    ['[undefined, undefined, at]', '[undefined, state.error, at]', 'a state that went well the second time is red'],
  ),
];
