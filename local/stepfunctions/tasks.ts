/** The resources that a state machine may name, each with what stands for it on this machine. */
import { statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { MillraceError } from '../../tools/errors.mjs';
import { filesBelow } from '../../tools/files.mjs';
import { type Condition, TableStore } from '../cloudformation/index.ts';
import { emrServerlessTasks } from '../emr/emr-serverless.ts';
import type { JobRuns } from '../emr/job-runs.ts';
import type { Home } from '../home.ts';
import type { ExecutionRecord } from './executions.ts';
import { type Json, type JsonObject, object, optionalText, TaskError, type Tasks, text } from './task.ts';

export interface TaskPorts {
  readonly jobRuns: JobRuns;
  bucketFolder(bucket: string): string;
  getParameter(name: string): Promise<string | undefined>;
  /** Runs a deployed function by its name or ARN; throws an error whose name is the function's `errorType`. */
  invoke(name: string, payload: Json, signal: AbortSignal): Promise<Json>;
  readonly table: ReturnType<typeof tableCalls>;
  findExecution(arn: string): ExecutionRecord | undefined;
}

/** All tasks by resource. */
export function createTasks(ports: TaskPorts): Tasks {
  return {
    ...emrServerlessTasks(ports.jobRuns),
    'arn:aws:states:::aws-sdk:ssm:getParameter': async (parameters) => {
      const name = text(parameters, 'Name');
      const value = await ports.getParameter(name);
      const missing = `Parameter ${name} does not exist.`;
      if (value === undefined) throw new TaskError('Ssm.ParameterNotFoundException', missing);
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
  const told = error as { errorType?: string; errorMessage?: string };
  const { errorType = error.name, errorMessage = error.message } = told;
  return new TaskError(errorType, JSON.stringify({ errorType, errorMessage }));
}

/** S3's ListObjectsV2 on the folder of a bucket, on one page. */
export function listObjects(folder: string, bucket: string, prefix: string): JsonObject {
  // Only the folder part of the prefix is walked: a bucket may hold far more than is asked for.
  const start = join(folder, prefix.slice(0, prefix.lastIndexOf('/') + 1));
  const contents = filesBelow(start)
    .map((file) => ({ file, key: relative(folder, file).split(sep).join('/') }))
    .filter(({ key }) => key.startsWith(prefix))
    .sort((left, right) => (left.key < right.key ? -1 : 1))
    .map(({ file, key }) => {
      const { size, mtime } = statSync(file);
      return { Key: key, LastModified: mtime.toISOString(), Size: size };
    });
  const answer: JsonObject = { IsTruncated: false, KeyCount: contents.length, Name: bucket, Prefix: prefix };
  if (contents.length > 0) answer.Contents = contents;
  return answer;
}

/** DynamoDB's calls on single items, in its own JSON, made on the local table. */
export function tableCalls(home: Home) {
  const tableOf = (request: JsonObject) => new TableStore(home, text(request, 'TableName'));
  return {
    async putItem(request: JsonObject): Promise<JsonObject> {
      await tableOf(request).putItem(object(request, 'Item'), conditionOf(request));
      return {};
    },
    async getItem(request: JsonObject) {
      const item = await tableOf(request).getItem(object(request, 'Key'));
      return (item ? { Item: item } : {}) as JsonObject;
    },
    async deleteItem(request: JsonObject): Promise<JsonObject> {
      await tableOf(request).deleteItem(object(request, 'Key'), conditionOf(request));
      return {};
    },
  };
}

function conditionOf(request: JsonObject): Condition {
  return {
    ...(request.ConditionExpression !== undefined && { ConditionExpression: text(request, 'ConditionExpression') }),
    ExpressionAttributeNames: object(request, 'ExpressionAttributeNames') as Record<string, string>,
    ExpressionAttributeValues: object(request, 'ExpressionAttributeValues'),
  };
}
