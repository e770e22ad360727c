/**
 * Requests that handlers make of AWS: nothing comes in; every command that they send while doing each of their tasks
 * goes out. Nothing leaves the machine: what a client sends is taken down and answered here. Called by the test of request
 * parameters.
 */
import { EMRServerlessClient } from '@aws-sdk/client-emr-serverless';
import { vi } from 'vitest';
import type { Request } from './requests.ts';

/** What the services answer, by operation: one page of runs, then no runs. */
function answers(): (operation: string) => unknown {
  let listed = 0;
  return (operation) => {
    if (operation === 'ListJobRuns') {
      listed += 1;
      if (listed === 1) return { jobRuns: [], nextToken: 'more' };
      return { jobRuns: listed === 2 ? [{ id: '00f1', name: 'sales/enrich/run-1', state: 'RUNNING' }] : [] };
    }
    if (operation === 'GetApplication') return { application: { state: listed > 2 ? 'STOPPED' : 'STARTED' } };
    return {};
  };
}

/** Runs each handler that calls AWS with an event of each kind, and gives the requests. */
export async function handlerRequests(): Promise<Request[]> {
  const requests: Request[] = [];
  // All clients inherit `send` from one class of the SDK.
  const base = Object.getPrototypeOf(EMRServerlessClient.prototype) as { send: (command: unknown) => unknown };
  const send = base.send;
  let answer = answers();
  let handler = '';
  base.send = async function (this: { config: { serviceId?: string } }, command: unknown) {
    const { input, constructor } = command as { input: unknown; constructor: { name: string } };
    const operation = constructor.name.replace(/Command$/, '');
    requests.push({
      place: handler,
      service: String(this.config.serviceId).replaceAll(' ', '').toLowerCase(),
      operation,
      parameters: input,
    });
    return answer(operation);
  };
  vi.useFakeTimers({ toFake: ['setTimeout'] });
  vi.stubEnv('AWS_REGION', 'us-east-1');
  try {
    for (const [name, run] of Object.entries(RUNS)) {
      handler = name;
      answer = answers();
      const running = run();
      let ended = false;
      void running.finally(() => {
        ended = true;
      });
      while (!ended) await vi.advanceTimersByTimeAsync(10_000);
      await running;
    }
  } finally {
    base.send = send;
    vi.useRealTimers();
    vi.unstubAllEnvs();
  }
  return requests;
}

/** Every handler that has a client of AWS's SDK, doing its work. */
const RUNS: Readonly<Record<string, () => Promise<unknown>>> = {
  async 'lambda/clean-up'() {
    vi.stubEnv('APPLICATION_ID', '00fabcdefg');
    vi.stubEnv('LOCK_TABLE', 'locks');
    vi.stubEnv('PIPELINE', 'sales');
    const { handler } = await import('../../../lambda/clean-up/handler.ts');
    const executionArn = 'arn:aws:states:us-east-1:000000000000:execution:millrace-dev-sales:run-1';
    return handler({ detail: { executionArn, name: 'run-1', status: 'FAILED' } });
  },
};
