/**
 * Validates and merges the input of an execution and fills in every argument of every job: plan, parameters and input
 * come in, arguments as strings go out; nothing is read or written. Called by the handler beside it.
 */
import type { Action } from '../../lib/declaration/model.ts';
import type { Plan } from '../../lib/declaration/plan.ts';
import { INPUT_WORDS } from '../../lib/declaration/reserved-names.ts';
import { allowedInstead } from '../../lib/declaration/tunable.ts';
import { fileProblem } from './input-file.ts';

/** What the state machine sends. */
export interface PrepareEvent {
  readonly plan: Plan;
  /** The platform's parameter. */
  readonly platform: Readonly<Record<string, string>>;
  /** The pipeline's parameter, which a person may edit. */
  readonly pipeline: {
    readonly tunables?: Readonly<Record<string, unknown>>;
    readonly schemas?: Readonly<Record<string, string>>;
    readonly files?: Readonly<Record<string, string>>;
  };
  readonly execution: { readonly name: string };
  readonly input: unknown;
}

/** What the state machine gets. */
export interface Prepared {
  /** What the state machine does: an action on the stream, or one job alone. */
  readonly action: Action | 'job';
  /** The job that is run alone; empty for an action. */
  readonly job: string;
  readonly arguments: Readonly<Record<string, readonly string[]>>;
  /** The values in force, for the people who read the execution's history. */
  readonly tunables: Readonly<Record<string, number | string>>;
  readonly files: Readonly<Record<string, string>>;
}

/** A mistake in an execution's input or in the pipeline's parameter; its name is the error that the console shows. */
export class InvalidInput extends Error {
  constructor(problems: readonly string[]) {
    super(`The execution was refused before anything was started. ${problems.join(' ')}`);
    this.name = 'InvalidInput';
  }
}

/** Parameters that lack what the jobs need: a fault of the deployment, which no other input would mend. */
export class IncompleteDeployment extends Error {
  constructor(path: string) {
    super(`The deployed parameters have no ${path}. Deploy the pipeline again.`);
    this.name = 'IncompleteDeployment';
  }
}

/**
 * Prepares an execution.
 *
 * @throws InvalidInput with all problems at once
 * @throws IncompleteDeployment when a parameter lacks a value
 */
export function prepare(event: PrepareEvent): Prepared {
  const problems: string[] = [];
  const { files: inputFiles, action, job, ...inputTunables } = asObject('The input', event.input, problems);
  const work = chooseWork(event.plan, action, job, problems);
  const tunables = mergeTunables(event, inputTunables, problems);
  const files = chooseFiles(event, inputFiles, problems);
  if (problems.length > 0) throw new InvalidInput(problems);

  const scope = {
    platform: event.platform,
    pipeline: event.pipeline,
    execution: event.execution,
    tunables,
    files,
  };
  const filled = Object.entries(event.plan.arguments).map(([job, list]) => {
    const pairs = list.map(([flag, template]) => [flag, fill(template, scope)] as const);
    // EMR Serverless refuses an empty argument, so that what is not set is left out.
    return [job, pairs.filter(([, value]) => value !== '').flat()] as const;
  });
  return { ...work, arguments: Object.fromEntries(filled), tunables, files };
}

/** The action or the job that the input names; the first action when it names none. */
function chooseWork(
  { pipeline, actions, batchJobs }: Plan,
  action: unknown,
  job: unknown,
  problems: string[],
): Pick<Prepared, 'action' | 'job'> {
  const [usual = 'start'] = actions;
  if (job !== undefined) {
    const jobs = Object.keys(batchJobs).join(', ') || 'none';
    if (action !== undefined) {
      problems.push(`The input has both "action" and "job". Allowed: one of them; a job is run alone.`);
    } else if (typeof job !== 'string' || !Object.hasOwn(batchJobs, job)) {
      problems.push(`"job" in the input is ${show(job)}. Allowed: a batch job of pipeline ${pipeline}: ${jobs}.`);
    } else {
      return { action: 'job', job: batchJobs[job] ?? '' };
    }
  } else if (action !== undefined && !actions.some((one) => one === action)) {
    problems.push(`"action" in the input is ${show(action)}. Allowed: ${actions.join(', ')}.`);
  }
  return { action: (action as Action | undefined) ?? usual, job: '' };
}

/** Defaults of the declaration, replaced by the parameter's values, replaced by the input's. */
function mergeTunables(
  { plan, pipeline }: PrepareEvent,
  input: Readonly<Record<string, unknown>>,
  problems: string[],
): Record<string, number | string> {
  const tunables: Record<string, number | string> = {};
  for (const [name, rule] of Object.entries(plan.tunables)) tunables[name] = rule.default;
  for (const [source, values] of [
    [`parameter of pipeline ${plan.pipeline}`, pipeline.tunables ?? {}],
    ['input', input],
  ] as const) {
    for (const [name, value] of Object.entries(values)) {
      const rule = Object.hasOwn(plan.tunables, name) ? plan.tunables[name] : undefined;
      if (!rule) {
        const words = Object.keys(INPUT_WORDS).filter((word) => word !== 'files' || plan.files.length > 0);
        const allowed = [...Object.keys(plan.tunables), ...(source === 'input' ? words : [])].join(', ');
        problems.push(`Unknown name ${show(name)} in the ${source}. Allowed: ${allowed || 'nothing'}.`);
        continue;
      }
      const allowed = allowedInstead(rule, value);
      if (allowed) problems.push(`"${name}" in the ${source} is ${show(value)}. Allowed: ${allowed}.`);
      else tunables[name] = value as number | string;
    }
  }
  return tunables;
}

/** The declared sample files, or those that the input puts in their place. */
function chooseFiles({ plan, platform, pipeline }: PrepareEvent, input: unknown, problems: string[]) {
  const files: Record<string, string> = { ...pipeline.files };
  if (input === undefined) return files;
  if (!platform.bucket) throw new IncompleteDeployment('platform.bucket');
  // A job's role may read this prefix of this bucket and no other, so that another place would fail hours later.
  const prefix = `s3://${platform.bucket}/input/${plan.pipeline}/`;
  for (const [name, url] of Object.entries(asObject('"files" in the input', input, problems))) {
    if (!plan.files.includes(name)) {
      problems.push(`Unknown file ${show(name)} in the input. Allowed: ${plan.files.join(', ') || 'none'}.`);
      continue;
    }
    const allowed = fileProblem(url, prefix);
    if (allowed) problems.push(`File "${name}" in the input is ${show(url)}. Allowed: ${allowed}.`);
    else files[name] = String(url);
  }
  return files;
}

function asObject(what: string, value: unknown, problems: string[]): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  problems.push(`${what} is ${show(value)}. Allowed: a JSON object, such as {}.`);
  return {};
}

/** Replaces each `{a.b}` of a template, once: a value that looks like a placeholder stays what it is. */
function fill(template: string, scope: object): string {
  return template.replace(/\{([^{}]+)\}/g, (_, path: string) => {
    const value = path.split('.').reduce<unknown>(step, scope);
    if (typeof value !== 'string' && typeof value !== 'number') throw new IncompleteDeployment(path);
    return String(value);
  });
}

const step = (at: unknown, key: string): unknown =>
  typeof at === 'object' && at !== null && Object.hasOwn(at, key) ? (at as Record<string, unknown>)[key] : undefined;

/** Longest value that a message repeats in full. */
const SHOWN_CHARACTERS = 200;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}...` : text;
}
