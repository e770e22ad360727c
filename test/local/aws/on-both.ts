/**
 * An execution that is run here, by the interpreter and with processes for jobs, and of which AWS gets what it would remember of the same: the log of
 * the state machine, the lines of the jobs, the results.
 */
import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { setImmediate, setTimeout as sleep } from 'node:timers/promises';
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateStateMachineCommand, SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { type PrepareEvent, prepare } from '../../../lambda/prepare/core.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import type { LoggedEvent } from '../../../local/aws/history.ts';
import { TableStore } from '../../../local/cloudformation/table-store.ts';
import { JobRuns, type JobRunsOptions } from '../../../local/emr/job-runs.ts';
import type { Home } from '../../../local/home.ts';
import { type ExecutionRecord, Executions } from '../../../local/stepfunctions/executions.ts';
import { type HistoryEntry, interpret } from '../../../local/stepfunctions/interpreter.ts';
import type { Json, JsonObject, Task } from '../../../local/stepfunctions/task.ts';
import { createTasks, tableCalls } from '../../../local/stepfunctions/tasks.ts';
import { filesBelow } from '../../../tools/files.mjs';
import { statesOf } from '../../aws/support/machine.ts';
import { machineOf, PARAMETERS } from '../../lib/constructs/workflow/invented.ts';

export const REGION = 'eu-central-1';
const account = '123456789012';
/** As the invented machines have it. */
export const BUCKET = 'data';

/** Writes what Step Functions logs of an execution. */
class Log {
  readonly events: LoggedEvent[] = [];
  private readonly arn: string;
  private readonly states: ReturnType<typeof statesOf>;
  private depth = 0;
  private last = '';

  constructor(arn: string, definition: unknown) {
    this.arn = arn;
    this.states = statesOf(definition);
  }

  add(type: string, details: JsonObject): void {
    const id = this.events.length + 1;
    this.events.push({
      id: String(id),
      type,
      details,
      previous_event_id: String(id - 1),
      event_timestamp: String(Date.now()),
      execution_arn: this.arn,
    });
  }

  /** What the interpreter tells, in the service's words. */
  tell({ event, state = '', input, error = '', cause = '' }: HistoryEntry): void {
    const type = String(this.states.get(state)?.Type);
    if (event === 'ExecutionStarted') {
      this.depth += 1;
      if (this.depth > 1) this.add('MapIterationStarted', { name: this.last, index: 0 });
      else this.add('ExecutionStarted', { input: JSON.stringify(input ?? {}), roleArn: 'arn:role' });
    } else if (event.startsWith('Execution')) {
      this.depth -= 1;
      if (this.depth > 0) this.add(event.replace('Execution', 'MapIteration'), { name: this.last, index: 0 });
      else this.add(event, { error, cause });
    } else if (event === 'StateEntered') {
      this.last = state;
      this.add(`${type}StateEntered`, { name: state, input: JSON.stringify(input ?? {}) });
    } else if (event === 'StateExited') this.add(`${type}StateExited`, { name: state, output: '{}' });
    // Of a task its own wrapper tells; a Fail state has no event but the end of what it is in.
    else if (event === 'StateFailed' && type === 'Map') this.add('MapStateFailed', { error, cause });
  }

  /** A task that tells what it was asked and what came of it. */
  telling(resource: string, task: Task): Task {
    const [, service = '', call = ''] = /^arn:aws:states:::(.+):([^:]+)$/.exec(resource) ?? [];
    const details = { resourceType: service, resource: call };
    return async (parameters, signal, state) => {
      // The interpreter's own events come first.
      await setImmediate();
      this.add('TaskScheduled', { ...details, region: REGION, parameters: JSON.stringify(parameters) });
      this.add('TaskStarted', details);
      try {
        const output = await task(parameters, signal, state);
        if (call.endsWith('.sync')) this.add('TaskSubmitted', { ...details, output: JSON.stringify(output) });
        this.add('TaskSucceeded', { ...details, output: JSON.stringify(output) });
        return output;
      } catch (error) {
        const { name, message } = error as Error;
        this.add('TaskFailed', { ...details, error: name, cause: message });
        throw error;
      }
    };
  }
}

export interface Ran {
  readonly execution: ExecutionRecord;
  readonly events: readonly LoggedEvent[];
  readonly definition: string;
}

/** Runs the pipeline once, as `run` does, with these processes for jobs. */
export async function runHere(
  home: Home,
  pipeline: Pipeline,
  name: string,
  launch: JobRunsOptions['launch'],
  pollMs = 100,
): Promise<Ran> {
  const definition = machineOf(pipeline);
  const machine = `millrace-dev-${pipeline.name}`;
  const arn = `arn:aws:states:${REGION}:${account}:execution:${machine}:${name}`;
  const log = new Log(arn, definition);
  const executions = new Executions(home.executions);
  const text = JSON.stringify(definition);
  const execution = executions.create(
    { arn, name, pipeline: pipeline.name, stateMachineArn: arn.replace(':execution:', ':stateMachine:'), input: {} },
    text,
  );
  new TableStore(home, 'locks').create(['pipeline']);
  const jobRuns = new JobRuns({ folder: home.jobRuns, launch });
  let commits = 0;
  const usual: Record<string, Task> = {
    ...createTasks({
      jobRuns,
      bucketFolder: () => home.buckets,
      getParameter: async (parameter) => (PARAMETERS as Readonly<Record<string, string>>)[parameter],
      invoke: async (_, event) => JSON.parse(JSON.stringify(prepare(event as unknown as PrepareEvent))) as Json,
      table: tableCalls(home),
      findExecution: () => undefined,
    }),
    'arn:aws:states:::aws-sdk:s3:listObjectsV2': async () => {
      commits += 1;
      return { KeyCount: commits };
    },
  };
  const outcome = await interpret({
    definition: text,
    input: {},
    context: { Execution: { Id: arn, Name: name }, StateMachine: { Id: machine, Name: machine } },
    tasks: Object.fromEntries(Object.entries(usual).map(([resource, task]) => [resource, log.telling(resource, task)])),
    wait: () => sleep(pollMs),
    signal: new AbortController().signal,
    onEvent: (entry) => {
      executions.append(execution, entry);
      log.tell(entry);
    },
  });
  executions.finish(execution, outcome);
  return { execution, events: log.events, definition: text };
}

/** Puts what AWS would remember of executions into its services at `endpoint`. */
export async function remember(endpoint: string, home: Home, pipeline: Pipeline, all: readonly Ran[]): Promise<void> {
  const given = { endpoint, region: REGION, credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const [logs, s3, sfn] = [new CloudWatchLogsClient(given), new S3Client(given), new SFNClient(given)];
  const machine = `millrace-dev-${pipeline.name}`;
  const put = async (logGroupName: string, logStreamName: string, messages: readonly string[]): Promise<void> => {
    await logs.send(new CreateLogStreamCommand({ logGroupName, logStreamName }));
    const logEvents = messages.map((message) => ({ timestamp: Date.now(), message }));
    if (logEvents.length > 0) await logs.send(new PutLogEventsCommand({ logGroupName, logStreamName, logEvents }));
  };
  const [groupOfMachine, groupOfJobs] = [`/aws/vendedlogs/states/${machine}`, '/jobs'];
  for (const logGroupName of [groupOfMachine, groupOfJobs])
    await logs.send(new CreateLogGroupCommand({ logGroupName }));
  const [first] = all;
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({
      name: machine,
      definition: first?.definition,
      roleArn: 'arn:aws:iam::123456789012:role/r',
    }),
  );
  const lines = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1);
  const jobRuns = new JobRuns({ folder: home.jobRuns, launch: () => Promise.reject(new Error('none')) });
  for (const { execution, events } of all) {
    await sfn.send(new StartExecutionCommand({ stateMachineArn, name: execution.name, input: '{}' }));
    // Step Functions spreads an execution over streams, and promises no order.
    const texts = events.map((event) => JSON.stringify(event));
    const half = Math.ceil(texts.length / 2);
    await put(groupOfMachine, `states/${machine}/${execution.name}/b`, texts.slice(half).reverse());
    await put(groupOfMachine, `states/${machine}/${execution.name}/a`, texts.slice(0, half));
  }
  for (const { id, request } of jobRuns.all()) {
    const [, run, execution] = request.name.split('/');
    const driver = `${run}/${execution}/applications/${request.applicationId}/jobs/${id}/SPARK_DRIVER`;
    await put(groupOfJobs, `${driver}/stdout`, lines(jobRuns.records.stdout(id)));
    await put(groupOfJobs, `${driver}/stderr`, lines(jobRuns.records.stderr(id)));
  }
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET, CreateBucketConfiguration: { LocationConstraint: REGION } }));
  const folder = join(home.buckets, BUCKET);
  for (const file of filesBelow(folder)) {
    await s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: relative(folder, file), Body: readFileSync(file) }));
  }
  for (const client of [logs, s3, sfn]) client.destroy();
}
