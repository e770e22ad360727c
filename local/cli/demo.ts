/**
 * `millrace demo`: everything from nothing to results and back: up, one execution of the demo's pipeline, down again. Services that an
 * earlier `up` started stay.
 */
import { MillraceError } from '../../tools/errors.ts';
import { type Context, pipelines } from './context.ts';
import { runDeployed } from './run.ts';
import { bringUp, stopStarted } from './up.ts';

/** What the demo shows; where it was removed, the first pipeline by name that comes to an end. */
const DEMO_PIPELINE = 'sales';

export async function demo(context: Context, options: { readonly keep?: boolean }): Promise<number> {
  const all = await pipelines();
  const pipeline = all.find(({ name }) => name === DEMO_PIPELINE) ?? all.find(({ order }) => order.kind === 'bounded');
  if (!pipeline)
    throw new MillraceError('NO_PIPELINE', 'The folder pipelines/ holds no pipeline whose runs come to an end.');
  const { kafka, registry, started, deployment } = await bringUp(context, {});
  const services = { bootstrapServers: kafka.bootstrapServers ?? '', registryUrl: registry.url ?? '' };
  let succeeded = false;
  try {
    const code = await runDeployed(context, pipeline, {}, deployment, services);
    succeeded = true;
    return code;
  } finally {
    // Kept services are for looking at: not what an interrupted or failed demo leaves.
    if (!(options.keep && succeeded)) await stopStarted(context, started);
    else context.terminal.line('services stay up; "npx millrace down" ends them');
  }
}
