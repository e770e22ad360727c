/** The calls of a state machine: each is decided by the policies of its role before anything on this machine answers it. */
import { type Asked, callsBeside, sparkService } from '../iam/calls.ts';
import type { DecisionPoint } from '../iam/decision-point.ts';
import { type JsonObject, object, optionalText, type Task, TaskError, type Tasks, text } from './task.ts';

export interface Caller {
  readonly point: Pick<DecisionPoint, 'decide'>;
  readonly roleArn: string;
  readonly stateMachineArn: string;
  /** The tags of a job run; none for one that does not exist. */
  readonly tagsOf: (jobRunId: string) => Readonly<Record<string, string>>;
  /** The value of the partition key in the item or key of a request. */
  readonly partitionKey: (table: string, values: JsonObject) => string;
  /** The ARN of a function by its name or ARN. */
  readonly functionArn: (name: string) => string;
}

/** What a call asks of IAM. */
type Asks = (parameters: JsonObject) => readonly Asked[];

interface Call {
  /** AWS's name for its denial, as Step Functions writes it. */
  readonly denial: string;
  readonly asks: Asks;
}

export function decidedTasks(tasks: Tasks, caller: Caller): Tasks {
  const calls = callsOf(caller);
  return Object.fromEntries(
    Object.entries(tasks).map(([resource, task]) => [resource, decided(resource, task, calls[resource], caller)]),
  );
}

function decided(resource: string, task: Task, call: Call | undefined, { point, roleArn }: Caller): Task {
  if (!call) throw new Error(`Nobody says what ${resource} asks of IAM.`);
  return async (parameters, signal, state) => {
    for (const asked of call.asks(parameters)) {
      const principal = asked.action === 'sts:AssumeRole' ? sparkService : roleArn;
      const { allowed, reason } = point.decide({ ...asked, principal });
      if (!allowed) throw new TaskError(call.denial, reason);
    }
    return task(parameters, signal, state);
  };
}

function callsOf(caller: Caller): Readonly<Record<string, Call>> {
  const calls = callsBeside(caller.stateMachineArn);
  const tagsOf = (parameters: JsonObject) => object(parameters, 'Tags') as Record<string, string>;
  const item =
    (action: string, values: string): Asks =>
    (parameters) => {
      const table = text(parameters, 'TableName');
      return [calls.item(action, table, caller.partitionKey(table, object(parameters, values)))];
    };
  const jobRun =
    (action: string): Asks =>
    (parameters) => {
      const id = text(parameters, 'JobRunId');
      return [calls.jobRun(action, text(parameters, 'ApplicationId'), id, caller.tagsOf(id))];
    };
  const start: Asks = (parameters) => {
    const [application, role] = [text(parameters, 'ApplicationId'), text(parameters, 'ExecutionRoleArn')];
    return [...calls.startJobRun(application, role, tagsOf(parameters)), calls.assumeJobRole(application, role)];
  };
  return {
    ...service('dynamodb', 'DynamoDB.AccessDeniedException', {
      putItem: item('PutItem', 'Item'),
      getItem: item('GetItem', 'Key'),
      deleteItem: item('DeleteItem', 'Key'),
    }),
    ...service('emr-serverless', 'EMRServerless.AccessDeniedException', {
      startJobRun: start,
      // Step Functions asks about the run that it waits for.
      'startJobRun.sync': (parameters) => [
        ...start(parameters),
        calls.jobRun('GetJobRun', text(parameters, 'ApplicationId'), 'new', tagsOf(parameters)),
      ],
    }),
    ...service('lambda', 'Lambda.AccessDeniedException', {
      invoke: (parameters) => [calls.invoke(caller.functionArn(text(parameters, 'FunctionName')))],
    }),
    ...service('aws-sdk:emrserverless', 'EmrServerless.AccessDeniedException', {
      startJobRun: start,
      getJobRun: jobRun('GetJobRun'),
      cancelJobRun: jobRun('CancelJobRun'),
      listJobRuns: (parameters) => [calls.listJobRuns(text(parameters, 'ApplicationId'))],
    }),
    ...service('aws-sdk:s3', 'S3.AccessDenied', {
      listObjectsV2: (parameters) => [
        calls.listObjects(text(parameters, 'Bucket'), optionalText(parameters, 'Prefix')),
      ],
    }),
    ...service('aws-sdk:sfn', 'Sfn.AccessDeniedException', {
      describeExecution: (parameters) => [calls.describeExecution(text(parameters, 'ExecutionArn'))],
    }),
    ...service('aws-sdk:ssm', 'Ssm.AccessDeniedException', {
      getParameter: (parameters) => [calls.getParameter(text(parameters, 'Name'))],
    }),
  };
}

function service(name: string, denial: string, calls: Readonly<Record<string, Asks>>): Record<string, Call> {
  return Object.fromEntries(
    Object.entries(calls).map(([call, asks]) => [`arn:aws:states:::${name}:${call}`, { denial, asks }]),
  );
}
