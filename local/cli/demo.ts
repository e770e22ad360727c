/**
 * `millrace demo`: everything from nothing to results and back: up, one execution of the demo's pipeline, down again. Services that an
 * earlier `up` started stay.
 */
import { actionsOf } from '../../lib/declaration/flow.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { type Context, pipelines } from './context.ts';
import { type RunOptions, runDeployed } from './run.ts';
import { bringUp, stopStarted } from './up.ts';

/** What the demo shows; where it was removed, the first pipeline by name that comes to an end. */
const DEMO_PIPELINE = 'sales';

export async function demo(
  context: Context,
  { keep, cold, strict, watch }: Pick<RunOptions, 'cold' | 'strict' | 'watch'> & { readonly keep?: boolean },
): Promise<number> {
  const all = await pipelines();
  const pipeline = all.find(({ name }) => name === DEMO_PIPELINE) ?? all.find((one) => actionsOf(one)[0] === 'run');
  if (!pipeline)
    throw new MillraceError('NO_PIPELINE', 'The folder pipelines/ holds no pipeline whose runs come to an end.');
  const running = await bringUp(context, { pipelines: [pipeline.name], strict });
  let succeeded = false;
  try {
    const code = await runDeployed(context, pipeline, {}, running, { cold, strict, watch });
    succeeded = true;
    return code;
  } finally {
    // Kept services are for looking at: not what an interrupted or failed demo leaves.
    if (!(keep && succeeded)) await stopStarted(context, running.started);
    else context.terminal.line('services stay up; "npx millrace down" ends them');
    if (succeeded && !keep && !cold)
      context.terminal.line('JVMs stay for five minutes, for the next run; "npx millrace down" ends them');
    if (succeeded)
      context.terminal.plain(`Next  ${keep ? '' : 'npx millrace up; '}npx millrace run ${pipeline.name} --watch`);
  }
}
