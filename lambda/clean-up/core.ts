/** Ends what an execution left behind: its job runs, however many, and its lock. */

/** A job run as the clean-up sees it. */
export interface JobRun {
  readonly id: string;
  /** `<pipeline>/<run>/<execution>`, as the state machine names it. */
  readonly name: string;
  readonly state: string;
}

/** What the clean-up needs of EMR Serverless and of the lock's table. */
export interface CleanUpPorts {
  aliveRuns(): Promise<readonly JobRun[]>;
  cancel(run: JobRun): Promise<void>;
  release(executionArn: string): Promise<void>;
  wait(ms: number): Promise<void>;
}

export interface EndedExecution {
  readonly pipeline: string;
  readonly name: string;
  readonly arn: string;
}

/** Pauses between two listings, five minutes in all: less than the Lambda may take. A job may end within a second. */
const PAUSES_MS: readonly number[] = [1_000, 2_000, ...Array.from({ length: 60 }, () => 5_000)];

/** After this time an empty listing is made once more: one alone may not know yet of a run that has just been started. */
const SECOND_LOOK_MS = 3_000;

/**
 * Cancels an execution's job runs until two listings show none alive, and releases its lock.
 *
 * @returns the names of the runs that it cancelled
 * @throws Error when runs are still alive at the end, so that the event is delivered again; the lock is then kept
 */
export async function cleanUp(execution: EndedExecution, ports: CleanUpPorts): Promise<string[]> {
  const cancelled = new Map<string, JobRun>();
  const look = async () => (await ports.aliveRuns()).filter((run) => isRunOf(execution, run));
  let alive: readonly JobRun[] = [];
  for (const pause of PAUSES_MS) {
    alive = await look();
    if (alive.length === 0) {
      await ports.wait(SECOND_LOOK_MS);
      alive = await look();
    }
    if (alive.length === 0) {
      await ports.release(execution.arn);
      return [...cancelled.values()].map((run) => run.name);
    }
    for (const run of alive) {
      cancelled.set(run.id, run);
      // Asked again while it is not on its way out: a run that has only just been submitted may refuse at first.
      if (run.state !== 'CANCELLING') await ports.cancel(run);
    }
    await ports.wait(pause);
  }
  const names = alive.map((run) => `${run.name} (${run.id}, ${run.state})`).join(', ');
  throw new Error(`Job runs of execution ${execution.name} are still alive after being cancelled: ${names}.`);
}

/**
 * Whether the execution started this run. Compared part by part: the name of one execution may stand within another's,
 * and two pipelines may have executions of one name.
 */
function isRunOf(execution: EndedExecution, run: JobRun): boolean {
  const [pipeline, job, name, ...rest] = run.name.split('/');
  return pipeline === execution.pipeline && !!job && name === execution.name && rest.length === 0;
}
