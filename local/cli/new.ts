/** `millrace new <name>`: a small pipeline that runs and passes its tests as it is, to be changed from there. Needs no service. */
import { scaffold } from '../../tools/scaffold/scaffold.ts';
import { projectRoot } from '../home.ts';
import { type Context, pipelines } from './context.ts';

export async function newPipeline({ json, print, terminal }: Context, name: string): Promise<number> {
  const files = await scaffold(name, { root: projectRoot, pipelines: await pipelines() });
  print(json ? JSON.stringify({ name, files }) : files.join('\n'));
  const next = ['validate', `test ${name}`, 'up', `run ${name}`].map((words) => `npx millrace ${words}`);
  if (!json) terminal.plain(`Next  ${next.join('\n      ')}`);
  return 0;
}
