/**
 * JVMs that stay between jobs, as the pre-initialized workers of EMR Serverless do. A process of its own (`warm_jvm.py`) keeps each, and
 * lends it to one job (`warm_job.py`) at a time.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { stderrName, stdoutName } from './job-run-records.ts';
import type { Launch } from './job-runs.ts';
import type { SparkLaunch } from './spark-submit.ts';

/** How long a JVM waits for its next job. */
const idleSeconds = 300;
const answerMs = 5_000;
const program = fileURLToPath(new URL('warm_job.py', import.meta.url));

/**
 * What runs a job in a warm JVM, of those whose command would be the same, or else in a new one that then stays.
 *
 * @param cold what runs it in a JVM of its own
 * @param folder `warm-jvms` of the home
 * @param run folder of the job run
 */
export function warmLaunch({ command, jvm, ...cold }: SparkLaunch, folder: string, run: string): Launch {
  const kept = [command, ...jvm];
  const key = createHash('sha256').update(kept.join('\0')).digest('hex').slice(0, 12);
  const [stdout, stderr] = [join(run, stdoutName), join(run, stderrName)];
  const given = JSON.stringify({ folder, key, idleSeconds, command: kept, stdout, stderr });
  return {
    command: cold.environment.PYSPARK_PYTHON ?? 'python3',
    arguments: [program, given, command, ...cold.arguments],
    environment: cold.environment,
  };
}

/**
 * Ends the JVMs that no job has; gives how many there were.
 *
 * @param patienceMs how long to wait for jobs that have one
 */
export async function endWarmJvms(folder: string, patienceMs = 0): Promise<number> {
  const deadline = performance.now() + patienceMs;
  for (let ended = 0; ; await sleep(100)) {
    const records = readdirSync(folder).filter((name) => name.endsWith('.json'));
    const answers = await Promise.all(records.map((name) => end(join(folder, name))));
    ended += answers.filter((answer) => answer === 'ended').length;
    if (!answers.includes('busy') || performance.now() >= deadline) return ended;
  }
}

/** Asks for the end of a JVM. Who keeps it answers by ending too; when a job has it, by closing the connection. */
async function end(record: string): Promise<'ended' | 'busy' | 'gone'> {
  let known: { readonly port: number; readonly secret: string };
  try {
    known = JSON.parse(readFileSync(record, 'utf8'));
  } catch {
    return 'gone';
  }
  const socket = connect(known.port, '127.0.0.1', () => socket.write(`${known.secret} end`));
  const refused = await new Promise<boolean>((resolve) => {
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code === 'ECONNREFUSED'));
    socket.once('close', () => resolve(false));
    socket.setTimeout(answerMs, () => socket.destroy());
    socket.resume();
  });
  if (!refused) return existsSync(record) ? 'busy' : 'ended';
  for (const left of [record, record.replace(/\.json$/, '')]) rmSync(left, { recursive: true, force: true });
  return 'gone';
}
