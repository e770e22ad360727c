/**
 * Checks declarations: pipelines come in, a list of every mistake goes out, each with where it is, the value got, the
 * values allowed and what to do. Called by `loadPipelines`.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { avroSchemaProblem } from './avro-schema.ts';
import {
  ACCOUNT_VCPU,
  CLUSTER_PARTITIONS,
  COMPACTED_PARTITIONS,
  DECLARED_SETTINGS,
  TOPIC_NAME,
  TOPIC_SETTINGS,
  WORKER_MEMORY,
} from './limits.ts';
import type { JobDeclaration, JobSize, Pipeline, SchemaReference, Tunable } from './model.ts';

/** One mistake in a declaration. */
export interface Mistake {
  /** Path in the declaration, such as `sales.topics.summaries.partitions`. */
  readonly where: string;
  readonly problem: string;
  readonly got: string;
  readonly allowed: string;
}

/** All mistakes of all declarations, as one error. */
export class DeclarationError extends Error {
  readonly code = 'MILLRACE_DECLARATION';
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const lines = mistakes.map((m) => `  ${m.where}: ${m.problem}; got ${m.got}; allowed: ${m.allowed}`);
    super(
      `${mistakes.length} mistake${mistakes.length === 1 ? '' : 's'} in the declarations. Correct each and try again.\n${lines.join('\n')}`,
    );
    this.name = 'DeclarationError';
    this.mistakes = mistakes;
  }
}

/** Stacks of every environment, and the Python package that all jobs share. */
const RESERVED_NAMES = ['network', 'streaming', 'processing', 'millrace'];

type Note = (where: string, problem: string, got: unknown, allowed: string) => void;

/** Every mistake of these pipelines, those between two of them included. */
export function mistakesOf(pipelines: readonly Pipeline[]): Mistake[] {
  const mistakes: Mistake[] = [];
  for (const pipeline of pipelines) {
    const note: Note = (where, problem, got, allowed) =>
      mistakes.push({ where: `${pipeline.name}.${where}`, problem, got: show(got), allowed });
    checkName(pipeline, note);
    checkTopics(pipeline, note);
    checkFiles(pipeline, note);
    checkJobs(pipeline, note);
    checkUse(pipeline, note);
    checkOrder(pipeline, note);
    checkAccounts(pipeline, note);
  }
  checkAcross(pipelines, mistakes);
  return mistakes;
}

/** vCPU of all processes of a job at once. */
export function coresOf(size: JobSize): number {
  return size.driver.cores + size.executor.cores * size.executors;
}

/** The most vCPU that a pipeline uses at once: its stream and the largest job that runs beside it. */
export function peakCores(pipeline: Pipeline): number {
  const cores = (name: string): number => {
    const job = pipeline.jobs[name];
    return job ? coresOf(job.size) : 0;
  };
  const { stream, during, after } = pipeline.order;
  return Math.max(cores(stream) + Math.max(0, ...during.map(cores)), ...after.map(cores));
}

function checkName(pipeline: Pipeline, note: Note): void {
  if (!/^[a-z][a-z0-9-]{0,29}$/.test(pipeline.name)) {
    note('name', 'is not a name', pipeline.name, 'a-z, 0-9 and -, first a letter, 30 characters at most');
  }
  if (RESERVED_NAMES.includes(pipeline.name)) {
    note('name', 'is the name of a stack of the platform', pipeline.name, `any name but ${RESERVED_NAMES.join(', ')}`);
  }
  const folder = basename(pipeline.folders.declaration);
  if (folder !== pipeline.name) note('name', 'is not the name of its folder', pipeline.name, folder);
}

function checkTopics(pipeline: Pipeline, note: Note): void {
  for (const [role, topic] of Object.entries(pipeline.topics)) {
    const at = `topics.${role}`;
    if (!TOPIC_NAME.test(topic.name)) {
      note(`${at}.name`, 'is not a topic name', topic.name, 'letters, digits, ".", "_" and "-", 249 at most');
    }
    checkInteger(note, `${at}.partitions`, topic.partitions, 1, CLUSTER_PARTITIONS);
    if (topic.retention !== undefined) {
      if (topic.cleanup === 'compact') {
        note(
          `${at}.retention`,
          'has no effect on a compacted topic',
          topic.retention,
          'no retention, or cleanup delete',
        );
      } else {
        checkInteger(note, `${at}.retention`, topic.retention, 60_000, Number.MAX_SAFE_INTEGER);
      }
    }
    for (const setting of Object.keys(topic.configuration ?? {})) {
      if (DECLARED_SETTINGS.includes(setting)) {
        note(
          `${at}.configuration`,
          'has a word of its own in the declaration',
          setting,
          'cleanup, retention, timestamps',
        );
      } else if (!TOPIC_SETTINGS.includes(setting)) {
        note(`${at}.configuration`, 'is not a setting of MSK Serverless', setting, TOPIC_SETTINGS.join(', '));
      }
    }
    if (topic.cleanup === 'compact' && !topic.key) {
      note(`${at}.key`, 'a compacted topic keeps the last record of each key', 'no key schema', 'a key schema');
    }
    for (const part of ['key', 'value'] as const) {
      const schema = topic[part];
      if (schema) checkSchema(pipeline, note, `${at}.${part}`, schema);
    }
  }
}

function checkFiles(pipeline: Pipeline, note: Note): void {
  for (const [role, file] of Object.entries(pipeline.files)) {
    const at = `files.${role}`;
    const path = join(pipeline.folders.sampleData, file.sample);
    if (!existsSync(path)) note(`${at}.sample`, 'does not exist', path, `a file in ${pipeline.folders.sampleData}`);
    if (file.separator.length !== 1) note(`${at}.separator`, 'is not one character', file.separator, 'one character');
    checkSchema(pipeline, note, `${at}.schema`, file.schema);
  }
}

function checkSchema(pipeline: Pipeline, note: Note, where: string, schema: SchemaReference): void {
  const path = join(pipeline.folders.declaration, 'schemas', schema.file);
  if (!existsSync(path)) {
    note(where, 'does not exist', path, 'a file in the schemas folder of the pipeline');
    return;
  }
  const problem = avroSchemaProblem(readFileSync(path, 'utf8'));
  if (problem) note(where, 'is not an Avro schema', `${schema.file}: ${problem}`, 'a schema of Avro 1.11');
}

function checkJobs(pipeline: Pipeline, note: Note): void {
  const tunables = new Map<string, { tunable: Tunable; job: string }>();
  for (const [name, job] of Object.entries(pipeline.jobs)) {
    const at = `jobs.${name}`;
    if (!/^[a-z][a-zA-Z0-9]{0,29}$/.test(name)) note(at, 'is not a job name', name, 'camelCase, 30 characters at most');
    const entryPoint = join(pipeline.folders.jobs, job.entryPoint);
    if (!existsSync(entryPoint)) {
      note(`${at}.entryPoint`, 'does not exist', entryPoint, `a file in ${pipeline.folders.jobs}`);
    }
    checkSize(note, at, job);
    if (job.mode === 'streaming' && !job.queries?.length) {
      note(`${at}.queries`, 'a streaming job names its queries', 'none', 'at least one name');
    }
    for (const [tunableName, tunable] of Object.entries(job.tunables ?? {})) {
      checkTunable(note, `${at}.tunables.${tunableName}`, tunable);
      const other = tunables.get(tunableName);
      if (other && JSON.stringify(other.tunable) !== JSON.stringify(tunable)) {
        note(
          `${at}.tunables.${tunableName}`,
          `differs from the same tunable of ${other.job}`,
          tunable,
          'one meaning a name',
        );
      }
      tunables.set(tunableName, { tunable, job: name });
    }
  }
}

function checkSize(note: Note, at: string, job: JobDeclaration): void {
  for (const part of ['driver', 'executor'] as const) {
    const { cores, memory } = job.size[part];
    const range = WORKER_MEMORY[cores];
    if (!range) note(`${at}.size.${part}.cores`, 'is not a worker size', cores, Object.keys(WORKER_MEMORY).join(', '));
    else checkInteger(note, `${at}.size.${part}.memory`, memory, range.minimum, range.maximum, ' GiB');
  }
  checkInteger(note, `${at}.size.executors`, job.size.executors, 1, ACCOUNT_VCPU);
}

function checkTunable(note: Note, at: string, tunable: Tunable): void {
  if (tunable.kind === 'integer') {
    if (tunable.minimum > tunable.maximum) note(at, 'has an empty range', tunable.minimum, `<= ${tunable.maximum}`);
    else checkInteger(note, `${at}.default`, tunable.default, tunable.minimum, tunable.maximum, ` ${tunable.unit}`);
  } else if (tunable.default !== '' && !new RegExp(`^(?:${tunable.pattern})$`).test(tunable.default)) {
    note(`${at}.default`, 'does not match its own pattern', tunable.default, tunable.pattern);
  }
}

function checkUse(pipeline: Pipeline, note: Note): void {
  const read = new Set<string>();
  const written = new Set<string>();
  for (const [name, job] of Object.entries(pipeline.jobs)) {
    for (const [verb, side, seen] of [
      ['reads', job.reads, read],
      ['writes', job.writes, written],
    ] as const) {
      for (const role of side.topics ?? []) {
        seen.add(role);
        if (!pipeline.topics[role])
          note(`jobs.${name}.${verb}`, 'is not a topic of the pipeline', role, names(pipeline.topics));
      }
    }
    for (const role of job.reads.files ?? []) {
      if (!pipeline.files[role])
        note(`jobs.${name}.reads`, 'is not a file of the pipeline', role, names(pipeline.files));
    }
  }
  for (const [role, topic] of Object.entries(pipeline.topics)) {
    if (!read.has(role) && !written.has(role) && !topic.external) {
      note(`topics.${role}`, 'is neither written nor read by a job', topic.name, 'a job that uses it, or external');
    } else if (read.has(role) && !written.has(role) && !topic.external) {
      note(
        `topics.${role}`,
        'is read, but nobody writes it',
        topic.name,
        "a job that writes it, or external: 'written'",
      );
    }
  }
  for (const cycle of cyclesOf(pipeline)) {
    note('jobs', 'their reads and writes form a cycle', cycle.join(' -> '), 'data that flows one way');
  }
}

/** Cycles of the data flow, each as the topics it passes; a job leads from what it reads to what it writes. */
function cyclesOf(pipeline: Pipeline): string[][] {
  const next = new Map<string, Set<string>>();
  for (const job of Object.values(pipeline.jobs)) {
    for (const from of job.reads.topics ?? []) {
      const targets = next.get(from) ?? new Set();
      for (const to of job.writes.topics ?? []) targets.add(to);
      next.set(from, targets);
    }
  }
  const cycles: string[][] = [];
  const done = new Set<string>();
  const visit = (role: string, path: readonly string[]): void => {
    const start = path.indexOf(role);
    if (start >= 0) cycles.push([...path.slice(start), role]);
    if (start >= 0 || done.has(role)) return;
    for (const to of next.get(role) ?? []) visit(to, [...path, role]);
    done.add(role);
  };
  for (const role of next.keys()) visit(role, []);
  return cycles;
}

function checkOrder(pipeline: Pipeline, note: Note): void {
  const { stream, during, after } = pipeline.order;
  for (const [at, job, mode] of [
    ['order.stream', stream, 'streaming'] as const,
    ...during.map((name) => ['order.during', name, 'batch'] as const),
    ...after.map((name) => ['order.after', name, 'batch'] as const),
  ]) {
    const declared = pipeline.jobs[job];
    if (!declared) note(at, 'is not a job of the pipeline', job, names(pipeline.jobs));
    else if (declared.mode !== mode) note(at, `is not a ${mode} job`, `${job} (${declared.mode})`, `a ${mode} job`);
  }
  const ordered = [stream, ...during, ...after];
  for (const name of Object.keys(pipeline.jobs)) {
    const times = ordered.filter((other) => other === name).length;
    if (times !== 1) note('order', 'names each job once', `${name} ${times} times`, 'once');
  }
  if (peakCores(pipeline) > ACCOUNT_VCPU) {
    note(
      'order',
      'jobs that run together need too many vCPU',
      peakCores(pipeline),
      `${ACCOUNT_VCPU} at most (account quota)`,
    );
  }
}

function checkAccounts(pipeline: Pipeline, note: Note): void {
  const { reconciliation: accounts, report } = pipeline;
  const topic = (at: string, role: string): void => {
    if (!pipeline.topics[role])
      note(`reconciliation.${at}`, 'is not a topic of the pipeline', role, names(pipeline.topics));
  };
  topic('source', accounts.source);
  topic('deadLetters', accounts.deadLetters);
  topic('summary.topic', accounts.summary.topic);
  if (!pipeline.files[accounts.file]) {
    note('reconciliation.file', 'is not a file of the pipeline', accounts.file, names(pipeline.files));
  }
  checkInteger(note, 'reconciliation.summary.windowsPerRow', accounts.summary.windowsPerRow, 1, 1_000);
  const tunables = Object.values(pipeline.jobs).flatMap((job) => Object.keys(job.tunables ?? {}));
  if (!tunables.includes(accounts.rows)) {
    note('reconciliation.rows', 'is not a tunable of a job', accounts.rows, tunables.join(', '));
  }
  const folders = (job: JobDeclaration | undefined): readonly string[] => job?.writes.folders ?? [];
  if (!Object.values(pipeline.jobs).some((job) => folders(job).includes(accounts.rejects))) {
    note('reconciliation.rejects', 'is not a folder that a job writes', accounts.rejects, 'a folder in writes.folders');
  }
  if (!folders(pipeline.jobs[report.job]).includes(report.folder)) {
    note('report.folder', `is not a folder that ${report.job} writes`, report.folder, 'a folder in its writes.folders');
  }
}

function checkAcross(pipelines: readonly Pipeline[], mistakes: Mistake[]): void {
  const seen = new Map<string, string>();
  let compacted = 0;
  for (const pipeline of pipelines) {
    for (const [role, topic] of Object.entries(pipeline.topics)) {
      const where = `${pipeline.name}.topics.${role}`;
      const other = seen.get(topic.name);
      if (other)
        mistakes.push({
          where: `${where}.name`,
          problem: `is the name of ${other} too`,
          got: topic.name,
          allowed: 'a name of its own',
        });
      seen.set(topic.name, where);
      if (topic.cleanup === 'compact') compacted += topic.partitions;
    }
  }
  if (compacted > COMPACTED_PARTITIONS) {
    mistakes.push({
      where: 'topics',
      problem: 'compacted topics have too many partitions together',
      got: String(compacted),
      allowed: `${COMPACTED_PARTITIONS} at most (quota of a cluster)`,
    });
  }
}

function checkInteger(note: Note, at: string, value: number, minimum: number, maximum: number, unit = ''): void {
  if (!Number.isSafeInteger(value) || value < minimum || value > maximum) {
    note(at, 'is out of range', value, `whole numbers from ${minimum} to ${maximum}${unit}`);
  }
}

const names = (things: object): string => Object.keys(things).join(', ') || 'none declared';

const show = (value: unknown): string => (typeof value === 'string' ? `"${value}"` : JSON.stringify(value));
