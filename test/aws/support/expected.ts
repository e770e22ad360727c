/**
 * Tables that people write by hand (`test/aws/tables`): a file's name comes in, its lines without comments go out. No
 * command writes them. Called by the tests that compare a computed table with what was intended.
 */
import { existsSync, readFileSync } from 'node:fs';

/** Lines of a table. Those that begin with `#` and empty ones are for the reader; one that is indented by six goes on with the line before it. */
export function expectedLines(name: string): string[] {
  return readFileSync(new URL(`../tables/${name}`, import.meta.url), 'utf8')
    .replace(/\n {6,}/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** The table of an environment: what all have in common, and what is in `<name>.<environment>.txt` besides. */
export function expectedIn(environment: string, name: string): string[] {
  const own = `${name}.${environment}.txt`;
  const ownLines = existsSync(new URL(`../tables/${own}`, import.meta.url)) ? expectedLines(own) : [];
  return [...expectedLines(`${name}.txt`), ...ownLines];
}
