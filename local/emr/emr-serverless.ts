/**
 * Takes the calls that Step Functions makes to EMR Serverless and answers them from the job runs of this machine, with the fields that the
 * state machine reads. The resources of `tasks.ts`, and the shapes that the endpoint of the clean-up function shares.
 */

import { isObject, type Json, type JsonObject, object, TaskError, type Tasks, text } from '../stepfunctions/task.ts';
import type { JobRunRecord, JobRunRequest } from './job-run-records.ts';
import type { JobRuns } from './job-runs.ts';

/** What EMR Serverless does when a request does not say otherwise. */
const defaults = { maxAttempts: 1, maxFailedAttemptsPerHour: 5, batchTimeoutMinutes: 720, streamingGraceSeconds: 120 };

/** The two ways in which Step Functions names the service's calls: the optimized integration and the plain SDK. */
export function emrServerlessTasks(jobRuns: JobRuns): Tasks {
  const sdk = (action: string) => `arn:aws:states:::aws-sdk:emrserverless:${action}`;
  const start = async (parameters: JsonObject) => {
    const run = jobRuns.start(requestOf(parameters));
    return { ApplicationId: run.request.applicationId, Arn: arnOf(run), JobRunId: run.id };
  };
  return {
    [sdk('startJobRun')]: start,
    [sdk('getJobRun')]: async (parameters) => ({ JobRun: describe(find(jobRuns, text(parameters, 'JobRunId'))) }),
    [sdk('listJobRuns')]: async (parameters) => ({ JobRuns: list(jobRuns, parameters.States).map(summarize) }),
    [sdk('cancelJobRun')]: async (parameters) => {
      const run = find(jobRuns, text(parameters, 'JobRunId'));
      cancel(jobRuns, run, parameters.ShutdownGracePeriodInSeconds);
      return { ApplicationId: run.request.applicationId, JobRunId: run.id };
    },
    'arn:aws:states:::emr-serverless:startJobRun': start,
    'arn:aws:states:::emr-serverless:startJobRun.sync': async (parameters, signal) => {
      const { id } = jobRuns.start(requestOf(parameters));
      const run = await waitOrCancel(jobRuns, id, signal);
      if (run.state === 'SUCCESS') return describe(run);
      throw new TaskError('States.TaskFailed', JSON.stringify(describe(run)));
    },
  };
}

/** Asks a run to end; a running stream has time to finish its batch, unless the caller says otherwise. */
export function cancel(jobRuns: JobRuns, run: JobRunRecord, graceSeconds: Json | undefined): void {
  const streaming = run.request.mode === 'STREAMING' && run.state === 'RUNNING';
  jobRuns.cancel(run.id, Number(graceSeconds ?? (streaming ? defaults.streamingGraceSeconds : 0)));
}

/** Runs in the given states; all when none are given. */
export function list(jobRuns: JobRuns, states: Json | undefined): JobRunRecord[] {
  const wanted = Array.isArray(states) ? states : [];
  return jobRuns.all().filter(({ state }) => wanted.length === 0 || wanted.includes(state));
}

/** The fields of a run that `GetJobRun` gives. */
export function describe(run: JobRunRecord): JsonObject {
  const { applicationId, name, mode, entryPoint, entryPointArguments, sparkSubmitParameters } = run.request;
  return {
    ApplicationId: applicationId,
    Arn: arnOf(run),
    Attempt: run.attempt,
    CreatedAt: run.createdAt,
    JobDriver: {
      SparkSubmit: {
        EntryPoint: entryPoint,
        EntryPointArguments: [...entryPointArguments],
        SparkSubmitParameters: sparkSubmitParameters,
      },
    },
    JobRunId: run.id,
    Mode: mode,
    Name: name,
    State: run.state,
    StateDetails: run.stateDetails,
    UpdatedAt: run.updatedAt,
  };
}

/** The fields of a run in the answer of `ListJobRuns`. */
export function summarize(run: JobRunRecord): JsonObject {
  const { JobDriver: _, JobRunId, ...fields } = describe(run);
  return { ...fields, Id: JobRunId ?? run.id };
}

function arnOf({ id, request }: JobRunRecord): string {
  return `arn:aws:emr-serverless:us-east-1:000000000000:/applications/${request.applicationId}/jobruns/${id}`;
}

function find(jobRuns: JobRuns, id: string): JobRunRecord {
  const run = jobRuns.get(id);
  if (!run) throw new TaskError('EmrServerless.ResourceNotFoundException', `Job run ${id} does not exist.`);
  return run;
}

/** Step Functions cancels the job that an aborted execution waits for. */
async function waitOrCancel(jobRuns: JobRuns, id: string, signal: AbortSignal): Promise<JobRunRecord> {
  const stop = () => void jobRuns.cancel(id, 0);
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await jobRuns.wait(id);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function requestOf(parameters: JsonObject): JobRunRequest {
  const submit = object(object(parameters, 'JobDriver'), 'SparkSubmit');
  const retry = object(parameters, 'RetryPolicy');
  const mode = parameters.Mode ?? 'BATCH';
  if (mode !== 'BATCH' && mode !== 'STREAMING') {
    throw new TaskError(
      'EmrServerless.ValidationException',
      `Mode must be BATCH or STREAMING, got ${JSON.stringify(mode)}.`,
    );
  }
  const clientToken = text(parameters, 'ClientToken');
  if (clientToken.length > 64) {
    throw new TaskError(
      'EmrServerless.ValidationException',
      `ClientToken has ${clientToken.length} characters, at most 64 are allowed.`,
    );
  }
  return {
    applicationId: text(parameters, 'ApplicationId'),
    name: text(parameters, 'Name'),
    clientToken,
    mode,
    entryPoint: text(submit, 'EntryPoint'),
    entryPointArguments: argumentsOf(submit.EntryPointArguments ?? []),
    sparkSubmitParameters: typeof submit.SparkSubmitParameters === 'string' ? submit.SparkSubmitParameters : '',
    maxAttempts: Number(retry.MaxAttempts ?? defaults.maxAttempts),
    maxFailedAttemptsPerHour: Number(retry.MaxFailedAttemptsPerHour ?? defaults.maxFailedAttemptsPerHour),
    timeoutMinutes:
      mode === 'STREAMING' ? 0 : Number(parameters.ExecutionTimeoutMinutes ?? defaults.batchTimeoutMinutes),
  };
}

function argumentsOf(value: Json): string[] {
  if (!Array.isArray(value) || value.some((argument) => typeof argument !== 'string' || argument === '')) {
    throw new TaskError(
      'EmrServerless.ValidationException',
      `EntryPointArguments must be a list of texts that are not empty, got ${JSON.stringify(isObject(value) ? value : [value])}.`,
    );
  }
  return value as string[];
}
