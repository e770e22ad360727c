/**
 * `millrace synth` and `millrace validate`: the two that start nothing. Every mistake is reported at once, in the words of whoever found it.
 */
import { synthesize } from '../deploy/index.ts';
import { type Context, pipelines } from './context.ts';

/** Synthesizes when something changed. */
export async function synth(context: Context): Promise<number> {
  const { assembly, changed } = await synthesize({
    progress: context.terminal.line,
    signal: context.signal,
    rules: true,
  });
  context.print(`${assembly} ${changed ? 'was synthesized' : 'is up to date'}`);
  return 0;
}

/** Loads every declaration. */
export async function validate(context: Context): Promise<number> {
  for (const { name, topics, jobs } of await pipelines()) {
    context.print(`${name}: ${Object.keys(topics).length} topics, ${Object.keys(jobs).length} jobs, no mistakes`);
  }
  return 0;
}
