/** What every command gets, and how it finds the pipelines and environments that a person names. */
import type { Environment } from '../../config/environment.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { MillraceError } from '../../tools/errors.mjs';
import type { Home } from '../home.ts';
import type { Terminal } from './terminal.ts';

export const environment = 'dev';

export interface Context {
  readonly home: Home;
  readonly terminal: Terminal;
  readonly json: boolean;
  /** Aborted by the first Ctrl-C. */
  readonly signal: AbortSignal;
  /** What a second Ctrl-C does before it ends the command; each is called once, the last one first. */
  readonly onForce: (() => void)[];
  /** Writes to stdout. */
  readonly print: (text: string) => void;
}

/** The declared pipelines. Loaded only where they are needed, because a mistake in one must not keep `down` from working. */
export async function pipelines(): Promise<Pipeline[]> {
  const { loadPipelines } = await import('../../lib/declaration/load.ts');
  return loadPipelines();
}

export async function pipelineOf(name: string): Promise<Pipeline> {
  return named(name, await pipelines(), 'pipeline', '');
}

/** The configuration of an environment on AWS. */
export async function environmentOf(name: string): Promise<Environment> {
  const { environments } = await import('../../config/environments.ts');
  return named(name, environments, 'environment', ' Environments are the files in config/.');
}

/** What a command needs does not run or is not deployed. */
export const notUp = (what: string) => new MillraceError('NOT_UP', `${what} Run "npx millrace up" first.`);

function named<T extends { readonly name: string }>(name: string, all: readonly T[], what: string, more: string): T {
  const found = all.find((candidate) => candidate.name === name);
  if (found) return found;
  const allowed = all.map((candidate) => candidate.name).join(', ');
  throw new MillraceError(
    `UNKNOWN_${what.toUpperCase()}`,
    `There is no ${what} "${name}". Allowed: ${allowed}.${more}`,
  );
}
