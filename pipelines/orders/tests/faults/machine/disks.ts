/** Full disks under what the local run keeps: cases of `npm run test:faults`. Each disk is one in memory, which takes root to be mounted. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type Case, type Hit, NotMade, type Suite } from '../../../../../test/faults/cases.ts';
import type { Random } from '../../../../../test/faults/random.ts';
import { must, type Stack, until } from '../../../../../test/faults/stack.ts';
import { hasErrorCode, messageOf } from '../../../../../tools/errors.mjs';
import { runs } from './commands.ts';

const [PIPELINE, SOURCE] = ['orders', 'orders.json'];

/** A folder that is a small disk, with what was in it. */
class SmallDisk {
  readonly folder: string;
  private readonly ballast: string;

  constructor(folder: string) {
    this.folder = folder;
    this.ballast = join(folder, 'ballast');
    const aside = `${folder}.aside`;
    mkdirSync(folder, { recursive: true });
    execFileSync('cp', ['-a', folder, aside]);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=192m,mode=700', 'tmpfs', folder], { stdio: 'pipe' });
    } catch (error) {
      throw new NotMade(`A small disk cannot be mounted here (${messageOf(error).trim()}): that takes root.`);
    } finally {
      if (existsSync(aside)) {
        execFileSync('cp', ['-a', `${aside}/.`, folder]);
        rmSync(aside, { recursive: true });
      }
    }
  }

  /** Leaves no room for a byte. */
  fill(): void {
    for (const size of [2 ** 20, 2 ** 12, 1]) {
      try {
        for (;;) appendFileSync(this.ballast, Buffer.alloc(size, 1));
      } catch (error) {
        if (!hasErrorCode(error, 'ENOSPC')) throw error;
      }
    }
  }

  free(): void {
    rmSync(this.ballast, { force: true });
  }

  unmount(): void {
    execFileSync('umount', ['-l', this.folder]);
  }
}

/**
 * Protected by `watchServices`, `orFullDisk`, `DISK_FULL` of `writeFileAtomically`, and the command's listener to `uncaughtException`, which ends all jobs.
 */
async function disksFull(stack: Stack, random: Random): Promise<Hit> {
  const disks: SmallDisk[] = [];
  const times: number[] = [];
  /** Fills a disk in the middle of a run, which ends with one sentence that names it; frees it, and all goes on. */
  const hit = async (disk: SmallDisk, told: RegExp) => {
    disks.push(disk);
    await stack.up();
    const before = await stack.length(SOURCE);
    const run = stack.start('run', PIPELINE, '--input', '{"rate": 100}');
    const count = random.whole(100, 900);
    await until('records have come in', async () => (await stack.length(SOURCE)) >= before + count);
    disk.fill();
    const faultAt = performance.now();
    const { code, stderr } = await run.ended;
    const sentence = stderr.split('\n').filter((line) => line.startsWith('error '));
    must(code === 1 && sentence.length === 1 && told.test(sentence[0] ?? ''), `one sentence says so: ${stderr}`);
    must(!/\n\s+at .*:\d+/.test(stderr), `it is no stack trace: ${stderr}`);
    await until('the jobs have ended', () => stack.jobProcesses().length === 0);
    disk.free();
    await stack.up();
    await runs(stack);
    times.push(performance.now() - faultAt);
  };
  try {
    const kafka = new SmallDisk(join(stack.folders.services, 'kafka', 'data'));
    await hit(kafka, /The Kafka broker ended while a pipeline ran: the disk of its folder is full.*kafka/);
    const [bucket = ''] = globSync(join(stack.folders.buckets, '*', 'checkpoints'));
    await hit(new SmallDisk(bucket), /DISK_FULL: The disk of .*checkpoints is full/);
    await hit(new SmallDisk(stack.folders.jobRuns), /DISK_FULL: .*job-runs.* is full/);
  } finally {
    for (const disk of disks) disk.free();
    await stack.run('down');
    for (const disk of disks) disk.unmount();
  }
  return {
    what: 'the disks of broker, checkpoint and job runs, in the middle of a run',
    recoveredMs: Math.max(...times),
  };
}

const cases: Case[] = [{ number: 14, title: 'full disks', run: disksFull, isAlone: true }];

export default { cases, check: async () => [] } satisfies Suite;
