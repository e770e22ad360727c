/**
 * What every command gets: the home, where to write, how the person asked, and the signal that ends it. Made by `main.ts`.
 */
import type { Pipeline } from '../../lib/declaration/model.ts';
import { MillraceError } from '../../tools/errors.ts';
import type { Home } from '../home.ts';
import type { Terminal } from './terminal.ts';

/** The environment that the local run deploys. */
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

/** One pipeline by its name. */
export async function pipelineOf(name: string): Promise<Pipeline> {
  const all = await pipelines();
  const pipeline = all.find((candidate) => candidate.name === name);
  if (pipeline) return pipeline;
  throw new MillraceError(
    'UNKNOWN_PIPELINE',
    `There is no pipeline "${name}". Allowed: ${all.map((candidate) => candidate.name).join(', ')}.`,
  );
}
