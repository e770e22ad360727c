/**
 * `millrace synth`: the CDK app and every rule, without starting anything. Every mistake is reported at once, in the words of whoever found it.
 */
import { synthesize } from '../cloudformation/index.ts';
import type { Context } from './context.ts';

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
