/** Runs executions of the deployed state machines on this machine, each to its clean-up. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import { bucketPath, type Deployment, invokeFunction, ParameterStore } from '../cloudformation/index.ts';
import type { JobRunRecord } from '../emr/job-run-records.ts';
import { JobRuns } from '../emr/job-runs.ts';
import { type SparkToolchain, sparkSubmit } from '../emr/spark-submit.ts';
import { warmLaunch } from '../emr/warm-jvms.ts';
import type { Home } from '../home.ts';
import { cleanUpAfter } from './clean-up.ts';
import { deployedPipelines } from './deployed-pipelines.ts';
import { type ExecutionRecord, Executions } from './executions.ts';
import { checkDefinition, type HistoryEntry, interpret } from './interpreter.ts';
import type { Json, JsonObject, Tasks } from './task.ts';
import { createTasks, tableCalls } from './tasks.ts';

/** A stream may commit many times a second, and a state machine counts how often it has asked. */
const commitWaitMs = 2_000;

export interface ExecutionListener {
  readonly onHistory?: (entry: HistoryEntry) => void;
  readonly onJobState?: (run: JobRunRecord) => void;
  readonly onJobEvent?: (run: JobRunRecord, event: JsonObject) => void;
}

export interface MachineOptions {
  readonly home: Home;
  readonly deployment: Deployment;
  readonly toolchain: SparkToolchain;
  /** Starts a JVM for each job, as EMR Serverless does without pre-initialized workers. */
  readonly cold?: boolean;
  readonly listener?: ExecutionListener;
}

/** The state machines of one deployment, with all that their tasks need. */
export class LocalStateMachines {
  readonly jobRuns: JobRuns;
  readonly executions: Executions;
  private readonly options: MachineOptions;
  private readonly jobChanged = new EventTarget();
  private readonly tasks: Tasks;

  constructor(options: MachineOptions) {
    const { home, toolchain, listener = {} } = options;
    this.options = options;
    this.executions = new Executions(home.executions);
    this.jobRuns = new JobRuns({
      folder: home.jobRuns,
      launch: (request, folder) => {
        const launch = sparkSubmit(request, folder, { toolchain, buckets: home.buckets });
        return options.cold ? launch : warmLaunch(launch, home.warmJvms, folder);
      },
      onState: (run) => {
        this.jobChanged.dispatchEvent(new Event('change'));
        listener.onJobState?.(run);
      },
      onEvent: (run, event) => {
        if (event.event === 'progress') this.jobChanged.dispatchEvent(new Event('progress'));
        listener.onJobEvent?.(run, event);
      },
    });
    const parameters = new ParameterStore(home);
    this.tasks = createTasks({
      jobRuns: this.jobRuns,
      bucketFolder: (bucket) => bucketPath(home, `s3://${bucket}`),
      getParameter: async (name) => parameters.get(name)?.value,
      invoke: async (name, payload, signal) =>
        (await invokeFunction(home, this.functionOf(name), payload, { signal })) as Json,
      table: tableCalls(home),
      findExecution: (arn) => this.executions.find(arn),
    });
  }

  /** Runs an execution to its end. Only a stream of one that succeeded goes on; all else is ended before it returns. */
  async execute(pipeline: string, input: JsonObject, signal: AbortSignal): Promise<ExecutionRecord> {
    const machine = this.machineOf(pipeline);
    const definition = String(machine.properties.DefinitionString);
    checkDefinition(definition, this.tasks);
    const name = `${new Date().toISOString().slice(0, 19).replace(/\D/g, '')}-${randomBytes(2).toString('hex')}`;
    const stateMachineArn = machine.physicalId;
    const arn = `${stateMachineArn.replace(':stateMachine:', ':execution:')}:${name}`;
    const record = this.executions.create({ arn, name, pipeline, stateMachineArn, input }, definition);
    const outcome = await interpret({
      definition,
      input,
      context: {
        Execution: { Id: arn, Name: name, RoleArn: String(machine.properties.RoleArn ?? '') },
        StateMachine: { Id: stateMachineArn, Name: stateMachineArn.split(':').at(-1) ?? '' },
      },
      tasks: this.tasks,
      wait: (seconds, ending) => this.wait(seconds, ending),
      signal,
      onEvent: (entry) => {
        this.executions.append(record, entry);
        this.options.listener?.onHistory?.(entry);
      },
    }).catch((error: unknown) => {
      this.executions.finish(record, { status: 'FAILED', error: 'States.Runtime', cause: messageOf(error) });
      throw error;
    });
    if (outcome.status === 'SUCCEEDED') {
      this.executions.finish(record, outcome);
      // Who stopped the command at the very end wants nothing to be left either.
      if (signal.aborted) await this.jobRuns.end(name);
      else await this.jobRuns.release();
    } else await this.settle({ ...record, ...outcome });
    return this.executions.find(arn) ?? record;
  }

  /** Cleans up after executions whose command was killed, as their abortion would on AWS; gives their names. */
  async settleAbandoned(): Promise<string[]> {
    const abandoned = this.executions.abandoned();
    for (const record of abandoned) await this.settle(record);
    return abandoned.map(({ name }) => name);
  }

  /** Lets the deployed clean-up do its work, then ends what it may have missed, and closes the record. */
  private async settle(record: ExecutionRecord): Promise<void> {
    const { home, deployment } = this.options;
    const { status, error, cause } = record;
    try {
      await cleanUpAfter(record, {
        deployment,
        jobRuns: this.jobRuns,
        deleteItem: this.tasks['arn:aws:states:::dynamodb:deleteItem'] as Tasks[string],
        invoke: async (fn, event, environment) => (await invokeFunction(home, fn, event, { environment })) as Json,
      });
    } finally {
      await this.jobRuns.end(record.name);
      this.executions.finish(record, { status: status === 'RUNNING' ? 'ABORTED' : status, error, cause });
    }
  }

  /** Polls on AWS ask every few seconds; here what they wait for is known when it happens. */
  private async wait(seconds: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const ending = { signal: AbortSignal.any([signal, over.signal]) };
    const change = once(this.jobChanged, 'change', ending);
    const commit = Promise.all([sleep(commitWaitMs, undefined, ending), once(this.jobChanged, 'progress', ending)]);
    await Promise.race([sleep(seconds * 1000, undefined, ending), change, commit]).catch(() => undefined);
    over.abort();
  }

  private machineOf(pipeline: string) {
    const { deployment } = this.options;
    const machine = deployedPipelines(deployment).get(pipeline);
    if (machine) return machine;
    throw new MillraceError(
      'NO_STATE_MACHINE',
      `Pipeline "${pipeline}" is not deployed in environment "${deployment.environment}". Run "npx millrace up" first.`,
    );
  }

  private functionOf(name: string) {
    const fn = this.options.deployment.resources.find(
      ({ type, physicalId, attributes }) =>
        type === 'AWS::Lambda::Function' && (physicalId === name || attributes.Arn === name),
    );
    if (fn) return fn;
    throw new MillraceError(
      'NO_FUNCTION',
      `The state machine names the function "${name}", which is not deployed. Run "npx millrace up".`,
    );
  }
}
