/** `millrace watch [pipeline]`: a page that shows what a pipeline does, until the command is ended. */
import { once } from 'node:events';
import { MillraceError } from '../../tools/errors.mjs';
import { Executions } from '../stepfunctions/executions.ts';
import { watchPipeline } from '../watch/watch.ts';
import { type Context, pipelineOf, pipelines } from './context.ts';

export async function watch(context: Context, name: string | undefined): Promise<number> {
  const { home, json, print, signal, terminal } = context;
  const pipeline = await (name === undefined ? latest(context) : pipelineOf(name));
  const { url, close } = await watchPipeline(home, pipeline);
  if (json) print(JSON.stringify({ pipeline: pipeline.name, url }));
  else print(`${pipeline.name}: ${url}`);
  terminal.line('the page ends with this command (Ctrl-C)');
  if (!signal.aborted) await once(signal, 'abort');
  await close();
  return 0;
}

/** The pipeline that was run last, or the only one. */
async function latest({ home }: Context) {
  const all = await pipelines();
  const executions = new Executions(home.executions, () => undefined);
  const startedAt = ({ name }: { readonly name: string }) => executions.newest(name)?.startedAt ?? '';
  const sorted = all.toSorted((one, other) => (startedAt(one) < startedAt(other) ? 1 : -1));
  const [first] = sorted;
  if (first && (all.length === 1 || startedAt(first) !== '')) return first;
  throw new MillraceError(
    'WHICH_PIPELINE',
    `No pipeline was run here yet, so say which one. Allowed: ${all.map(({ name }) => name).join(', ')}.`,
  );
}
