/** `millrace check <pipeline>`: which lines of files its jobs would reject, and why, before anything runs. */
import { resolve } from 'node:path';
import { filesOf } from '../../lib/declaration/flow.ts';
import { byReason, number } from '../accounts/balance.ts';
import { type CheckedFile, checkFiles } from '../check/check.ts';
import { visibleLine } from '../visible.ts';
import { type Context, pipelineOf } from './context.ts';

/** Lines that are printed of each file; `--json` has all of them. */
const mostShown = 20;

export async function check(
  { json, print, terminal, signal }: Context,
  name: string,
  { sampleData }: { readonly sampleData?: string },
): Promise<number> {
  const pipeline = await pipelineOf(name);
  const folder = resolve(sampleData ?? pipeline.folders.sampleData);
  const shown: Record<string, number> = {};
  const paths = new Map(Object.entries(filesOf(pipeline)).map(([alias, { sample }]) => [alias, sample]));
  const files = await checkFiles(pipeline, folder, {
    signal,
    onReject: (reject) => {
      const { file, line, reason, text } = reject;
      if (json) return print(JSON.stringify(reject));
      shown[file] = (shown[file] ?? 0) + 1;
      if (shown[file] <= mostShown) print(`${paths.get(file)}:${line}  ${reason}\n  ${visibleLine(text)}`);
    },
  });
  for (const file of files) {
    if (json) print(JSON.stringify(file));
    else for (const line of linesOf(file)) print(line);
  }
  if (!json) {
    if (files.length === 0) print(`Pipeline "${name}" reads no files.`);
    else terminal.plain('Only the schemas were asked. What the code of a job checks besides, a run will tell.');
  }
  return files.every(isGood) ? 0 : 1;
}

const rejectedIn = ({ rejected }: CheckedFile): number => Object.values(rejected).reduce((all, one) => all + one, 0);

const isGood = (file: CheckedFile): boolean => !file.refused && rejectedIn(file) === 0 && file.read > 0;

function linesOf(file: CheckedFile): string[] {
  const { path, refused, table, read, rejected, unchecked } = file;
  // It names the file.
  if (refused) return [`refused, ${refused.code}: ${visibleLine(refused.message)}`];
  const [count, bad] = [`${number(read)} ${read === 1 ? 'row' : 'rows'}`, rejectedIn(file)];
  const more = bad > mostShown ? `; ${number(bad - mostShown)} more than are shown here, by --json` : '';
  const told = bad > 0 ? `${number(bad)} rejected${byReason(rejected)}${more}` : 'none rejected';
  const only = unchecked.map((field) => `${path}: the pattern of ${field} is checked by the job alone`);
  if (read === 0) return [`${path}: no line of data, so that a run would fail`, ...only];
  return [`${path}: ${count}${table ? ', a table that is read as a whole' : `, ${told}`}`, ...only];
}
