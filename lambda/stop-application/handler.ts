/** Lambda behind `Custom::StoppedApplication`: stops the application at Update or at Delete, as its phase says. */
import {
  CancelJobRunCommand,
  EMRServerlessClient,
  GetApplicationCommand,
  paginateListJobRuns,
  ResourceNotFoundException,
  StopApplicationCommand,
  ValidationException,
} from '@aws-sdk/client-emr-serverless';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { ALIVE_STATES } from '../../lib/declaration/limits.ts';
import { answering, type LifecycleAnswer, type LifecycleEvent } from '../custom-resource/lifecycle.ts';
import { type AliveRun, type ApplicationPorts, stopApplication } from './core.ts';

/** Less than the function may run, so that the reason arrives. */
const limitMs = 13 * 60_000;

function portsOf(applicationId: string): ApplicationPorts {
  const client = new EMRServerlessClient();
  return {
    async state() {
      try {
        return (await client.send(new GetApplicationCommand({ applicationId }))).application?.state;
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },
    async aliveRuns() {
      const runs: AliveRun[] = [];
      const states = [...ALIVE_STATES];
      for await (const { jobRuns = [] } of paginateListJobRuns({ client }, { applicationId, states })) {
        runs.push(...jobRuns.map(({ id = '', state }) => ({ id, cancelling: state === 'CANCELLING' })));
      }
      return runs;
    },
    async cancel(jobRunId) {
      try {
        await client.send(new CancelJobRunCommand({ applicationId, jobRunId }));
      } catch (error) {
        // It ended between the listing and this call; another refusal shows when it is still listed at the end.
        if (!(error instanceof ValidationException)) throw error;
      }
    },
    async stop() {
      await client.send(new StopApplicationCommand({ applicationId }));
    },
    wait: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    now: () => performance.now(),
  };
}

/**
 * Which application to stop. Before an Update it is read from a parameter: the resource that stops it then is one that
 * the application depends on, which cannot name it.
 */
async function applicationOf(properties: LifecycleEvent['ResourceProperties']): Promise<string | undefined> {
  if (properties.Phase === 'delete') return String(properties.ApplicationId);
  try {
    const request = new GetParameterCommand({ Name: String(properties.ApplicationParameter) });
    return (await new SSMClient().send(request)).Parameter?.Value;
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  }
}

export const onEvent = answering(async (event: LifecycleEvent): Promise<LifecycleAnswer> => {
  const { RequestType: type, ResourceProperties: properties } = event;
  const { Phase, ApplicationId } = properties;
  // A replaced application is another physical id, so that the one before is stopped before it is deleted.
  const id = Phase === 'delete' ? `stopped-before-delete/${ApplicationId}` : 'stopped-before-update';
  const isDue = type !== 'Create' && Phase === type.toLowerCase();
  const application = isDue ? await applicationOf(properties) : undefined;
  if (application !== undefined) await stopApplication(application, portsOf(application), limitMs);
  return { PhysicalResourceId: type === 'Delete' ? (event.PhysicalResourceId ?? id) : id };
});
