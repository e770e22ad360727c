/** Runs executions of the deployed state machines on this machine, each to its clean-up. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pipelineOfRun } from '../../lib/declaration/names.ts';
import { MillraceError, messageOf } from '../../tools/errors.mjs';
import { localPackages } from '../../tools/setup/packages.mjs';
import {
  bucketPath,
  type DeployedResource,
  type Deployment,
  invokeFunction,
  ParameterStore,
  TableStore,
} from '../cloudformation/index.ts';
import { type JobRunRecord, type JobRunRequest, scratchName } from '../emr/job-run-records.ts';
import { JobRuns } from '../emr/job-runs.ts';
import { type S3Options, type SparkToolchain, sparkSubmit } from '../emr/spark-submit.ts';
import { warmLaunch } from '../emr/warm-jvms.ts';
import type { Home } from '../home.ts';
import { credentialVariables } from '../iam/access.ts';
import { assume } from '../iam/calls.ts';
import { decisionPoint } from '../iam/decision-point.ts';
import { truststoreOptions } from '../iam/kafka-certificate.ts';
import { userAgentOf } from '../iam/s3-requests.ts';
import { dynamodbFrontUrl, dynamodbUrl } from '../services/dynamodb.ts';
import { jobSignIn } from '../services/postgres-sign-in.ts';
import { readServiceFile } from '../services/service-files.ts';
import { cleanUpAfter } from './clean-up.ts';
import { decidedTasks } from './decided-tasks.ts';
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
  /** Jobs reach S3 by its server, which asks the deployed policies, and not by folders. */
  readonly strict?: boolean;
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
    const javaOptions = truststoreOptions(home);
    this.options = options;
    this.executions = new Executions(home.executions);
    this.jobRuns = new JobRuns({
      folder: home.jobRuns,
      launch: async (request, folder) => {
        const scratch = join(folder, scratchName);
        const signIn = await jobSignIn(home, request.executionRoleArn, scratch);
        const variables = { ...this.variablesOf(request), ...signIn };
        const s3 = options.strict ? this.s3Of(folder) : undefined;
        const packages = localPackages(pipelineOfRun(request.name));
        const places = { toolchain, buckets: home.buckets, packages };
        const launch = sparkSubmit(request, folder, { ...places, variables, s3, javaOptions });
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
    const tasks = this.tasksAs(machine);
    checkDefinition(definition, tasks);
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
      tasks,
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

  /** The tasks as the role of a state machine may do them. */
  private tasksAs({ properties, physicalId: stateMachineArn }: DeployedResource): Tasks {
    const { home } = this.options;
    const point = decisionPoint(home);
    const roleArn = String(properties.RoleArn);
    const { allowed, reason } = point.decide({
      ...assume(roleArn, stateMachineArn),
      principal: 'states.amazonaws.com',
    });
    if (!allowed) throw new MillraceError('ACCESS_DENIED', reason);
    return decidedTasks(this.tasks, {
      point,
      roleArn,
      stateMachineArn,
      tagsOf: (id) => this.jobRuns.get(id)?.request.tags ?? {},
      partitionKey: (table, values) => new TableStore(home, table).partitionKey(values),
      functionArn: (name) => String(this.functionOf(name).attributes.Arn),
    });
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
        point: decisionPoint(home),
        jobRuns: this.jobRuns,
        partitionKey: (table, values) => new TableStore(home, table).partitionKey(values),
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

  /** What EMR Serverless tells a job of its role and Region. */
  private variablesOf({ applicationId, executionRoleArn }: JobRunRequest): Record<string, string> {
    const { home, deployment } = this.options;
    const application = deployment.resources.find(({ attributes }) => attributes.ApplicationId === applicationId);
    const region = String(application?.attributes.Arn).split(':')[3] ?? '';
    return {
      ...credentialVariables(home, executionRoleArn),
      AWS_REGION: region,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_ENDPOINT_URL_DYNAMODB: this.options.strict ? dynamodbFrontUrl(home) : dynamodbUrl(home),
    };
  }

  private s3Of(runFolder: string): S3Options {
    const { s3 = 0 } = readServiceFile(this.options.home, 'iam').ports ?? {};
    return { endpoint: `http://127.0.0.1:${s3}`, userAgent: userAgentOf(basename(runFolder)) };
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
