/**
 * Half of a small Spark job's processor time goes into loading classes. This keeps them in an archive in the machine's cache, ready to be mapped into memory:
 * a job then takes 17 s instead of 26 s of it. Made once per Java and Spark, after the first execution that succeeded; every job starts without it too.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder } from '../../tools/setup/folders.mjs';
import type { Toolchain } from '../../tools/setup/toolchain.mjs';
import { sparkSubmit } from './spark-submit.ts';

const program = fileURLToPath(new URL('archive_classes.py', import.meta.url));

/** Where the archive of this toolchain lies or would lie. */
export function sparkArchive({ java17Home, sparkHome }: Toolchain): string {
  const jars = join(sparkHome, 'jars');
  const hash = createHash('sha256').update(readFileSync(join(java17Home, 'release')));
  hash.update(jars);
  for (const jar of readdirSync(jars).sort()) hash.update(`${jar} ${statSync(join(jars, jar)).size}\n`);
  return join(cacheFolder(), `spark-classes-${hash.digest('hex').slice(0, 16)}.jsa`);
}

/** Options of the JVM that uses the archive, if there is one. A JVM that cannot use it goes on without. */
export function archiveOptions(archive: string): string[] {
  return existsSync(archive) ? [`-XX:SharedArchiveFile=${archive}`, ...quietly] : [];
}

/** The JVM's own warnings would go to stdout, which belongs to the job's events. */
const quietly = ['-Xlog:disable', '-Xlog:all=error:stderr'];

/** Makes the archive. Aborting the signal ends it and leaves nothing. */
export async function makeSparkArchive(toolchain: Toolchain, archive: string, signal: AbortSignal): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-archive-'));
  const unfinished = `${archive}.${process.pid}`;
  try {
    mkdirSync(join(archive, '..'), { recursive: true });
    const jars = readdirSync(toolchain.sparkJars).map((jar) => join(toolchain.sparkJars, jar));
    const request = {
      entryPoint: program,
      entryPointArguments: [join(folder, 'data')],
      sparkSubmitParameters: `--jars ${jars.join(',')}`,
    };
    const javaOptions = [`-XX:ArchiveClassesAtExit=${unfinished}`, ...quietly];
    const launch = sparkSubmit(request, folder, { toolchain, buckets: folder, javaOptions });
    const options = { cwd: folder, env: launch.environment, detached: true, stdio: 'ignore' } as const;
    const child = spawn(launch.command, launch.arguments, options);
    const end = () => child.pid !== undefined && process.kill(-child.pid, 'SIGKILL');
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    const [code] = (await once(child, 'exit')) as [number | null];
    signal.removeEventListener('abort', end);
    if (code === 0) renameSync(unfinished, archive);
  } catch {
    // A start that could be faster is no reason to fail.
  } finally {
    rmSync(unfinished, { force: true });
    rmSync(folder, { recursive: true, force: true });
  }
}
