/**
 * `millrace new <name>`: a small pipeline that runs and passes its tests as it is, to be changed from there. Needs no service.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { MillraceError } from '../errors.ts';
import { projectRoot } from '../home.ts';
import { scaffold } from '../scaffold/scaffold.ts';
import { readToolchain } from '../setup/toolchain.mjs';
import { type Context, pipelines } from './context.ts';

/** Makes it and says what to do next. */
export async function newPipeline(context: Context, name: string): Promise<number> {
  const files = await scaffold(name, { root: projectRoot, pipelines: await pipelines(), isPythonName });
  if (context.json) {
    context.print(JSON.stringify({ name, files }));
    return 0;
  }
  for (const file of files) context.print(file);
  const next = ['validate', `test ${name}`, 'up', `run ${name}`].map((words) => `npx millrace ${words}`);
  context.terminal.plain(`Next  ${next.join('\n      ')}`);
  return 0;
}

const QUESTION =
  'import importlib.util, keyword, sys; n = sys.argv[1]; print(keyword.iskeyword(n) or importlib.util.find_spec(n) is not None)';

/** Asks the Python of the jobs, with the path on which the new package will lie; without the folder from which the command was called. */
export function isPythonName(name: string): boolean {
  const { python } = readToolchain();
  const env = { ...process.env, PYTHONPATH: join(projectRoot, 'jobs', 'pyspark') };
  const { status, stdout, stderr } = spawnSync(python, ['-P', '-c', QUESTION, name], { env, encoding: 'utf8' });
  if (status !== 0) throw new MillraceError('PYTHON_FAILED', `${python} could not be asked about "${name}": ${stderr}`);
  return stdout.trim() === 'True';
}
