/**
 * Validates and merges the input of an execution and fills in every argument of every job: plan, parameters and input
 * come in, arguments as strings go out; nothing is read or written. Called by the handler beside it.
 */

/** A number or text that an execution may set; the form in which the declaration states it. */
interface TunableRule {
  readonly kind: 'integer' | 'text';
  readonly default: number | string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly unit: string;
}

/** What the state machine sends. */
export interface PrepareEvent {
  readonly plan: {
    readonly pipeline: string;
    readonly tunables: Readonly<Record<string, TunableRule>>;
    readonly files: readonly string[];
    readonly arguments: Readonly<Record<string, readonly (readonly [string, string])[]>>;
  };
  readonly platform: Readonly<Record<string, string>>;
  readonly pipeline: {
    readonly tunables?: Readonly<Record<string, unknown>>;
    readonly schemas: Readonly<Record<string, string>>;
    readonly files: Readonly<Record<string, string>>;
  };
  readonly execution: { readonly name: string };
  readonly input: unknown;
}

/** What the state machine gets. */
export interface Prepared {
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

/**
 * Prepares an execution.
 *
 * @throws InvalidInput with all problems at once
 */
export function prepare(event: PrepareEvent): Prepared {
  const problems: string[] = [];
  const input = asObject(event.input, problems);
  const { files: inputFiles, ...inputTunables } = input;

  const known = event.plan.tunables;
  const tunables: Record<string, number | string> = {};
  for (const [name, rule] of Object.entries(known)) tunables[name] = rule.default;
  for (const [source, values] of [
    [`parameter of pipeline ${event.plan.pipeline}`, event.pipeline.tunables ?? {}],
    ['input', inputTunables],
  ] as const) {
    for (const [name, value] of Object.entries(values)) {
      const rule = Object.hasOwn(known, name) ? known[name] : undefined;
      if (!rule) {
        const allowed = [...Object.keys(known), 'files'].join(', ');
        problems.push(`Unknown name "${name}" in the ${source}. Allowed: ${allowed}.`);
      } else {
        const problem = problemOf(rule, value);
        if (problem) problems.push(`"${name}" in the ${source} is ${JSON.stringify(value)}. Allowed: ${problem}.`);
        else tunables[name] = value as number | string;
      }
    }
  }

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
  return { arguments: Object.fromEntries(filled), tunables, files };
}

function asObject(input: unknown, problems: string[]): Record<string, unknown> {
  if (typeof input === 'object' && input !== null && !Array.isArray(input)) return input as Record<string, unknown>;
  problems.push(`The input is ${JSON.stringify(input)}. Allowed: a JSON object, such as {} or {"rate": 100}.`);
  return {};
}

/** The values that the rule allows, when this one is not among them. */
function problemOf(rule: TunableRule, value: unknown): string | undefined {
  if (rule.kind === 'integer') {
    const minimum = rule.minimum ?? 0;
    const maximum = rule.maximum ?? Number.MAX_SAFE_INTEGER;
    const fits = Number.isSafeInteger(value) && (value as number) >= minimum && (value as number) <= maximum;
    return fits ? undefined : `whole numbers from ${minimum} to ${maximum} (${rule.unit})`;
  }
  const fits = typeof value === 'string' && (value === '' || new RegExp(`^(?:${rule.pattern})$`).test(value));
  return fits ? undefined : `${rule.unit}, as ${rule.pattern}, or "" for none`;
}

/** The declared sample files, or those that the input puts in their place. */
function chooseFiles(event: PrepareEvent, inputFiles: unknown, problems: string[]): Record<string, string> {
  const files: Record<string, string> = { ...event.pipeline.files };
  if (inputFiles === undefined) return files;
  // A job's role may read this prefix of this bucket and no other, so that another place would fail hours later.
  const prefix = `s3://${event.platform.bucket}/input/${event.plan.pipeline}/`;
  for (const [name, url] of Object.entries(asObject(inputFiles, problems))) {
    if (!event.plan.files.includes(name)) {
      problems.push(`Unknown file "${name}" in the input. Allowed: ${event.plan.files.join(', ')}.`);
    } else if (typeof url !== 'string' || !url.startsWith(prefix) || url.includes('/../')) {
      problems.push(`File "${name}" in the input is ${JSON.stringify(url)}. Allowed: an object under ${prefix}.`);
    } else {
      files[name] = url;
    }
  }
  return files;
}

/** Replaces each `{a.b}` of a template. A placeholder without a value is a fault of the deployment, not of the input. */
function fill(template: string, scope: object): string {
  return template.replace(/\{([^}]+)\}/g, (_, path: string) => {
    const value = path
      .split('.')
      .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], scope);
    if (typeof value !== 'string' && typeof value !== 'number') {
      throw new Error(`The deployed parameters have no ${path}. Deploy the pipeline again.`);
    }
    return String(value);
  });
}
