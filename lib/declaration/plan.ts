/**
 * The arguments of every job, as templates: a checked pipeline comes in, a plan of flags and placeholders goes out. It
 * travels in the state machine's definition to the prepare Lambda, which fills the placeholders in.
 */
import {
  type Action,
  isJsonSchema,
  type JobDeclaration,
  type Pipeline,
  type SchemaReference,
  type TopicDeclaration,
  type Tunable,
} from './model.ts';

/** One argument: its flag and a template such as `{platform.registryUrl}` or `{bucket}/results/{execution}`. */
export type ArgumentTemplate = readonly [flag: string, value: string];

/** What the prepare Lambda has to know of a pipeline. */
export interface Plan {
  readonly pipeline: string;
  readonly tunables: Readonly<Record<string, Tunable>>;
  /** Files that an execution may replace, by name. */
  readonly files: readonly string[];
  /** What an execution may do with the stream; the first is done when its input says nothing. */
  readonly actions: readonly Action[];
  /** Batch jobs, which an execution may run alone, by the names that people give them. */
  readonly batchJobs: Readonly<Record<string, string>>;
  /** Arguments by job; those of a streaming job's drain under `<job>Drain`. */
  readonly arguments: Readonly<Record<string, readonly ArgumentTemplate[]>>;
}

/** Name in a plan of the run that drains this streaming job. */
export const drainOf = (job: string): string => `${job}Drain`;

/** Registry artifact of a topic's keys or values (Confluent's TopicNameStrategy). */
export function artifactOf(pipeline: Pipeline, role: string, part: 'key' | 'value'): string | undefined {
  const topic = pipeline.topics[role];
  const schema = topic?.[part];
  return schema && !isJsonSchema(schema) ? (schema.artifact ?? `${topic.name}-${part}`) : undefined;
}

/**
 * Prefix of the consumer groups of a job; granted to its role and to no other. A dot stands in no pipeline's or job's name,
 * so that one's prefix never begins another's.
 */
export const groupPrefix = (pipeline: string, job: string): string => `millrace.${pipeline}.${job}`;

/** Prefix of the consumer groups of applications outside, which read external topics of a pipeline. */
export const externalGroupPrefix = (pipeline: string): string => `external.${pipeline}`;

/** What applications outside do with a topic. */
export function externalWays({ external }: TopicDeclaration): ('Writer' | 'Reader')[] {
  return [
    ...(external === 'written' || external === 'both' ? (['Writer'] as const) : []),
    ...(external === 'read' || external === 'both' ? (['Reader'] as const) : []),
  ];
}

/** Name of the policy by which applications write or read a topic, and of the output that tells its ARN. */
export const externalPolicy = (role: string, way: 'Writer' | 'Reader'): string => `${pascal(role)}${way}Policy`;

/** Where in the data bucket a streaming job keeps its checkpoints, one folder per query. */
export const checkpointPrefix = (pipeline: string, job: string): string => `checkpoints/${pipeline}/${kebab(job)}`;

/** Where in the data bucket jobs of a pipeline leave a folder per execution. */
export const outputPrefix = (pipeline: string, folder: string): string => `${folder}/${pipeline}`;

/** Where in the data bucket a person's own input files of a pipeline must lie. */
export const inputPrefix = (pipeline: string): string => `input/${pipeline}`;

/** Name in CloudFormation of a stack of an environment, a pipeline's among them. */
export const stackNameOf = (environment: string, stack: string): string => `millrace-${environment}-${stack}`;

/** Name of an EMR Serverless job run; a slash stands in no pipeline's or job's name, so that a prefix is exact. */
export const runNamePrefix = (pipeline: string): string => `${pipeline}/`;

/** The plan of a pipeline. */
export function planOf(pipeline: Pipeline): Plan {
  const templates: Record<string, readonly ArgumentTemplate[]> = {};
  const tunables: Record<string, Tunable> = {};
  for (const [name, job] of Object.entries(pipeline.jobs)) {
    templates[name] = argumentsOf(pipeline, name, job);
    if (job.mode === 'streaming') templates[drainOf(name)] = [...templates[name], ['--until', 'caught-up']];
    Object.assign(tunables, job.tunables);
  }
  return {
    pipeline: pipeline.name,
    tunables,
    files: Object.keys(pipeline.files),
    actions: pipeline.order.kind === 'bounded' ? ['run', 'start', 'stop', 'upgrade'] : ['start', 'stop', 'upgrade'],
    batchJobs: Object.fromEntries(
      Object.entries(pipeline.jobs).flatMap(([name, { mode }]) => (mode === 'batch' ? [[kebab(name), name]] : [])),
    ),
    arguments: templates,
  };
}

/** Topics that a job uses, each once, by the names that the declaration gives them. */
export const topicsOf = ({ reads, writes }: JobDeclaration): string[] => [
  ...new Set([...(reads.topics ?? []), ...(writes.topics ?? [])]),
];

/** A schema that a job uses, under the key of its id or address in the pipeline's parameter. */
export interface UsedSchema {
  readonly key: string;
  readonly schema: SchemaReference;
}

/** The schemas of the topics and files that a job uses. */
export function schemasOf(pipeline: Pipeline, job: JobDeclaration): UsedSchema[] {
  const ofTopics = topicsOf(job).flatMap((role) =>
    (['key', 'value'] as const).flatMap((part) => {
      const schema = pipeline.topics[role]?.[part];
      return schema ? [{ key: schemaKey(role, part), schema }] : [];
    }),
  );
  const ofFiles = (job.reads.files ?? []).flatMap((role) => {
    const schema = pipeline.files[role]?.schema;
    return schema ? [{ key: schemaKey(role, 'file'), schema }] : [];
  });
  return [...ofTopics, ...ofFiles];
}

/** A schema as an argument: the id of an Avro schema in the registry, or the address of a JSON Schema. */
function schemaArgument(flag: string, key: string, schema: SchemaReference): ArgumentTemplate {
  return [`${flag}-schema${isJsonSchema(schema) ? '' : '-id'}`, `{pipeline.schemas.${key}}`];
}

function argumentsOf(pipeline: Pipeline, name: string, job: JobDeclaration): ArgumentTemplate[] {
  const list: ArgumentTemplate[] = [
    ['--kafka-bootstrap-servers', '{platform.bootstrapServers}'],
    ['--kafka-security', '{platform.kafkaSecurity}'],
  ];
  if (schemasOf(pipeline, job).some(({ schema }) => !isJsonSchema(schema))) {
    list.push(['--registry-url', '{platform.registryUrl}']);
  }
  for (const role of job.reads.files ?? []) {
    const file = pipeline.files[role];
    list.push([`--${kebab(role)}-file`, `{files.${role}}`]);
    if (file) list.push(schemaArgument(`--${kebab(role)}-file`, schemaKey(role, 'file'), file.schema));
    if (file?.separator !== undefined) list.push([`--${kebab(role)}-file-separator`, file.separator]);
  }
  for (const role of topicsOf(job)) {
    const topic = pipeline.topics[role];
    list.push([`--${kebab(role)}-topic`, topic?.name ?? '']);
    for (const part of ['key', 'value'] as const) {
      const schema = topic?.[part];
      if (schema) list.push(schemaArgument(`--${kebab(role)}-${part}`, schemaKey(role, part), schema));
    }
  }
  if (job.mode === 'streaming') {
    for (const role of job.reads.topics ?? []) {
      const retention = pipeline.topics[role]?.retention;
      if (retention !== undefined) list.push([`--${kebab(role)}-retention-ms`, String(retention)]);
    }
    list.push(['--checkpoint-path', `s3://{platform.bucket}/${checkpointPrefix(pipeline.name, name)}`]);
  }
  if (job.reads.topics?.length) list.push(['--group-id-prefix', groupPrefix(pipeline.name, name)]);
  for (const folder of job.writes.folders ?? []) {
    list.push([
      `--${kebab(folder)}-path`,
      `s3://{platform.bucket}/${outputPrefix(pipeline.name, folder)}/{execution.name}`,
    ]);
  }
  for (const tunable of Object.keys(job.tunables ?? {})) list.push([`--${kebab(tunable)}`, `{tunables.${tunable}}`]);
  return list;
}

/** Key of a schema's id in the pipeline's parameter. */
export const schemaKey = (role: string, part: 'key' | 'value' | 'file'): string =>
  `${role}${part === 'file' ? 'File' : part === 'key' ? 'TopicKey' : 'TopicValue'}`;

/** `produce` -> `Produce`. */
export const pascal = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);

/** `allowedLateness` -> `allowed-lateness`. */
export const kebab = (name: string): string => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
