/** The clock of a machine, as the commands of a stack, and all that they start, see it. */
import { execFileSync } from 'node:child_process';
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../../tools/errors.mjs';
import { NotMade } from './cases.ts';

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
/** As many bytes as `clock.c` looks at. */
const width = 32;

export class MovedClock {
  /** Seconds that it is ahead. */
  ahead = 0;
  /** Of a command that has it. */
  readonly variables: Readonly<Record<string, string>>;
  private readonly file: string;

  /**
   * @param folder for its files
   * @throws NotMade without a C compiler, or on another system
   */
  constructor(folder: string) {
    const library = join(folder, 'clock.so');
    try {
      if (process.platform !== 'linux') throw new Error(process.platform);
      execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, here('clock.c'), '-ldl'], { stdio: 'pipe' });
    } catch (error) {
      throw new NotMade(`The clock cannot be moved here (${messageOf(error).trim()}): that takes Linux and cc.`);
    }
    this.file = join(folder, 'clock');
    writeFileSync(this.file, Buffer.alloc(width));
    this.variables = {
      LD_PRELOAD: library,
      MILLRACE_FAULTS_CLOCK: this.file,
      NODE_OPTIONS: `--import=${here('keep-clock.mjs')}`,
    };
  }

  /** Sets the clock of all at once: so many seconds ahead of what is right. */
  set(ahead: number): void {
    // Programs have the file in their memory: it must not become shorter, not for a moment.
    const descriptor = openSync(this.file, 'r+');
    writeSync(descriptor, `${ahead}`.padEnd(width - 1, '\0'), 0);
    closeSync(descriptor);
    this.ahead = ahead;
  }

  /** What it says, in milliseconds since 1970. */
  now(): number {
    return Date.now() + this.ahead * 1_000;
  }
}
