/**
 * The reference: stateful resources as they are deployed, one file per environment, committed. Read by the test that
 * nothing is lost; written by `accept-replacement` only.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Extract } from './stateful.ts';

const fileOf = (environment: string): string =>
  fileURLToPath(new URL(`../reference/${environment}.json`, import.meta.url));

/** Reads the reference of an environment; a new environment has an empty one. */
export function readReference(environment: string): Record<string, Extract> {
  const file = fileOf(environment);
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record<string, Extract>) : {};
}

/** Writes it, one line for each resource, so that a change is a line to review. */
export function writeReference(environment: string, reference: Readonly<Record<string, Extract>>): void {
  const stacks = Object.entries(reference).map(([stack, resources]) => {
    const lines = Object.entries(resources).map(
      ([id, resource]) => `    ${JSON.stringify(id)}: ${JSON.stringify(resource)}`,
    );
    return `  ${JSON.stringify(stack)}: {\n${lines.join(',\n')}\n  }`;
  });
  writeFileSync(fileOf(environment), `{\n${stacks.join(',\n')}\n}\n`);
}
