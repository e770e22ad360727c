/** A job in a warm JVM is the same as one that starts its own: what it gets, what it computes, what it leaves. With real Spark. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { stderrName, stdoutName } from '../../../local/emr/job-run-records.ts';
import { sparkSubmit } from '../../../local/emr/spark-submit.ts';
import { endWarmJvms, warmLaunch } from '../../../local/emr/warm-jvms.ts';
import { identityOf, isSameProcess } from '../../../local/services/process.ts';
import { readToolchain } from '../../../tools/setup/toolchain.mjs';

const minutes = 60_000;
const toolchain = readToolchain();
const home = mkdtempSync(join(tmpdir(), 'millrace warm-'));
const [buckets, folder, warmJvms] = ['buckets', 'run', 'warm-jvms'].map((name) => join(home, name)) as [
  string,
  string,
  string,
];
cpSync(fileURLToPath(new URL('warm', import.meta.url)), join(buckets, 'jobs'), { recursive: true });
for (const path of [join(buckets, 'packages'), folder, warmJvms]) mkdirSync(path, { recursive: true });
writeFileSync(join(home, 'packed.py'), 'WORD = "packed"\n');
const zip = ['-m', 'zipfile', '-c', join(buckets, 'packages', 'packed.zip'), join(home, 'packed.py')];
execFileSync(toolchain.python, zip);
const jars = readdirSync(toolchain.sparkJars).map((name) => join(toolchain.sparkJars, name));

afterAll(async () => {
  await endWarmJvms(warmJvms, minutes);
  rmSync(home, { recursive: true });
});

interface Job {
  readonly child: ChildProcess;
  stdout(): string;
  stderr(): string;
}

/** Starts a job of the folder `warm` in the same run folder each time, so that only what is looked at can differ. */
function start(name: string, words: string[], cold = false): Job {
  const launch = sparkSubmit(
    {
      entryPoint: `s3://jobs/${name}.py`,
      entryPointArguments: words,
      mode: 'BATCH',
      sparkSubmitParameters:
        `--py-files s3://packages/packed.zip --jars ${jars.join(',')} --conf spark.sql.ansi.enabled=false ` +
        '--conf "spark.driver.extraJavaOptions=-Dleak.none=1 -XX:TieredStopAtLevel=1"',
    },
    folder,
    { toolchain, buckets },
  );
  const outputs = { stdout: join(folder, stdoutName), stderr: join(folder, stderrName) };
  for (const file of Object.values(outputs)) writeFileSync(file, '');
  const { command, arguments: all, environment } = cold ? launch : warmLaunch(launch, warmJvms, folder);
  const stdio = ['ignore' as const, openSync(outputs.stdout, 'a'), openSync(outputs.stderr, 'a')];
  const child = spawn(command, all, { cwd: folder, env: environment, stdio, detached: true });
  const read = (file: string) => readFileSync(file, 'utf8');
  return { child, stdout: () => read(outputs.stdout), stderr: () => read(outputs.stderr) };
}

async function run(name: string, words: string[], cold = false) {
  const job = start(name, words, cold);
  const [code] = (await once(job.child, 'exit')) as [number | null];
  return { code, stdout: job.stdout(), stderr: job.stderr() };
}

async function facts(cold = false) {
  const { code, stdout, stderr } = await run('facts', ['--path', 's3://a/b', 'two words'], cold);
  expect(code, stderr).toBe(0);
  expect(stderr).toContain('logged by the JVM');
  const [printed, written, line] = stdout.trim().split('\n');
  expect([printed, written]).toEqual(['printed by the JVM', 'written for people']);
  return JSON.parse(line ?? '') as { readonly jvm: number; readonly facts: Record<string, unknown> };
}

test('sees, gets and computes the same as in a JVM of its own, whatever the job before it did', {
  timeout: 4 * minutes,
}, async () => {
  const cold = await facts(true);
  const first = await facts();
  const untidy = await run('untidy', [join(home, 'checkpoint')]);
  expect(untidy.code, untidy.stderr).toBe(0);
  const second = await facts();
  expect(second.jvm, 'the JVM was not used again').toBe(first.jvm);
  expect(first.facts).toEqual(cold.facts);
  expect(second.facts).toEqual(cold.facts);
});

test('is called back by Java, whatever Java still holds of the job before it', { timeout: 4 * minutes }, async () => {
  const [before, after] = [await run('called', []), await run('called', [])];
  expect(after.code, after.stderr).toBe(0);
  expect(after.stdout).toMatch(/^\d+\ncalled\n/);
  expect(after.stdout, 'the JVM was not used again').toBe(before.stdout);
});

test('that fails or loses its JVM ends at once, and its JVM is never used again', {
  timeout: 4 * minutes,
}, async () => {
  const failed = await run('busy', ['fail']);
  expect(failed.code, failed.stderr).toBe(3);
  await gone(Number(failed.stdout));
  const robbed = start('busy', []);
  const jvm = await jvmOf(robbed);
  expect(jvm).not.toBe(Number(failed.stdout));
  process.kill(jvm, 'SIGKILL');
  expect((await once(robbed.child, 'exit'))[0]).toBe(1);
  expect(await endWarmJvms(warmJvms, minutes)).toBe(0);
});

async function jvmOf(job: Job): Promise<number> {
  while (!/^\d+\n/.test(job.stdout())) {
    if (job.child.exitCode !== null) throw new Error(job.stderr());
    await sleep(50);
  }
  return Number(job.stdout());
}

async function gone(pid: number): Promise<void> {
  const identity = identityOf(pid);
  while (identity && isSameProcess(identity)) await sleep(20);
}
