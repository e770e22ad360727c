/**
 * Takes what a job run wrote and finds in it what people and commands ask for: its events, how it ended when nobody watched it, its result, and its
 * sentences for people. Called by `job-runs.ts` and by the commands that show a job.
 */
import { readFileSync } from 'node:fs';
import { isObject, type Json, type JsonObject } from '../stepfunctions/task.ts';
import { endStates, type JobRunRecord, type JobRunRecords } from './job-run-records.ts';

/** What a run has to say of itself. */
export interface JobRunWords {
  /** Fields of its `result` event; undefined when it told none. */
  readonly result: JsonObject | undefined;
  /** Its sentences and tables for people, in order. */
  readonly notes: readonly string[];
}

const shownLines = 8;

/** The event in a line of a job's stdout; undefined for a line that a library wrote. */
export function eventIn(line: string): JsonObject | undefined {
  try {
    const event = JSON.parse(line) as Json;
    return isObject(event) ? event : undefined;
  } catch {
    return undefined;
  }
}

/** Why a run ended, of one that does not say so itself: its exit code (null: a signal) and the last lines of its log. */
export function lastWords(log: string, exitCode: number | null | undefined): string {
  const why =
    exitCode === undefined
      ? 'ended while no command watched it'
      : exitCode === null
        ? 'ended by a signal'
        : `exit code ${exitCode}`;
  return `${why}; its last words:\n${textOf(log).trimEnd().split('\n').slice(-shownLines).join('\n')}`;
}

/** How a run ended whose process is gone and that nobody watched. */
export function endOf(run: JobRunRecord, records: JobRunRecords): { state: JobRunRecord['state']; details: string } {
  const last = eventsOf(run, records).at(-1);
  if (last?.event === 'failed') return { state: 'FAILED', details: `${last.code}: ${last.message}` };
  if (run.cancelRequestedAt !== undefined) return { state: 'CANCELLED', details: '' };
  if (last?.event === 'result') return { state: 'SUCCESS', details: '' };
  if (!run.process) return { state: 'FAILED', details: 'The command that started it was ended.' };
  return { state: 'FAILED', details: lastWords(records.stderr(run.id), undefined) };
}

/** What a run that has ended said. */
export function wordsOf(run: JobRunRecord, records: JobRunRecords): JobRunWords {
  if (!endStates.includes(run.state)) return { result: undefined, notes: [] };
  const events = eventsOf(run, records);
  const told = events.findLast(({ event }) => event === 'result');
  const { event: _event, job: _job, ...result } = told ?? {};
  const jobs = new Set(events.map(({ job }) => job).filter((job) => typeof job === 'string'));
  return { result: told && result, notes: notesIn(textOf(records.stdout(run.id)), jobs) };
}

/**
 * The notes among the lines of a run's stdout, where Spark puts what a Python program writes to stderr. A note begins with the job's name and a colon, and
 * goes on until the next note or event.
 */
export function notesIn(stdout: string, jobs: ReadonlySet<string>): string[] {
  const notes: string[][] = [];
  let open: string[] | undefined;
  for (const line of stdout.split('\n')) {
    const colon = line.indexOf(': ');
    if (colon > 0 && jobs.has(line.slice(0, colon))) {
      open = [line.slice(colon + 2)];
      notes.push(open);
    } else if (eventIn(line)) open = undefined;
    else open?.push(line);
  }
  return notes.map((lines) => lines.join('\n').trimEnd());
}

function eventsOf(run: JobRunRecord, records: JobRunRecords): JsonObject[] {
  return textOf(records.stdout(run.id))
    .split('\n')
    .map(eventIn)
    .filter((event) => event !== undefined);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // It was ended before it wrote a word.
  }
}
