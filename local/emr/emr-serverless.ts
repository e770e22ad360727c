/** The calls of Step Functions to EMR Serverless, answered from the job runs of this machine with the fields that the state machine reads. */
import { localAccount, localRegion } from '../cloudformation/index.ts';
import { type Json, type JsonObject, object, TaskError, type Tasks, text } from '../stepfunctions/task.ts';
import type { JobRunRecord, JobRunRequest } from './job-run-records.ts';
import type { JobRuns } from './job-runs.ts';

/** What EMR Serverless does when a request does not say otherwise. */
const defaults = { maxAttempts: 1, maxFailedAttemptsPerHour: 5, batchTimeoutMinutes: 720, streamingGraceSeconds: 120 };

/** The two ways in which Step Functions names the service's calls: the optimized integration and the plain SDK. */
export function emrServerlessTasks(jobRuns: JobRuns): Tasks {
  const sdk = (action: string) => `arn:aws:states:::aws-sdk:emrserverless:${action}`;
  const runOf = (parameters: JsonObject): JobRunRecord => {
    const id = text(parameters, 'JobRunId');
    const run = jobRuns.get(id);
    if (!run) throw new TaskError('EmrServerless.ResourceNotFoundException', `Job run ${id} does not exist.`);
    return run;
  };
  const start = async (parameters: JsonObject) => {
    const run = jobRuns.start(requestOf(parameters));
    return { ApplicationId: run.request.applicationId, Arn: arnOf(run), JobRunId: run.id };
  };
  return {
    [sdk('startJobRun')]: start,
    [sdk('getJobRun')]: async (parameters) => ({ JobRun: describe(runOf(parameters)) }),
    [sdk('listJobRuns')]: async (parameters) => ({ JobRuns: list(jobRuns, parameters.States).map(summarize) }),
    [sdk('cancelJobRun')]: async (parameters) => {
      const run = runOf(parameters);
      cancel(jobRuns, run, parameters.ShutdownGracePeriodInSeconds);
      return { ApplicationId: run.request.applicationId, JobRunId: run.id };
    },
    'arn:aws:states:::emr-serverless:startJobRun': start,
    'arn:aws:states:::emr-serverless:startJobRun.sync': async (parameters, signal) => {
      const { id } = jobRuns.start(requestOf(parameters));
      // Step Functions cancels the job that an aborted execution waits for.
      const stop = () => void jobRuns.cancel(id, 0);
      signal.addEventListener('abort', stop, { once: true });
      if (signal.aborted) stop();
      const run = await jobRuns.wait(id).finally(() => signal.removeEventListener('abort', stop));
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
function describe(run: JobRunRecord): JsonObject {
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
  const { JobDriver: _driver, JobRunId: _id, ...fields } = describe(run);
  return { ...fields, Id: run.id };
}

const arnOf = ({ id, request }: JobRunRecord): string =>
  `arn:aws:emr-serverless:${localRegion}:${localAccount}:/applications/${request.applicationId}/jobruns/${id}`;

const invalid = (message: string) => new TaskError('EmrServerless.ValidationException', message);

/** The request that a state machine makes, as far as it matters here. */
export function requestOf(parameters: JsonObject): JobRunRequest {
  const submit = object(object(parameters, 'JobDriver'), 'SparkSubmit');
  const retry = object(parameters, 'RetryPolicy');
  const mode = parameters.Mode ?? 'BATCH';
  if (mode !== 'BATCH' && mode !== 'STREAMING') {
    throw invalid(`Mode must be BATCH or STREAMING, got ${JSON.stringify(mode)}.`);
  }
  const clientToken = text(parameters, 'ClientToken');
  if (clientToken.length > 64) {
    throw invalid(`ClientToken has ${clientToken.length} characters, at most 64 are allowed.`);
  }
  const words = submit.EntryPointArguments ?? [];
  if (!Array.isArray(words) || words.some((word) => typeof word !== 'string' || word === '')) {
    throw invalid(`EntryPointArguments must be a list of texts that are not empty, got ${JSON.stringify(words)}.`);
  }
  const timeout = mode === 'STREAMING' ? 0 : (parameters.ExecutionTimeoutMinutes ?? defaults.batchTimeoutMinutes);
  return {
    applicationId: text(parameters, 'ApplicationId'),
    name: text(parameters, 'Name'),
    clientToken,
    executionRoleArn: text(parameters, 'ExecutionRoleArn'),
    tags: object(parameters, 'Tags') as Record<string, string>,
    mode,
    entryPoint: text(submit, 'EntryPoint'),
    entryPointArguments: words as string[],
    sparkSubmitParameters: typeof submit.SparkSubmitParameters === 'string' ? submit.SparkSubmitParameters : '',
    maxAttempts: Number(retry.MaxAttempts ?? defaults.maxAttempts),
    maxFailedAttemptsPerHour: Number(retry.MaxFailedAttemptsPerHour ?? defaults.maxFailedAttemptsPerHour),
    timeoutMinutes: Number(timeout),
  };
}
