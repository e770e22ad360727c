/** Runs the bundled code of a deployed function, in a worker thread that has nothing but what Lambda would give it. */
import { randomUUID } from 'node:crypto';
import { createWriteStream, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Writable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import type { Home } from '../home.ts';
import { credentialVariables } from '../iam/access.ts';
import { assume } from '../iam/calls.ts';
import { decisionPoint } from '../iam/decision-point.ts';
import { kafkaCertificate } from '../iam/kafka-certificate.ts';
import { functionSignIn } from '../services/postgres-sign-in.ts';
import type { DeployedResource } from './model.ts';
import { codeFolder, environmentOf } from './providers/lambda.ts';

/** A function failed; `name` is what `Retry` and `Catch` of a state machine compare. */
export class LambdaError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

/** How a call may differ from what the template says. */
export interface InvokeOptions {
  /** Variables besides those of the template: endpoints of local services, say. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Instead of the function's own timeout. */
  readonly timeoutMs?: number;
  /** Ends the function at once. */
  readonly signal?: AbortSignal | undefined;
  /** Where its words go. @default its log in the home */
  readonly log?: Writable;
  /** Whether it calls others than this machine, whose certificates everybody trusts. @default false */
  readonly reachesOutside?: boolean;
}

export interface WorkerData {
  /** The function's code, unpacked. */
  readonly folder: string;
  /** `file.export`, as in the template. */
  readonly handler: string;
  /** Whether it trusts others than this machine. */
  readonly reachesOutside: boolean;
  /** What of the handler's second argument is the same for all calls. */
  readonly context: Readonly<Record<string, string>>;
}

/** What the worker is sent for each call. */
export interface WorkerCall {
  readonly event: unknown;
  readonly timeoutMs: number;
  readonly awsRequestId: string;
}

/** What the worker posts: `loaded` once, then one of the others for each call. */
export type WorkerMessage =
  | { readonly kind: 'loaded' }
  | { readonly kind: 'result'; readonly json: string | undefined }
  | { readonly kind: 'error'; readonly errorType: string; readonly errorMessage: string };

/** What Lambda gives a function that asks for nothing. */
export const defaultTimeoutSeconds = 3;
export const defaultMemoryMegabytes = 128;
/** Loading the code has its own limit on Lambda too; this one is wider, because this machine is shared. */
const startTimeoutMs = 30_000;
/** Bytes of a function's log. */
const longestLog = 4 * 2 ** 20;

/** @throws LambdaError when the function fails */
export async function invokeFunction(
  home: Home,
  fn: DeployedResource,
  event: unknown,
  options: InvokeOptions = {},
): Promise<unknown> {
  const opened = await openFunction(home, fn, options);
  try {
    return await opened.call(event, options.signal);
  } finally {
    await opened.close();
  }
}

/** A function whose code is loaded once and called again and again, as Lambda keeps one that is called often. */
export interface OpenFunction {
  /** One call after the other; one that has failed is not called again. @throws LambdaError when the function fails */
  call(event: unknown, signal?: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

/** @throws LambdaError when nobody may call the function, or nobody can */
export async function openFunction(
  home: Home,
  fn: DeployedResource,
  options: InvokeOptions = {},
): Promise<OpenFunction> {
  options.signal?.throwIfAborted();
  const runtime = String(fn.properties.Runtime);
  if (!runtime.startsWith('nodejs')) {
    const message = `${fn.stack} ${fn.logicalId} needs the runtime ${runtime}; only Node.js functions run on this machine.`;
    throw new LambdaError('Runtime.Unknown', message);
  }
  const role = String(fn.properties.Role);
  const { allowed, reason } = decisionPoint(home).decide({ ...assume(role), principal: 'lambda.amazonaws.com' });
  if (!allowed) throw new LambdaError('AccessDeniedException', reason);
  const timeoutMs = options.timeoutMs ?? Number(fn.properties.Timeout ?? defaultTimeoutSeconds) * 1000;
  const memory = Number(fn.properties.MemorySize ?? defaultMemoryMegabytes);
  const signIn = await functionSignIn(home, role);
  const folder = codeFolder(home, fn.properties.Code);
  const workerData: WorkerData = {
    folder,
    handler: String(fn.properties.Handler),
    reachesOutside: options.reachesOutside ?? false,
    context: {
      functionName: fn.physicalId,
      functionVersion: '$LATEST',
      invokedFunctionArn: String(fn.attributes.Arn),
      memoryLimitInMB: String(memory),
      logGroupName: `/aws/lambda/${fn.physicalId}`,
      logStreamName: 'local',
    },
  };
  const worker = new Worker(new URL('./lambda-worker.mjs', import.meta.url), {
    workerData,
    env: {
      ...lambdaEnvironment(home, fn, folder, memory),
      ...credentialVariables(home, role),
      ...signIn,
      ...environmentOf(fn),
      ...options.environment,
    },
    execArgv: [],
    resourceLimits: { maxOldGenerationSizeMb: memory },
    stdout: true,
    stderr: true,
  });
  const log = options.log ?? createWriteStream(logOf(home, fn.physicalId), { flags: 'a' });
  worker.stdout.pipe(log, { end: false });
  worker.stderr.pipe(log, { end: false });
  let loaded = false;
  // One that fails before it is called is asked for its error then.
  worker.on('error', () => undefined);
  worker.on('message', ({ kind }: WorkerMessage) => {
    loaded ||= kind === 'loaded';
  });
  return {
    async call(event, signal) {
      const call: WorkerCall = {
        event: JSON.parse(JSON.stringify(event ?? null)) as unknown,
        timeoutMs,
        awsRequestId: randomUUID(),
      };
      log.write(`${new Date().toISOString()} START ${call.awsRequestId}\n`);
      try {
        return await answerOf(worker, call, loaded, signal);
      } finally {
        log.write(`${new Date().toISOString()} END ${call.awsRequestId}\n`);
      }
    },
    async close() {
      await worker.terminate();
      log.end();
    },
  };
}

/** The log of a function, begun anew when it is long; the one before is kept. */
function logOf(home: Home, name: string): string {
  const file = join(home.logs, `${name}.log`);
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > longestLog)
    renameSync(file, join(home.logs, `${name}.previous.log`));
  return file;
}

function answerOf(
  worker: Worker,
  call: WorkerCall,
  isLoaded: boolean,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const listening = new AbortController();
  return new Promise((resolve, reject) => {
    const fail = (type: string, message: string) => reject(new LambdaError(type, message));
    const failAfter = (ms: number, message: string) => {
      const timer = setTimeout(() => fail('Sandbox.Timedout', message), ms);
      listening.signal.addEventListener('abort', () => clearTimeout(timer));
      return timer;
    };
    const begin = () => failAfter(call.timeoutMs, `Task timed out after ${(call.timeoutMs / 1000).toFixed(2)} seconds`);
    const loading = isLoaded
      ? begin()
      : failAfter(startTimeoutMs, `The code could not be loaded within ${startTimeoutMs / 1000} s.`);
    signal?.addEventListener('abort', () => reject(signal.reason), { signal: listening.signal });
    const on = <Argument>(event: string, listener: (argument: Argument) => void) => {
      worker.on(event, listener);
      listening.signal.addEventListener('abort', () => worker.off(event, listener));
    };
    on('message', (message: WorkerMessage) => {
      if (message.kind === 'loaded') {
        clearTimeout(loading);
        begin();
      } else if (message.kind === 'result') {
        resolve(message.json === undefined ? null : JSON.parse(message.json));
      } else {
        fail(message.errorType, message.errorMessage);
      }
    });
    on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ERR_WORKER_OUT_OF_MEMORY') fail(error.name, error.message);
      else fail('Runtime.OutOfMemory', 'The function used more memory than it has.');
    });
    on('exit', () => fail('Runtime.ExitError', 'The function ended its process without giving an answer.'));
    worker.postMessage(call);
  }).finally(() => listening.abort());
}

/** The variables that Lambda sets itself, besides the credentials. */
function lambdaEnvironment(home: Home, fn: DeployedResource, folder: string, memory: number): Record<string, string> {
  const region = String(fn.attributes.Arn).split(':')[3] ?? '';
  return {
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_EXECUTION_ENV: `AWS_Lambda_${fn.properties.Runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: fn.physicalId,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memory),
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${fn.physicalId}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    NODE_EXTRA_CA_CERTS: kafkaCertificate(home).certificate,
    LAMBDA_TASK_ROOT: folder,
    _HANDLER: String(fn.properties.Handler),
    LANG: 'en_US.UTF-8',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    TZ: 'UTC',
  };
}
