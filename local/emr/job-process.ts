/**
 * Takes the command of a job run's attempt and starts it as a process of its own, whose output goes to files, so that it can outlive this one.
 * Called by `job-runs.ts`.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

/** How one attempt is started. */
export interface Launch {
  readonly command: string;
  readonly arguments: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}

/** Where an attempt runs and writes. */
export interface Place {
  readonly folder: string;
  readonly stdout: string;
  readonly stderr: string;
}

export interface JobProcess {
  readonly child: ChildProcess;
  /** Its exit code; null when a signal ended it. Rejected when it could not be started. */
  readonly exited: Promise<number | null>;
}

/** Starts an attempt. */
export function startProcess(launch: Launch, place: Place): JobProcess {
  const [stdout, stderr] = [openSync(place.stdout, 'a'), openSync(place.stderr, 'a')];
  // A process group of its own: Ctrl-C in the terminal does not reach it, and it can be ended with all its children.
  const child = spawn(launch.command, launch.arguments, {
    cwd: place.folder,
    env: launch.environment,
    detached: true,
    stdio: ['ignore', stdout, stderr],
  });
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  exited.catch(() => undefined);
  for (const descriptor of [stdout, stderr]) closeSync(descriptor);
  return { child, exited };
}

/** Ends what is left of a process group whose leader was ours a moment ago. */
export function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing was left.
  }
}
