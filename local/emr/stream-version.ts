/**
 * Takes a stream that runs and the state machine that is deployed now, and says whether the machine would start the very same: script and packages (their
 * names hold the hash of their content), Spark settings, topics, schemas and addresses. Called by `live-streams.ts`.
 */
import { type DeployedResource, ParameterStore } from '../cloudformation/index.ts';
import type { Home } from '../home.ts';
import { isObject, type Json, type JsonObject } from '../stepfunctions/task.ts';
import type { JobRunRecord } from './job-run-records.ts';

/** Whether a run of a streaming job is what the deployed state machine would start. What a person may set per execution does not count. */
export function isCurrent(
  { request }: JobRunRecord,
  job: string,
  machine: DeployedResource,
  environment: string,
  home: Home,
): boolean {
  const { driver, templates } = startOf(String(machine.properties.DefinitionString), job);
  if (!driver || !templates) return false;
  const { EntryPoint: entryPoint, SparkSubmitParameters: parameters } = driver;
  if (entryPoint !== request.entryPoint || parameters !== request.sparkSubmitParameters) return false;
  const scope = scopeOf(machine.stack.slice(environment.length + 1), environment, home);
  const words = request.entryPointArguments;
  const known = new Set(templates.map(([flag]) => flag));
  const given = new Map(words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : [])));
  return (
    [...given.keys()].every((flag) => known.has(flag)) &&
    templates.every(([flag, template]) => {
      const value = filled(template, scope);
      return value === undefined || value === (given.get(flag) ?? '');
    })
  );
}

type Template = readonly [flag: string, value: string];

/** What a definition says of the start of a stream: its driver, and the argument templates that travel to the prepare function. */
function startOf(definition: string, job: string): { driver?: JsonObject; templates?: readonly Template[] } {
  const found: { driver?: JsonObject; templates?: readonly Template[] } = {};
  JSON.parse(definition, (name, value: Json) => {
    if (!isObject(value)) return value;
    const driver = value.Mode === 'STREAMING' && isObject(value.JobDriver) ? value.JobDriver.SparkSubmit : undefined;
    if (isObject(driver)) found.driver = driver;
    if (name === 'plan' && isObject(value.arguments)) {
      found.templates = value.arguments[job] as unknown as readonly Template[];
    }
    return value;
  });
  return found;
}

function scopeOf(pipeline: string, environment: string, home: Home): JsonObject {
  const parameters = new ParameterStore(home);
  const read = (name: string) => JSON.parse(parameters.get(`/millrace/${environment}/${name}`)?.value ?? '{}') as Json;
  return { platform: read('platform'), pipeline: read(`pipelines/${pipeline}`) };
}

/** The value of a template; undefined when it holds what each execution sets anew. */
function filled(template: string, scope: JsonObject): string | undefined {
  let known = true;
  const value = template.replace(/\{([^{}]+)\}/g, (_, path: string) => {
    const parts = path.split('.');
    known &&= Object.hasOwn(scope, parts[0] ?? '');
    const found = parts.reduce<Json | undefined>((at, key) => (isObject(at) ? at[key] : undefined), scope);
    return found === undefined ? '' : String(found);
  });
  return known ? value : undefined;
}
