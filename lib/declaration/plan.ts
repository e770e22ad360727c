/**
 * What the prepare Lambda has to know of a pipeline: its parameters, its order, and for each job the template of its spec. It travels in the
 * state machine's definition.
 */
import type { Template } from './fill.ts';
import { actionsOf, filesOf, isFed, type Order, orderOf, stateOf, usesOf } from './flow.ts';
import type { Job } from './job.ts';
import { checkpointPrefix } from './names.ts';
import type { Parameter } from './parameter.ts';
import type { Action, Pipeline } from './pipeline.ts';

/** How EMR Serverless starts a job; the same for every execution of a deployment. */
export interface JobStart {
  readonly roleArn: string;
  readonly entryPoint: string;
  readonly submitParameters: string;
}

export interface PlannedJob {
  readonly kind: 'batch' | 'stream';
  readonly timeoutMinutes: number;
  /** Of a stream: whether a batch job of a whole run feeds it. */
  readonly fed?: boolean;
  /** The job's spec, with placeholders for what is known only when an execution begins. */
  readonly spec: Template;
}

/** A pipeline as the prepare Lambda knows it. */
export interface Plan {
  readonly pipeline: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Files that an execution may replace, by alias. */
  readonly files: readonly string[];
  /** What an execution may do; the first is done when its input says nothing. */
  readonly actions: readonly Action[];
  readonly order: Order;
  readonly jobs: Readonly<Record<string, PlannedJob>>;
}

export function planOf(pipeline: Pipeline): Plan {
  const jobs = Object.entries(pipeline.jobs);
  const planned = jobs.map(([name, { kind, timeoutMinutes }]) => {
    const fed = kind === 'stream' ? { fed: isFed(pipeline, name) } : {};
    return [name, { kind, timeoutMinutes, ...fed, spec: specOf(pipeline, name) }] as const;
  });
  return {
    pipeline: pipeline.name,
    parameters: Object.assign({}, ...jobs.map(([, { parameters }]) => parameters)),
    files: Object.keys(filesOf(pipeline)),
    actions: actionsOf(pipeline),
    order: orderOf(pipeline),
    jobs: Object.fromEntries(planned),
  };
}

/** The template of a job's spec; filled in, it is a `Spec`. */
export function specOf(pipeline: Pipeline, name: string): Template {
  const job = pipeline.jobs[name] as Job;
  const { kind, parameters, windows } = job;
  const state = stateOf(job);
  const uses = usesOf(pipeline).filter(({ job }) => job === name);
  const hasAvro = uses.some(({ alias, thing }) => thing.schemas(alias).some(({ schema }) => schema.format === 'avro'));
  const parts = (way: 'reads' | 'writes') =>
    Object.fromEntries(
      uses
        .filter((use) => use.way === way)
        .map((use) => [use.alias, use.way === 'reads' ? use.thing.readPart(use) : use.thing.writePart(use)]),
    );
  return {
    pipeline: pipeline.name,
    job: name,
    execution: '{execution.name}',
    // The spec of a stream's drain differs from the stream's own in nothing but this.
    mode: kind,
    kafka: { bootstrapServers: '{platform.bootstrapServers}', security: 'iam' },
    ...(hasAvro ? { registry: { url: '{platform.registryUrl}' } } : {}),
    reads: parts('reads'),
    writes: parts('writes'),
    parameters: Object.fromEntries(Object.keys(parameters).map((each) => [each, `{parameters.${each}}`])),
    ...(kind === 'stream' ? { checkpoint: `s3://{platform.bucket}/${checkpointPrefix(pipeline.name, name)}` } : {}),
    ...(windows ? { windows: { minutes: windows.minutes, every: windows.every ?? windows.minutes } } : {}),
    ...(state ? { statePartitions: state.partitions } : {}),
  };
}
