/**
 * `millrace new <name>`: a small pipeline that runs and passes its tests as it is, to be changed from there. Needs no service.
 */

import { scaffold } from '../../tools/scaffold/scaffold.ts';
import { projectRoot } from '../home.ts';
import { type Context, pipelines } from './context.ts';

/** Makes it and says what to do next. */
export async function newPipeline(context: Context, name: string): Promise<number> {
  const files = await scaffold(name, { root: projectRoot, pipelines: await pipelines() });
  if (context.json) {
    context.print(JSON.stringify({ name, files }));
    return 0;
  }
  for (const file of files) context.print(file);
  const next = ['validate', `test ${name}`, 'up', `run ${name}`].map((words) => `npx millrace ${words}`);
  context.terminal.plain(`Next  ${next.join('\n      ')}`);
  return 0;
}
