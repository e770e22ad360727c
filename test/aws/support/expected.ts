/** Tables that people write by hand: `test/aws/tables`, and `permissions.txt` in the tests of a pipeline. No command writes them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';

const tables = new URL('../tables/', import.meta.url);

/** Lines of a table. Those that begin with `#` and empty ones are for the reader; one that is indented by six goes on with the line before it. */
export const expectedLines = (name: string): string[] => linesOf(new URL(name, tables));

function linesOf(file: URL | string): string[] {
  return readFileSync(file, 'utf8')
    .replace(/\n {6,}/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** A table in an environment: what all have in common, and what is in `<name>.<environment>.txt` besides. */
export function expectedIn(environment: string, name: 'network' | 'platform' | 'values'): string[] {
  const own = new URL(`${name}.${environment}.txt`, tables);
  return [...expectedLines(`${name}.txt`), ...(existsSync(own) ? linesOf(own) : [])];
}

/** Where the table of a pipeline is written, which is the same in every environment. */
export const tableFileOf = ({ folders }: Pipeline): string => join(folders.declaration, 'tests', 'permissions.txt');

/** The table of a pipeline; undefined when nobody has written it. */
export function expectedOfPipeline(pipeline: Pipeline): string[] | undefined {
  const file = tableFileOf(pipeline);
  return existsSync(file) ? linesOf(file) : undefined;
}
