/**
 * Stops an EMR Serverless application so that CloudFormation may change or delete it: calls of the service come in as
 * ports; it returns once the application is at rest. Called by the handler beside it.
 */

/** State of an application, as the service names it; undefined when there is none. */
export type ApplicationState =
  | 'CREATING'
  | 'CREATED'
  | 'STARTING'
  | 'STARTED'
  | 'STOPPING'
  | 'STOPPED'
  | 'TERMINATED'
  | undefined;

/** A job run that has not ended. */
export interface AliveRun {
  readonly id: string;
  readonly cancelling: boolean;
}

/** What the work needs of EMR Serverless. */
export interface ApplicationPorts {
  state(applicationId: string): Promise<ApplicationState>;
  aliveRuns(applicationId: string): Promise<readonly AliveRun[]>;
  cancel(applicationId: string, runId: string): Promise<void>;
  stop(applicationId: string): Promise<void>;
  wait(milliseconds: number): Promise<void>;
  /** Milliseconds since any fixed moment. */
  now(): number;
}

const AT_REST: readonly ApplicationState[] = ['CREATED', 'STOPPED', 'TERMINATED', undefined];
const PAUSE_MILLISECONDS = 5_000;

/**
 * Cancels every run, stops the application, and waits: a stream has two minutes to end its micro-batch, and workers
 * take a minute to go.
 *
 * @throws Error when it is not at rest in time
 */
export async function stopApplication(
  applicationId: string,
  ports: ApplicationPorts,
  limitMilliseconds: number,
): Promise<void> {
  const end = ports.now() + limitMilliseconds;
  for (;;) {
    const state = await ports.state(applicationId);
    if (AT_REST.includes(state)) return;
    const runs = state === 'STARTED' || state === 'STARTING' ? await ports.aliveRuns(applicationId) : [];
    for (const run of runs) if (!run.cancelling) await ports.cancel(applicationId, run.id);
    // The service refuses to stop an application with runs, and one that is still starting.
    if (state === 'STARTED' && runs.length === 0) await ports.stop(applicationId);
    if (ports.now() + PAUSE_MILLISECONDS > end) {
      throw new Error(
        `Application ${applicationId} is still ${state} with ${runs.length} job runs after ${Math.round(limitMilliseconds / 60_000)} minutes. Cancel its runs and stop it in the EMR console, then deploy again.`,
      );
    }
    await ports.wait(PAUSE_MILLISECONDS);
  }
}
