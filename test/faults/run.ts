/**
 * Faults in the middle of work: `npm run test:faults [-- --case N] [--seed S] [--minutes M] [--json]`. Each case is of a real stack in a home of its own, which those share
 * that leave it whole. What failed has to be equal to what an oracle says, after the recovery that the runbook describes.
 */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { projectRoot } from '../../local/home.ts';
import { messageOf } from '../../tools/errors.mjs';
import { type Case, type Hit, NotMade, type Suite } from './cases.ts';
import { Random } from './random.ts';
import { Stack } from './stack.ts';

interface Chosen {
  readonly one: Case;
  readonly suite: Suite;
  /** The one that it hits, if it is a pipeline's own. */
  readonly pipeline?: string | undefined;
}

interface Row {
  readonly case: number;
  readonly title: string;
  readonly seed: number;
  readonly hit: string;
  readonly recoveredMs?: number;
  readonly seconds: number;
  /** Empty where all is as the oracle says. */
  readonly problems: readonly string[];
  /** Why the fault cannot be made here. */
  readonly notMade?: string;
}

const { values } = parseArgs({
  options: {
    case: { type: 'string', multiple: true },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    minutes: { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);
const minutes = Number(values.minutes);
const places = ['pipelines/*/tests/faults.ts', 'pipelines/*/tests/faults/machine/*.ts', 'test/faults/tests.ts'];
const files = places.flatMap((place) => globSync(join(projectRoot, place)).sort());
const known: Chosen[] = [];
for (const file of files) {
  const { default: suite } = (await import(file)) as { default: Suite };
  const pipeline = /pipelines.(\w+).tests/.exec(file)?.[1];
  known.push(...suite.cases.map((one) => ({ one, suite, pipeline })));
}
const pipelines = [...new Set(known.flatMap(({ pipeline }) => pipeline ?? []))];
const all = [...known, inAnyOrder(known)];
const numbers = [...new Set(all.map(({ one }) => one.number))].sort((first, second) => first - second);
const usual = all.filter(({ one }) => !one.isLong).map(({ one }) => one.number);
const asked = values.case?.map(Number) ?? usual;
if (!Number.isSafeInteger(seed) || !(minutes > 0) || asked.some((number) => !numbers.includes(number))) {
  process.stderr.write(
    `got --case ${values.case?.join(', ')}, --seed ${values.seed} and --minutes ${values.minutes}. Allowed: cases ${numbers.join(', ')}; a whole number as the seed; minutes above 0.\n`,
  );
  process.exit(2);
}

let stack: Stack | undefined;
/** That of the case that runs, if it is one that has its own. */
let own: Stack | undefined;
const rows: Row[] = [];
const log = (line: string) => process.stderr.write(`${new Date().toISOString().slice(11, 19)}  ${line}\n`);
let interrupted = false;
// What was started ends with the run, however that ends: without its machine a case fails, and takes back what it did to this one.
process.once('SIGINT', () => {
  interrupted = true;
  void Promise.all([stack?.remove(), own?.remove()]);
});

/** Runs a case, on the stack of the one before it if that left it whole. */
async function carryOut({ one, suite, pipeline }: Chosen): Promise<Row> {
  const row = { case: one.number, title: one.title, seed, hit: '' };
  let began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 1000);
  try {
    if (one.isAlone) {
      await stack?.remove();
      stack = undefined;
      own = new Stack();
      own.pipelines = pipeline ? [pipeline] : pipelines;
    } else if (stack === undefined) {
      log('starting a stack');
      stack = new Stack();
      stack.pipelines = pipelines;
      await stack.up();
      began = performance.now();
    }
    log(`case ${one.number}: ${one.title}`);
    // A case does the same whichever others are run.
    const given = own ?? (stack as Stack);
    const { what, recoveredMs } = await one.run(given, new Random(seed * 100 + one.number), minutes);
    const problems = await suite.check(given);
    return { ...row, hit: what, recoveredMs, problems, seconds: seconds() };
  } catch (error) {
    if (error instanceof NotMade) return { ...row, problems: [], notMade: error.message, seconds: seconds() };
    return { ...row, problems: [messageOf(error)], seconds: seconds() };
  } finally {
    await own?.remove();
    own = undefined;
  }
}

const outcomeOf = ({ problems, notMade }: Row) =>
  notMade === undefined ? (problems.length === 0 ? 'equal' : 'DIFFERENT') : 'NOT MADE';

/** Ten of the others on one stack, each once, in an order that the seed gives; what each leaves behind is before the next. */
function inAnyOrder(others: readonly Chosen[]): Chosen {
  const run = async (stack: Stack, random: Random): Promise<Hit> => {
    const [numbers, times]: [number[], number[]] = [[], []];
    const left = others.filter(({ one }) => !one.isLast && !one.isAlone && !one.isLong);
    while (numbers.length < 10) {
      const [{ one, suite }] = left.splice(random.whole(0, left.length - 1), 1) as [Chosen];
      log(`  case ${one.number}: ${one.title}`);
      times.push((await one.run(stack, random, minutes)).recoveredMs);
      numbers.push(one.number);
      const problems = await suite.check(stack);
      if (problems.length > 0) throw new Error(`after ${numbers.join(', ')}: ${problems.join('; ')}`);
    }
    return { what: `cases ${numbers.join(', ')}`, recoveredMs: Math.max(...times) };
  };
  return { one: { number: 22, title: 'a random sequence of ten', run }, suite: { cases: [], check: async () => [] } };
}

try {
  for (const chosen of all.filter(({ one }) => asked.includes(one.number))) {
    if (interrupted) break;
    const row = await carryOut(chosen);
    rows.push(row);
    log(`case ${row.case}: ${outcomeOf(row)} ${row.notMade ?? row.problems.join('\n  ')}`);
    if (row.problems.length === 0) continue;
    await stack?.remove();
    stack = undefined;
  }
} finally {
  await stack?.remove();
}
if (values.json) process.stdout.write(`${JSON.stringify(rows)}\n`);
else {
  for (const row of rows) {
    const { case: number, title, hit, recoveredMs, seconds, problems, notMade } = row;
    const recovered = recoveredMs === undefined ? '-' : `${(recoveredMs / 1000).toFixed(1)} s`;
    const outcome = outcomeOf(row);
    process.stdout.write(
      `${String(number).padStart(2)}  ${outcome.padEnd(9)}  recovered ${recovered.padStart(7)}  ${String(seconds).padStart(4)} s  ${title}: ${notMade ?? hit}\n`,
    );
    for (const problem of problems) process.stdout.write(`      ${problem}\n`);
  }
  process.stdout.write(`seed ${seed}\n`);
}
process.exitCode = rows.every(({ problems }) => problems.length === 0) ? 0 : 1;
if (interrupted) process.exitCode = 130;
