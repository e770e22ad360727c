/**
 * Ends what an execution left behind: the name and ARN of an ended execution come in; its job runs are cancelled until
 * none is alive, and its lock is released. Called by the handler beside it, through ports that tests can fill.
 */

/** A job run as the clean-up sees it. */
export interface JobRun {
  readonly id: string;
  readonly name: string;
}

/** What the clean-up needs of EMR Serverless and of the lock's table. */
export interface CleanUpPorts {
  /** Runs that have not ended. */
  aliveRuns(): Promise<readonly JobRun[]>;
  cancel(run: JobRun): Promise<void>;
  /** Releases the lock if this execution holds it. */
  release(executionArn: string): Promise<void>;
  wait(milliseconds: number): Promise<void>;
}

/** How often, and how long apart, runs are listed until none is left: five minutes, less than the Lambda may take. */
const ROUNDS = 60;
const PAUSE_MILLISECONDS = 5_000;

/**
 * Cleans up after an execution.
 *
 * @returns the names of the runs that it cancelled
 * @throws Error when runs are still alive at the end, so that the event is delivered again; the lock is then kept
 */
export async function cleanUp(
  execution: { readonly name: string; readonly arn: string },
  ports: CleanUpPorts,
): Promise<string[]> {
  const cancelled = new Map<string, JobRun>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const alive = (await ports.aliveRuns()).filter((run) => run.name.includes(execution.name));
    if (alive.length === 0) {
      await ports.release(execution.arn);
      return [...cancelled.values()].map((run) => run.name);
    }
    for (const run of alive) {
      if (!cancelled.has(run.id)) await ports.cancel(run);
      cancelled.set(run.id, run);
    }
    await ports.wait(PAUSE_MILLISECONDS);
  }
  const names = [...cancelled.values()].map((run) => run.name).join(', ');
  throw new Error(`Job runs of execution ${execution.name} are still alive after being cancelled: ${names}.`);
}
