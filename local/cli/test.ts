/**
 * `millrace test <pipeline>`: runs one pipeline's tests alone. The runners and what counts as passed are those of `npm test`; `millrace.mjs`
 * has installed the test tools by now.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../home.ts';
import { type Context, pipelineOf } from './context.ts';

export async function test({ json, print, signal }: Context, name: string): Promise<number> {
  await pipelineOf(name);
  const words = [join(projectRoot, 'test', 'run-pipeline.mjs'), name];
  // A process group of its own, so that the runners end with it.
  // Who wants one JSON object gets what the runners say beside it.
  const stdio = ['ignore', json ? process.stderr : 'inherit', 'inherit'] as const;
  const tests = spawn(process.execPath, words, { stdio: [...stdio], detached: true });
  signal.addEventListener('abort', () => tests.pid !== undefined && process.kill(-tests.pid, 'SIGTERM'));
  const [code] = (await once(tests, 'close')) as [number | null];
  signal.throwIfAborted();
  if (json) print(JSON.stringify({ pipeline: name, passed: code === 0 }));
  return code ?? 1;
}
