/** Checks the input of an execution and writes the spec of every job that it starts, without side effects. */
import { createHash } from 'node:crypto';
import { fill } from '../../lib/declaration/fill.ts';
import { isObject } from '../../lib/declaration/json.ts';
import { LONGEST_ARGUMENT } from '../../lib/declaration/limits.ts';
import { cut, show } from '../../lib/declaration/mistakes.ts';
import { commitsPrefix, drainOf, inputPrefix, kebab } from '../../lib/declaration/names.ts';
import { allowedInstead, INPUT_WORDS, type ParameterValue } from '../../lib/declaration/parameter.ts';
import type { Action } from '../../lib/declaration/pipeline.ts';
import type { JobStart, Plan, PlannedJob } from '../../lib/declaration/plan.ts';

export interface PrepareEvent {
  readonly plan: Plan;
  readonly starts: Readonly<Record<string, JobStart>>;
  readonly platform: Readonly<Record<string, string>>;
  /** The pipeline's parameter, which a person may edit. */
  readonly pipeline: {
    readonly parameters?: Readonly<Record<string, unknown>>;
    readonly schemas?: Readonly<Record<string, string>>;
    readonly files?: Readonly<Record<string, string>>;
  };
  readonly execution: { readonly name: string };
  readonly input: unknown;
}

/** One start of a job, with everything that the state machine has to say to EMR Serverless. */
export interface Run extends JobStart {
  readonly job: string;
  /** Name of the run: the job's, or that of its drain. */
  readonly run: string;
  readonly arguments: readonly ['--spec', string];
  /** By which a repeated request starts nothing twice. */
  readonly token: string;
  readonly timeoutMinutes: number;
  /** Of a stream: where in the data bucket it notes what it has committed. */
  readonly commits?: string;
  /** Of a stream: whether a batch job feeds it, so that it must have committed before it is ended. */
  readonly fed?: boolean;
}

/** What the state machine gets. Each list holds what this execution starts, in the plan's order. */
export interface Prepared {
  /** What the execution does: an action on the streams, or one job alone. */
  readonly action: Action | 'job';
  /** The job that is run alone; empty for an action. */
  readonly job: string;
  readonly about: readonly string[];
  readonly streams: readonly Run[];
  readonly during: readonly Run[];
  readonly drains: readonly Run[];
  readonly after: readonly Run[];
  /** The values in force, for the people who read the execution's history. */
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly files: Readonly<Record<string, string>>;
}

/** Mistakes in an execution's input or in the pipeline's parameter; its name is the error that the console shows. */
export class InvalidInput extends Error {
  constructor(mistakes: readonly string[]) {
    const told = mistakes.slice(0, MOST_MISTAKES).join(' ');
    const more = mistakes.length - MOST_MISTAKES;
    const message = cut(`The execution was refused before anything was started. ${told}`, MESSAGE_CHARACTERS);
    super(more > 0 ? `${message} And ${more} more.` : message);
    this.name = 'InvalidInput';
    // Lambda repeats the stack in the error that people read; this one is no fault of the code.
    this.stack = `${this.name}: ${this.message}`;
  }
}

/**
 * How much one error tells. An error of Step Functions has room for 32,768 characters, in which the message stands twice, with its quotes
 * escaped.
 */
const MOST_MISTAKES = 20;
const MESSAGE_CHARACTERS = 8_000;

/**
 * Prepares an execution.
 *
 * @throws InvalidInput with all mistakes at once
 * @throws IncompleteDeployment when a parameter lacks a value
 */
export function prepare(event: PrepareEvent): Prepared {
  const { plan, starts } = event;
  const mistakes: string[] = [];
  const {
    files: inputFiles,
    action,
    job,
    stream,
    rebuild = false,
    ...inputParameters
  } = asObject('The input', event.input, mistakes);
  const work = chooseWork(plan, { action, job, stream }, mistakes);
  if (rebuild !== false && (rebuild !== true || !['run', 'start'].includes(work.action))) {
    mistakes.push(
      `"rebuild" in the input is ${show(rebuild)}. Allowed: true or false, with the actions run and start.`,
    );
  }
  const parameters = mergeParameters(event, inputParameters, mistakes);
  const files = chooseFiles(event, inputFiles, mistakes);
  if (mistakes.length > 0) throw new InvalidInput(mistakes);

  const { platform, pipeline, execution } = event;
  const scope = { platform, pipeline, execution, parameters, files };
  const run = (name: string, mode?: 'drain'): Run => {
    const { kind, spec, timeoutMinutes, fed = false } = plan.jobs[name] as PlannedJob;
    // A drain goes on where its stream stopped.
    const chosen = mode ? { mode } : kind === 'stream' && rebuild ? { rebuild } : {};
    const text = JSON.stringify({ ...(fill(spec, scope) as object), ...chosen });
    if (text.length > LONGEST_ARGUMENT) {
      const what = `The spec of job ${name} has ${text.length} characters.`;
      throw new InvalidInput([`${what} Allowed: ${LONGEST_ARGUMENT} at most, so shorter values.`]);
    }
    const asked = { job: name, run: mode ? drainOf(name) : name, arguments: ['--spec', text] as const };
    const request = { ...(starts[name] as JobStart), ...asked };
    const token = createHash('sha256').update(JSON.stringify([execution.name, request]));
    const ofStream = { commits: commitsPrefix(plan.pipeline, name), fed };
    return { ...request, token: token.digest('hex'), timeoutMinutes, ...(kind === 'stream' ? ofStream : {}) };
  };
  const runs = (when: readonly Prepared['action'][], names: readonly string[], mode?: 'drain'): Run[] =>
    when.includes(work.action) ? names.map((name) => run(name, mode)) : [];
  return {
    ...work,
    streams: runs(['run', 'start', 'upgrade'], work.about),
    during: runs(['run'], plan.order.during),
    drains: runs(['run', 'stop', 'upgrade'], work.about, 'drain'),
    after: runs(['run', 'job'], work.job ? [work.job] : plan.order.after),
    parameters,
    files,
  };
}

/** The action or the job that the input names, and the streams that it is about. */
function chooseWork(
  { pipeline, actions, jobs, order }: Plan,
  { action, job, stream }: Readonly<Record<'action' | 'job' | 'stream', unknown>>,
  mistakes: string[],
): Pick<Prepared, 'action' | 'job' | 'about'> {
  const [usual = 'run'] = actions;
  const chosen = action === undefined ? usual : action;
  if (job !== undefined) {
    const batch = Object.keys(jobs).filter((name) => jobs[name]?.kind === 'batch');
    const name = batch.find((one) => kebab(one) === job);
    if (action !== undefined || stream !== undefined) {
      mistakes.push('The input has "job" beside "action" or "stream". Allowed: "job" alone; a job is run alone.');
    } else if (name === undefined) {
      const allowed = batch.map(kebab).join(', ') || 'none';
      mistakes.push(`"job" in the input is ${show(job)}. Allowed: a batch job of pipeline ${pipeline}: ${allowed}.`);
    }
    return { action: 'job', job: name ?? '', about: [] };
  }
  if (!actions.some((one) => one === chosen)) {
    mistakes.push(`"action" in the input is ${show(action)}. Allowed: ${actions.join(', ')}.`);
  }
  const about = stream === undefined ? order.streams : order.streams.filter((name) => kebab(name) === stream);
  if (about.length === 0 && stream !== undefined) {
    const allowed = order.streams.map(kebab).join(', ') || 'none';
    mistakes.push(`"stream" in the input is ${show(stream)}. Allowed: a stream of pipeline ${pipeline}: ${allowed}.`);
  } else if (stream !== undefined && chosen === 'run') {
    const allowed = 'the actions start, stop and upgrade; a run is of the whole pipeline';
    mistakes.push(`"stream" in the input goes with ${allowed}.`);
  }
  return { action: chosen as Action, job: '', about };
}

/** Defaults of the declaration, replaced by the deployed parameter's values, replaced by the input's. */
function mergeParameters(
  { plan, pipeline }: PrepareEvent,
  input: Readonly<Record<string, unknown>>,
  mistakes: string[],
): Record<string, ParameterValue> {
  const rules = new Map(Object.entries(plan.parameters));
  const merged: Record<string, ParameterValue> = {};
  for (const [name, rule] of rules) merged[name] = rule.default;
  for (const [source, values] of [
    [`parameter of pipeline ${plan.pipeline}`, pipeline.parameters ?? {}],
    ['input', input],
  ] as const) {
    for (const [name, value] of Object.entries(values)) {
      const rule = rules.get(name);
      if (!rule) {
        const words = Object.keys(INPUT_WORDS).filter((word) => word !== 'files' || plan.files.length > 0);
        const allowed = [...rules.keys(), ...(source === 'input' ? words : [])].join(', ');
        mistakes.push(`Unknown name ${show(name)} in the ${source}. Allowed: ${allowed || 'nothing'}.`);
        continue;
      }
      const allowed = allowedInstead(rule, value);
      if (allowed) mistakes.push(`"${name}" in the ${source} is ${show(value)}. Allowed: ${allowed}.`);
      else merged[name] = value as ParameterValue;
    }
  }
  return merged;
}

/** The declared sample files, or those that the input puts in their place. */
function chooseFiles({ plan, platform, pipeline }: PrepareEvent, input: unknown, mistakes: string[]) {
  const files: Record<string, string> = { ...pipeline.files };
  if (input === undefined) return files;
  // A job's role may read this prefix of this bucket and no other, so that another place would fail hours later.
  const prefix = `${fill('s3://{platform.bucket}', { platform })}/${inputPrefix(plan.pipeline)}/`;
  for (const [name, url] of Object.entries(asObject('"files" in the input', input, mistakes))) {
    if (!plan.files.includes(name)) {
      mistakes.push(`Unknown file ${show(name)} in the input. Allowed: ${plan.files.join(', ') || 'none'}.`);
      continue;
    }
    const allowed = fileProblem(url, prefix);
    if (allowed) mistakes.push(`File "${name}" in the input is ${show(url)}. Allowed: ${allowed}.`);
    else files[name] = String(url);
  }
  return files;
}

/**
 * Part of a key between two slashes. Spark takes `*`, `?`, brackets and braces for patterns that match other objects,
 * and a percent sign for the start of an escape.
 */
const PART = /^(?!\.{1,2}$)[\p{L}\p{M}\p{N} ._=+@,()-]+$/u;

/** The addresses that are allowed, or undefined when this is one of them; S3's keys have 1,024 characters at most. */
function fileProblem(url: unknown, prefix: string): string | undefined {
  const key = typeof url === 'string' && url.startsWith(prefix) ? url.slice(prefix.length) : '';
  const fits = key.length <= 1_024 && key.split('/').every((part) => PART.test(part));
  return fits ? undefined : `an object under ${prefix}, its key of letters, digits, blanks and ._=+@,()-`;
}

function asObject(what: string, value: unknown, mistakes: string[]): Record<string, unknown> {
  if (isObject(value)) return value;
  mistakes.push(`${what} is ${show(value)}. Allowed: a JSON object, such as {}.`);
  return {};
}
