/**
 * `npm run test:mutants [-- --only WORD] [--json]`: plants the mutants of the list one after the other in a copy of the checkout, and runs the tests that
 * must notice. Exit code 0 only when each is noticed.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import { root } from '../../tools/setup/folders.mjs';
import { copyCheckout } from './copy.ts';
import { MUTANTS } from './list.ts';
import { type Mutant, planted, withWord } from './mutant.ts';

interface Outcome extends Mutant {
  readonly survived: boolean;
  readonly seconds: number;
}

process.exitCode = await main().catch((error: unknown) => {
  if (!(error instanceof MillraceError)) throw error;
  process.stderr.write(`error ${error.code}: ${error.message}\n`);
  return 1;
});

async function main(): Promise<number> {
  const { only, json, verbose } = optionsOf();
  const chosen = only === undefined ? MUTANTS : withWord(MUTANTS, only);
  if (chosen.length === 0) throw new MillraceError('NO_MUTANT', `--only is "${only}". Allowed: a word of a mutant.`);
  const stale = chosen.filter((mutant) => planted(mutant, contentOf(root, mutant)) === undefined);
  if (stale.length > 0) {
    const lines = stale.map(({ file, text }) => `\n  ${file}: ${text}`).join('');
    throw new MillraceError(
      'STALE_MUTANT',
      `These texts do not stand in their files exactly once. Mend the list.${lines}`,
    );
  }
  const tell = (line: string) => void process.stderr.write(`${line}\n`);
  const copy = copyCheckout(verbose ? tell : () => {});
  const stopped = () => {
    copy.remove();
    process.exit(130);
  };
  process.once('SIGINT', stopped).once('SIGTERM', stopped);
  try {
    tell(`${chosen.length} mutants in ${copy.folder}`);
    if (!(await copy.passes([...new Set(chosen.flatMap(({ tests }) => tests))]))) {
      throw new MillraceError(
        'TESTS_FAIL',
        'The tests fail without any mutant. Mend them first; --verbose shows them.',
      );
    }
    const outcomes: Outcome[] = [];
    for (const [index, mutant] of chosen.entries()) {
      const begun = performance.now();
      const survived = await survives(mutant);
      const seconds = Math.round((performance.now() - begun) / 100) / 10;
      outcomes.push({ ...mutant, survived, seconds });
      tell(`${index + 1} of ${chosen.length} ${lineOf({ ...mutant, survived, seconds })}`);
    }
    const survivors = outcomes.filter(({ survived }) => survived);
    const lines = [
      ...outcomes.map(lineOf),
      `${outcomes.length - survivors.length} killed, ${survivors.length} survived`,
    ];
    process.stdout.write(json ? `${JSON.stringify(outcomes, null, 2)}\n` : `${lines.join('\n')}\n`);
    return survivors.length === 0 ? 0 : 1;
  } finally {
    process.off('SIGINT', stopped).off('SIGTERM', stopped);
    copy.remove();
  }

  async function survives(mutant: Mutant): Promise<boolean> {
    const file = join(copy.folder, mutant.file);
    const content = contentOf(copy.folder, mutant);
    writeFileSync(file, planted(mutant, content) ?? content);
    try {
      return await copy.passes(mutant.tests);
    } finally {
      writeFileSync(file, content);
    }
  }
}

function optionsOf() {
  try {
    const options = { only: { type: 'string' }, json: { type: 'boolean' }, verbose: { type: 'boolean' } } as const;
    return parseArgs({ options }).values;
  } catch (error) {
    throw new MillraceError('ARGUMENTS', `${messageOf(error)}. Allowed: --only WORD, --json, --verbose.`);
  }
}

function contentOf(folder: string, { file }: Mutant): string {
  return readFileSync(join(folder, file), 'utf8');
}

function lineOf({ survived, seconds, file, text, replacement, harm }: Outcome): string {
  const oneLine = (part: string) => part.replace(/\s*\n\s*/g, ' ');
  const took = `${seconds.toFixed(1).padStart(5)} s`;
  return `${survived ? 'SURVIVED' : 'killed  '} ${took}  ${file}: ${oneLine(text)} -> ${oneLine(replacement)} (${harm})`;
}
