/**
 * Runs the command line as a person does, in a home of its own, and looks at what it leaves on the machine.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { projectRoot } from '../../local/home.ts';
import { readToolchain } from '../../tools/setup/toolchain.mjs';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command that runs. */
export interface Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** What it has written to stderr so far. */
  stderr(): string;
}

/** A home that is used by one test file. */
export class Machine {
  readonly home: string;
  /** Further variables of its commands. */
  variables: Readonly<Record<string, string>> = {};
  private readonly root: string;
  private isRemoved = false;

  /**
   * @param root the checkout whose command line is used
   * @param home a home that is there already @default a new one
   */
  constructor(root = projectRoot, home = mkdtempSync(join(tmpdir(), 'millrace-e2e-'))) {
    this.root = root;
    this.home = home;
  }

  /** @throws Error once it is removed: whoever does not know of that yet would bring it up again */
  start(...words: string[]): Command {
    if (this.isRemoved) throw new Error(`${this.home} is removed; nothing is started in it any more`);
    return this.begin(words);
  }

  private begin(words: readonly string[]): Command {
    const child = spawn('node', [join(this.root, 'local', 'cli', 'millrace.mjs'), ...words], {
      cwd: tmpdir(),
      env: { ...process.env, MILLRACE_HOME: this.home, NO_COLOR: '1', ...this.variables },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (part) => {
      stdout += part;
    });
    child.stderr.on('data', (part) => {
      stderr += part;
    });
    const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
    return { child, ended, stderr: () => stderr };
  }

  run(...words: string[]): Promise<Ended> {
    return this.start(...words).ended;
  }

  /** Runs a command that has to succeed and prints one JSON object. */
  async json<T>(...words: string[]): Promise<T> {
    const { code, stdout, stderr } = await this.run(...words, '--json');
    if (code !== 0) throw new Error(`millrace ${words.join(' ')} ended with ${code}:\n${stdout}\n${stderr}`);
    return JSON.parse(stdout) as T;
  }

  /** Command lines of processes that belong to this home: services and jobs. */
  processes(): string[] {
    const lines = execFileSync('ps', ['-A', '-o', 'pid=,args='], { encoding: 'utf8', maxBuffer: 2 ** 26 }).split('\n');
    return lines.filter((line) => line.includes(this.home) && !line.includes('millrace.mjs'));
  }

  /** Those of jobs. */
  jobProcesses(): string[] {
    return this.processes().filter((line) => line.includes(join(this.home, 'job-runs')));
  }

  async remove(): Promise<void> {
    this.isRemoved = true;
    await this.begin(['down', '--purge']).ended;
    rmSync(this.home, { recursive: true, force: true });
  }
}

/** Waits until something holds; fails with what is known when that takes too long: after eight minutes unless told otherwise. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  known: () => string,
  { longestMs = 480_000, everyMs = 100 } = {},
): Promise<void> {
  for (const deadline = Date.now() + longestMs; !(await condition()); await sleep(everyMs)) {
    if (Date.now() > deadline) throw new Error(`waited in vain; known is:\n${known()}`);
  }
}

/** Runs a Python script, which lies beside the test that calls it, and gives the object that it prints. */
export function python<T>(script: URL, ...others: string[]): T {
  // Oracles share how topics are read.
  const env = { ...process.env, PYTHONPATH: join(projectRoot, 'test', 'support') };
  const words = [fileURLToPath(script), ...others];
  // One may print what all topics hold.
  const maxBuffer = 64 * 2 ** 20;
  return JSON.parse(execFileSync(readToolchain().python, words, { encoding: 'utf8', env, maxBuffer })) as T;
}
