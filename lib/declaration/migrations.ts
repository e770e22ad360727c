/** Migrations: the SQL files in a pipeline's `tables` folder, which make and change its tables, each applied once and in the order of their numbers. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Migration {
  /** File name: three digits, a hyphen, words, `.sql`. */
  readonly name: string;
  readonly sql: string;
}

const NAME = /^\d{3}-[a-z0-9]+(?:-[a-z0-9]+)*\.sql$/;

/** The folder beside a declaration that holds its migrations. */
export const migrationsFolder = (declaration: string): string => join(declaration, 'tables');

/** The migrations of a pipeline, by the folder of its declaration; none without the folder. */
export function migrationsIn(declaration: string): Migration[] {
  const folder = migrationsFolder(declaration);
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.sql')) : [];
  return names.sort().map((name) => ({ name, sql: readFileSync(join(folder, name), 'utf8') }));
}

/** What is wrong with the names of migrations, in words: one that is none, or a number that is missing or there twice. */
export function numberingMistake(
  migrations: readonly Migration[],
): { readonly name: string; readonly allowed: string } | undefined {
  for (const [index, { name }] of migrations.entries()) {
    const number = String(index + 1).padStart(3, '0');
    if (!NAME.test(name) || !name.startsWith(number)) return { name, allowed: `${number}-what-it-does.sql` };
  }
  return undefined;
}

/** Whether SQL has a name, be it quoted or not; where it stands in a comment or a text, it counts too. */
export const mentions = (sql: string, name: string): boolean =>
  new RegExp(`(?<![\\w$])${name}(?![\\w$])`, 'i').test(sql);
