/** Checks jobs by themselves: their form, files, sizes and parameters, the size of their state and of their spec. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { placeholdersOf, type Template } from '../fill.ts';
import { stateOf } from '../flow.ts';
import { type BatchProps, Job, type StreamProps } from '../job.ts';
import { Topic } from '../kinds/topic.ts';
import { ACCOUNT_VCPU, KEPT_BATCHES, LONGEST_ARGUMENT, mostHeap, STATE_BYTES, WORKER_GIGABYTES } from '../limits.ts';
import { type Note, noteAt } from '../mistakes.ts';
import { commitsPrefix, drainOf } from '../names.ts';
import { LONGEST_TEXT, type Parameter } from '../parameter.ts';
import type { Pipeline } from '../pipeline.ts';
import { specOf } from '../plan.ts';
import { isSink, isSource, isStreamSource, type Named } from '../thing.ts';
import { checkCamelCase, checkForm, type Fault, fileName, fitting, isWhole, made, whole } from './form.ts';
import { checkParameter, isParameter, parameterForms } from './parameters.ts';

const text = z.string();
const process = fitting(
  'is not a worker size',
  `cores ${Object.keys(WORKER_GIGABYTES).join(', ')}, memory in whole GiB up to what they can have`,
  (value) => {
    const { cores, memory, ...others } = Object(value);
    const most = mostHeap(cores);
    return most !== undefined && isWhole(memory, 1, most) && Object.keys(others).length === 0;
  },
  'object',
);
const parameter = fitting('is no parameter', 'integer(...), decimal(...), text(...) or instant(...)', isParameter);
/** Up to a day: how long a run may take and a window may be. */
const minutes = whole(1, 1_440);
const ofJob = {
  entryPoint: fileName,
  reads: z.record(text, fitting('cannot be read', 'what can be, such as a topic or a file', isSource)),
  writes: z.record(text, fitting('cannot be written', 'what can be, such as a topic or a folder', isSink)),
  size: z.strictObject({ driver: process, executor: process, executors: whole(1, ACCOUNT_VCPU) }).optional(),
  parameters: z.record(text, parameter).optional(),
  after: z.array(made(Job, 'a job made by batch(...) or stream(...)')).optional(),
  timeoutMinutes: minutes.optional(),
};
const forms = {
  batch: z.strictObject({
    ...ofJob,
    alone: z.boolean().optional(),
  } satisfies Record<keyof BatchProps<never, never> | 'entryPoint', z.ZodType>),
  stream: z.strictObject({
    ...ofJob,
    windows: z.strictObject({ minutes, every: minutes.optional() }).optional(),
    keys: whole(1, 1_000_000_000).optional(),
  } satisfies Record<keyof StreamProps<never, never> | 'entryPoint', z.ZodType>),
};

export function checkJobForm(job: Job, at: string, note: Note): Fault[] {
  const faults = checkForm(forms[job.kind], job.given, at, note);
  for (const [name, parameter] of Object.entries(job.parameters)) {
    if (!isParameter(parameter)) continue;
    faults.push(...checkForm(parameterForms[parameter.kind], parameter, `${at}.parameters.${name}`, note));
  }
  return faults;
}

/** Notes the mistakes in each job of a pipeline; in its state and its spec only where its form and that of its things is right. */
export function checkJobs(pipeline: Pipeline, note: Note, isRight: (job: string) => boolean): void {
  const parameters = new Map<string, { readonly parameter: string; readonly job: string }>();
  const drains = new Map(Object.keys(pipeline.jobs).map((name) => [drainOf(name), name]));
  for (const [name, job] of Object.entries(pipeline.jobs)) {
    const noteJob = noteAt(note, `jobs.${name}`);
    checkCamelCase(noteJob, '', name);
    const drained = drains.get(name);
    if (drained) noteJob('', `is the name of the drain of ${drained}`, name, 'another name');
    const path = join(pipeline.folders.jobs, job.entryPoint);
    if (!existsSync(path)) noteJob('entryPoint', 'does not exist', path, `a file in ${pipeline.folders.jobs}`);
    for (const [parameterName, parameter] of Object.entries(job.parameters)) {
      const noteParameter = noteAt(noteJob, `parameters.${parameterName}`);
      checkParameter(noteParameter, parameterName, parameter);
      const written = JSON.stringify(parameter);
      const other = parameters.get(parameterName);
      if (other && other.parameter !== written) {
        noteParameter('', `differs from the same parameter of ${other.job}`, parameter, 'one meaning for one name');
      }
      parameters.set(parameterName, { parameter: written, job: name });
    }
    if (!isRight(name)) continue;
    if (job.kind === 'stream') checkStream(noteJob, job);
    const length = longestSpec(specOf(pipeline, name), job.parameters);
    if (length > LONGEST_ARGUMENT) {
      const allowed = `${LONGEST_ARGUMENT} at most, so fewer inputs, outputs or parameters`;
      noteJob('', 'has a spec that EMR Serverless does not take as an argument', `${length} characters`, allowed);
    }
  }
}

function checkStream(note: Note, job: Job): void {
  const { windows, keys, reads } = job;
  const followed = Object.values(reads).filter(isStreamSource);
  if (followed.length === 0) {
    note('reads', 'has nothing that a stream can follow', Object.values(reads), 'a topic, or events(...) of one');
    return;
  }
  if (windows) {
    const { minutes, every = minutes } = windows;
    if (minutes % every !== 0) {
      note('windows.every', 'does not divide the windows', every, `a divisor of ${minutes}`);
      return;
    }
    if (keys === undefined) note('keys', 'is missing beside windows', keys, 'how many keys the state is to hold');
    if (followed.some(({ watermarkDelayMs }) => watermarkDelayMs === undefined)) {
      note('windows', 'never end over events that are never late', windows, 'a lateness in minutes');
      return;
    }
    for (const { origin } of followed) {
      if (!(origin instanceof Topic) || origin.props.timestamps === 'LogAppendTime') continue;
      const allowed = "timestamps: 'LogAppendTime', so that the broker's clock decides what is late or in the future";
      note('windows', 'are of events that a producer may date as it likes', origin, allowed);
    }
  }
  const state = stateOf(job);
  if (!state || state.bytes <= state.held) return;
  const megabytes = (bytes: number) => `${Math.ceil(bytes / 1_000_000).toLocaleString('en-US')} MB`;
  const got = `${state.rows.toLocaleString('en-US')} rows, ${megabytes(state.bytes)}`;
  const allowed = `${megabytes(state.held)}, or larger executors`;
  note('keys', 'make more state than the executors hold', got, allowed);
}

/** What a run says of itself besides its spec: its role, its entry point, Spark's settings. */
const RUN_BYTES = 4_000;

/** What a listing says of a note of a committed batch besides its name, escaped. */
const NOTE_BYTES = 300;

/** Notes that the state machine cannot hold what it has to know of all runs of an execution, a stream's drain among them. */
export function checkStateMachine(pipeline: Pipeline, note: Note): void {
  const bytes = Object.entries(pipeline.jobs).map(([name, { kind, parameters }]) => {
    const spec = specOf(pipeline, name);
    // A spec is a text within a text: its quotes are escaped.
    const run = RUN_BYTES + longestSpec(spec, parameters) + JSON.stringify(spec).split('"').length;
    // Spark keeps the notes of the last batches, and those that it has not removed yet.
    const listing = 2 * KEPT_BATCHES * (commitsPrefix(pipeline.name, name).length + NOTE_BYTES);
    // A stream's run makes room for its list once it is started; that of its drain stays until then.
    return kind === 'stream' ? run + Math.max(run, listing) : run;
  });
  const total = bytes.reduce((sum, one) => sum + one, 0);
  if (total <= STATE_BYTES) return;
  const allowed = `${STATE_BYTES} at most, so fewer jobs, inputs, outputs or parameters`;
  note('jobs', 'have more to say than the state machine holds', `${total} bytes`, allowed);
}

/** What a placeholder becomes at most, if it is no text of a person: an address in the data bucket, a list of brokers. */
const FILLED_CHARACTERS = 200;

function longestSpec(spec: Template, parameters: Named<Parameter>): number {
  const filled = placeholdersOf(spec).map((path) => {
    const [scope, name = ''] = path.split('.');
    return scope === 'parameters' && parameters[name]?.kind === 'text' ? LONGEST_TEXT : FILLED_CHARACTERS;
  });
  return JSON.stringify(spec).length + filled.reduce((sum, length) => sum + length, 0);
}
