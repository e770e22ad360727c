/**
 * A copy of this checkout in which a test may do what a person does: what is installed is shared, what is made is its own.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, existsSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { projectRoot } from '../../../local/home.ts';
import { Machine } from '../cli.ts';

/** What is not under version control, and the history. */
const LEFT = /^(\.git|\.millrace|build|cdk\.out|node_modules|__pycache__|\..*_cache|coverage)$/;

/** What a command printed, both streams in the order in which they came. */
export interface Printed {
  readonly code: number | null;
  readonly output: string;
}

export class Checkout {
  readonly root = mkdtempSync(join(tmpdir(), 'millrace-walk-'));
  private readonly machine = new Machine(this.root);
  /** Holds the one program that is another here. */
  private readonly programs = mkdtempSync(join(tmpdir(), 'millrace-programs-'));

  constructor() {
    cpSync(projectRoot, this.root, { recursive: true, filter: (path) => !LEFT.test(basename(path)) });
    symlinkSync(join(projectRoot, 'node_modules'), join(this.root, 'node_modules'));
    cpSync(join(projectRoot, 'build'), join(this.root, 'build'), { recursive: true });
    // What npx would find in the shared packages is the command of this checkout, not that of the copy.
    const command = `exec node "${join(this.root, 'local', 'cli', 'millrace.mjs')}" "$@"`;
    writeFileSync(join(this.programs, 'npx'), `#!/bin/sh\n[ "$1" = millrace ] || exit 127\nshift\n${command}\n`);
    chmodSync(join(this.programs, 'npx'), 0o755);
  }

  /** Runs one line of a shell. */
  async run(line: string): Promise<Printed> {
    const child = spawn('bash', ['-c', line], {
      cwd: this.root,
      env: {
        ...process.env,
        PATH: [this.programs, process.env.PATH].join(delimiter),
        MILLRACE_HOME: this.machine.home,
        NO_COLOR: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    const take = (part: Buffer) => {
      output += part;
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  }

  /** Buckets of the local run that have this folder. */
  bucketsWith(folder: string): string[] {
    const buckets = join(this.machine.home, 'buckets');
    return readdirSync(buckets)
      .map((name) => join(buckets, name))
      .filter((bucket) => existsSync(join(bucket, folder)));
  }

  async remove(): Promise<void> {
    await this.machine.remove();
    for (const folder of [this.root, this.programs]) rmSync(folder, { recursive: true, force: true });
  }
}
