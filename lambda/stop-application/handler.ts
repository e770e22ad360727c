/**
 * Lambda behind `Custom::StoppedApplication`: CloudFormation's events come in through the CDK's Provider framework. It
 * stops the application at Update where its phase is `update`, and at Delete where its phase is `delete`. The work is in
 * `core.ts`; here are the calls of AWS behind its ports.
 */
import {
  CancelJobRunCommand,
  EMRServerlessClient,
  GetApplicationCommand,
  type JobRunState,
  ListJobRunsCommand,
  ResourceNotFoundException,
  StopApplicationCommand,
  ValidationException,
} from '@aws-sdk/client-emr-serverless';
import { GetParameterCommand, ParameterNotFound, SSMClient } from '@aws-sdk/client-ssm';
import { fitting, type LifecycleAnswer, type LifecycleEvent } from '../custom-resource/lifecycle.ts';
import { type AliveRun, type ApplicationPorts, type ApplicationState, stopApplication } from './core.ts';

const ALIVE: JobRunState[] = ['SUBMITTED', 'PENDING', 'SCHEDULED', 'QUEUED', 'RUNNING', 'CANCELLING'];

/** Less than the function may run, so that the reason arrives. */
const LIMIT_MILLISECONDS = 13 * 60_000;

function ports(emr: EMRServerlessClient): ApplicationPorts {
  return {
    async state(applicationId) {
      try {
        const { application } = await emr.send(new GetApplicationCommand({ applicationId }));
        return application?.state as ApplicationState;
      } catch (error) {
        if (error instanceof ResourceNotFoundException) return undefined;
        throw error;
      }
    },
    async aliveRuns(applicationId) {
      const runs: AliveRun[] = [];
      let nextToken: string | undefined;
      do {
        const page = await emr.send(
          new ListJobRunsCommand({ applicationId, states: ALIVE, ...(nextToken ? { nextToken } : {}) }),
        );
        for (const run of page.jobRuns ?? []) runs.push({ id: run.id ?? '', cancelling: run.state === 'CANCELLING' });
        nextToken = page.nextToken;
      } while (nextToken);
      return runs;
    },
    async cancel(applicationId, jobRunId) {
      try {
        await emr.send(new CancelJobRunCommand({ applicationId, jobRunId }));
      } catch (error) {
        // It ended between the listing and this call; another refusal shows when it is still listed at the end.
        if (!(error instanceof ValidationException)) throw error;
      }
    },
    async stop(applicationId) {
      await emr.send(new StopApplicationCommand({ applicationId }));
    },
    wait: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
    now: () => performance.now(),
  };
}

/**
 * Which application to stop. Before an Update it is read from a parameter: the resource that stops it then is one that
 * the application depends on, which cannot name it.
 */
async function applicationOf(properties: LifecycleEvent['ResourceProperties']): Promise<string | undefined> {
  if (properties.Phase === 'delete') return String(properties.ApplicationId);
  const ssm = new SSMClient();
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: String(properties.ApplicationParameter) }));
    return Parameter?.Value;
  } catch (error) {
    if (error instanceof ParameterNotFound) return undefined;
    throw error;
  } finally {
    ssm.destroy();
  }
}

export async function onEvent(event: LifecycleEvent): Promise<LifecycleAnswer> {
  const { Phase, ApplicationId } = event.ResourceProperties;
  // A replaced application is another physical id, so that the one before is stopped before it is deleted.
  const id = Phase === 'delete' ? `stopped-before-delete/${ApplicationId}` : 'stopped-before-update';
  const due =
    event.RequestType === 'Delete' ? Phase === 'delete' : event.RequestType === 'Update' && Phase === 'update';
  try {
    const applicationId = due ? await applicationOf(event.ResourceProperties) : undefined;
    if (applicationId !== undefined) {
      const emr = new EMRServerlessClient();
      try {
        await stopApplication(applicationId, ports(emr), LIMIT_MILLISECONDS);
      } finally {
        emr.destroy();
      }
    }
    return { PhysicalResourceId: event.RequestType === 'Delete' ? (event.PhysicalResourceId ?? id) : id };
  } catch (error) {
    throw fitting(error);
  }
}
