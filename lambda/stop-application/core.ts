/** Stops an EMR Serverless application so that CloudFormation may change or delete it. */

import type { ApplicationState } from '@aws-sdk/client-emr-serverless';

export interface AliveRun {
  readonly id: string;
  readonly cancelling: boolean;
}

export interface ApplicationPorts {
  /** Undefined when there is no such application. */
  state(): Promise<ApplicationState | undefined>;
  aliveRuns(): Promise<readonly AliveRun[]>;
  cancel(runId: string): Promise<void>;
  stop(): Promise<void>;
  wait(ms: number): Promise<void>;
  /** Milliseconds since any fixed moment. */
  now(): number;
}

const atRest: readonly (ApplicationState | undefined)[] = ['CREATED', 'STOPPED', 'TERMINATED', undefined];
const pauseMs = 5_000;

/**
 * Cancels every run, stops the application, and waits: a stream has two minutes to end its micro-batch, and workers
 * take a minute to go.
 *
 * @throws Error when it is not at rest in time
 */
export async function stopApplication(applicationId: string, ports: ApplicationPorts, limitMs: number): Promise<void> {
  const end = ports.now() + limitMs;
  for (;;) {
    const state = await ports.state();
    if (atRest.includes(state)) return;
    const runs = state === 'STARTED' || state === 'STARTING' ? await ports.aliveRuns() : [];
    for (const run of runs) if (!run.cancelling) await ports.cancel(run.id);
    // The service refuses to stop an application with runs, and one that is still starting.
    if (state === 'STARTED' && runs.length === 0) await ports.stop();
    if (ports.now() + pauseMs > end) {
      throw new Error(
        `Application ${applicationId} is still ${state} with ${runs.length} job runs after ${Math.round(limitMs / 60_000)} minutes. Cancel its runs and stop it in the EMR console, then deploy again.`,
      );
    }
    await ports.wait(pauseMs);
  }
}
