/**
 * The resources that a state machine may name, each with what stands for it on this machine. Takes ports to the stores, the functions, the
 * executions and the job runs, so that tests can fill them; called by `execute.ts`.
 */

import { MillraceError } from '../../tools/errors.ts';
import { emrServerlessTasks } from '../emr/emr-serverless.ts';
import type { JobRuns } from '../emr/job-runs.ts';
import type { ExecutionRecord } from './executions.ts';
import { listObjects } from './list-objects.ts';
import type { TableCalls } from './table-calls.ts';
import { type Json, type JsonObject, optionalText, TaskError, type Tasks, text } from './task.ts';

/** What the tasks need of this machine. */
export interface TaskPorts {
  readonly jobRuns: JobRuns;
  /** Folder of a bucket. */
  bucketFolder(bucket: string): string;
  getParameter(name: string): Promise<string | undefined>;
  /** Runs a deployed function by its name or ARN; throws an error whose name is the function's `errorType`. */
  invoke(name: string, payload: Json, signal: AbortSignal): Promise<Json>;
  /** The calls of the lock's table. */
  readonly table: TableCalls;
  findExecution(arn: string): ExecutionRecord | undefined;
}

/** All tasks by resource. */
export function createTasks(ports: TaskPorts): Tasks {
  return {
    ...emrServerlessTasks(ports.jobRuns),
    'arn:aws:states:::aws-sdk:ssm:getParameter': async (parameters) => {
      const name = text(parameters, 'Name');
      const value = await ports.getParameter(name);
      if (value === undefined)
        throw new TaskError('Ssm.ParameterNotFoundException', `Parameter ${name} does not exist.`);
      return { Parameter: { Name: name, Type: 'String', Value: value } };
    },
    'arn:aws:states:::lambda:invoke': async (parameters, signal) => {
      const payload = parameters.Payload ?? {};
      try {
        const result = await ports.invoke(text(parameters, 'FunctionName'), payload, signal);
        return { ExecutedVersion: '$LATEST', Payload: result, StatusCode: 200 };
      } catch (error) {
        throw lambdaFailure(error);
      }
    },
    'arn:aws:states:::aws-sdk:s3:listObjectsV2': async (parameters) => {
      const [bucket, prefix] = [text(parameters, 'Bucket'), optionalText(parameters, 'Prefix') ?? ''];
      return listObjects(ports.bucketFolder(bucket), bucket, prefix);
    },
    'arn:aws:states:::dynamodb:putItem': (parameters) => lock(() => ports.table.putItem(parameters)),
    'arn:aws:states:::dynamodb:getItem': (parameters) => lock(() => ports.table.getItem(parameters)),
    'arn:aws:states:::dynamodb:deleteItem': (parameters) => lock(() => ports.table.deleteItem(parameters)),
    'arn:aws:states:::aws-sdk:sfn:describeExecution': async (parameters) => {
      const arn = text(parameters, 'ExecutionArn');
      const execution = ports.findExecution(arn);
      if (!execution) throw new TaskError('Sfn.ExecutionDoesNotExistException', `Execution ${arn} does not exist.`);
      return describeExecution(execution);
    },
  };
}

function describeExecution(execution: ExecutionRecord): JsonObject {
  return {
    ExecutionArn: execution.arn,
    Input: JSON.stringify(execution.input),
    Name: execution.name,
    StartDate: execution.startedAt,
    StateMachineArn: execution.stateMachineArn,
    Status: execution.status,
    ...(execution.stoppedAt !== undefined && { StopDate: execution.stoppedAt }),
  };
}

/** Step Functions puts the service's name before DynamoDB's own error names. */
async function lock(call: () => Promise<JsonObject>): Promise<JsonObject> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof Error && error.name.endsWith('Exception') && !error.name.includes('.')) {
      throw new TaskError(`DynamoDB.${error.name}`, error.message);
    }
    throw error;
  }
}

/** The error of a function that threw, as Step Functions reports it: its name, and a JSON text as the cause. */
function lambdaFailure(error: unknown): Error {
  if (!(error instanceof Error) || error instanceof TaskError || error instanceof MillraceError) return error as Error;
  const { errorType = error.name, errorMessage = error.message } = error as {
    errorType?: string;
    errorMessage?: string;
  };
  return new TaskError(errorType, JSON.stringify({ errorType, errorMessage }));
}
