/**
 * `millrace test <pipeline>`: runs one pipeline's tests alone. The runners and what counts as passed are those of `npm test`; `millrace.mjs`
 * has installed the test tools by now.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../home.ts';
import { type Context, pipelineOf } from './context.ts';

/** Gives the exit code: 0 only if nothing failed. */
export async function test({ signal }: Context, name: string): Promise<number> {
  await pipelineOf(name);
  // A process group of its own, so that the runners end with it.
  const tests = spawn(process.execPath, [join(projectRoot, 'test', 'run-pipeline.mjs'), name], {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: true,
  });
  const end = () => void (tests.pid !== undefined && process.kill(-tests.pid, 'SIGTERM'));
  signal.addEventListener('abort', end);
  try {
    const [code] = (await once(tests, 'close')) as [number | null];
    signal.throwIfAborted();
    return code ?? 1;
  } finally {
    signal.removeEventListener('abort', end);
  }
}
