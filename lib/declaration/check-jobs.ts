/**
 * Checks jobs by themselves: names, files, sizes, tunables and the arguments that follow from them. A pipeline comes
 * in, mistakes go out. Called by `validate.ts`.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNT_VCPU, WORKER_MEMORY } from './limits.ts';
import { checkInteger, isPlainFileName, type Note } from './mistakes.ts';
import type { JobDeclaration, Pipeline, Tunable } from './model.ts';
import { drainOf, planOf } from './plan.ts';
import { INPUT_WORDS, isStepName } from './reserved-names.ts';
import { allowedInstead, patternOf } from './tunable.ts';

/** Minutes in a day: the longest that a batch run may be allowed. */
const LONGEST_MINUTES = 1_440;

/** Notes the mistakes in each job. */
export function checkJobs(pipeline: Pipeline, note: Note): void {
  const tunables = new Map<string, { tunable: Tunable; job: string }>();
  const drains = new Map(Object.keys(pipeline.jobs).map((name) => [drainOf(name), name]));
  for (const [name, job] of Object.entries(pipeline.jobs)) {
    const at = `jobs.${name}`;
    if (isStepName(name)) {
      note(at, 'is the name of a step of every pipeline', name, 'a name that says what the job does');
    }
    const drained = drains.get(name);
    if (drained) note(at, `is the name of the drain of ${drained}`, name, 'another name');
    if (isPlainFileName(note, `${at}.entryPoint`, job.entryPoint)) {
      const path = join(pipeline.folders.jobs, job.entryPoint);
      if (!existsSync(path)) note(`${at}.entryPoint`, 'does not exist', path, `a file in ${pipeline.folders.jobs}`);
    }
    checkSize(note, at, job);
    checkQueries(note, at, job);
    if (job.timeoutMinutes !== undefined) {
      checkInteger(note, `${at}.timeoutMinutes`, job.timeoutMinutes, 1, LONGEST_MINUTES);
    }
    for (const [tunableName, tunable] of Object.entries(job.tunables ?? {})) {
      const where = `${at}.tunables.${tunableName}`;
      checkTunable(note, where, tunable);
      const other = tunables.get(tunableName);
      if (other && JSON.stringify(other.tunable) !== JSON.stringify(tunable)) {
        note(where, `differs from the same tunable of ${other.job}`, tunable, 'one meaning a name');
      }
      tunables.set(tunableName, { tunable, job: name });
    }
  }
  checkArguments(pipeline, note);
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

function checkQueries(note: Note, at: string, job: JobDeclaration): void {
  const queries = job.queries ?? [];
  if (job.mode === 'streaming' && queries.length === 0) {
    note(`${at}.queries`, 'a streaming job names its queries', 'none', 'at least one name');
  }
  if (job.mode === 'batch' && queries.length > 0) {
    note(`${at}.queries`, 'a batch job has no queries', queries, 'none, or mode streaming');
  }
  const allowed = 'a-z, 0-9 and -, first a letter, each name once';
  queries.forEach((query, index) => {
    // A query's name is the folder of its checkpoint: two of one name would destroy each other's.
    if (!/^[a-z][a-z0-9-]{0,49}$/.test(query) || queries.indexOf(query) !== index) {
      note(`${at}.queries`, 'is not a name for a query', query, allowed);
    }
  });
}

function checkTunable(note: Note, at: string, tunable: Tunable): void {
  const name = at.split('.').at(-1) ?? '';
  if (Object.hasOwn(INPUT_WORDS, name))
    note(at, `is the word by which an input ${INPUT_WORDS[name]}`, name, 'another name');
  if (tunable.kind === 'integer' && !(Number.isSafeInteger(tunable.minimum) && Number.isSafeInteger(tunable.maximum))) {
    const allowed = `whole numbers up to ${Number.MAX_SAFE_INTEGER}`;
    note(at, 'has a range that is not of whole numbers', [tunable.minimum, tunable.maximum], allowed);
  } else if (tunable.kind === 'integer' && tunable.minimum > tunable.maximum) {
    note(at, 'has an empty range', tunable.minimum, `<= ${tunable.maximum}`);
  } else if (tunable.kind === 'text' && !patternOf(tunable.pattern)) {
    const allowed = 'one that JavaScript reads with the flag u';
    note(`${at}.pattern`, 'is not a regular expression', tunable.pattern, allowed);
  } else {
    const allowed = allowedInstead(tunable, tunable.default);
    if (allowed) note(`${at}.default`, 'is not a value of its own tunable', tunable.default, allowed);
  }
}

/** Arguments are named after topics, files, folders and tunables: two things of one name would be one argument. */
function checkArguments(pipeline: Pipeline, note: Note): void {
  const plan = planOf(pipeline);
  for (const name of Object.keys(pipeline.jobs)) {
    const flags = (plan.arguments[name] ?? []).map(([flag]) => flag);
    const twice = new Set(flags.filter((flag, index) => flags.indexOf(flag) !== index || flag === '--until'));
    for (const flag of twice) {
      const allowed = 'topics, files, folders and tunables whose arguments differ';
      note(`jobs.${name}`, 'would be given one argument for two things', flag, allowed);
    }
  }
}
