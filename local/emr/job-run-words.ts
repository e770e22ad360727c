/** What a job run wrote: its events, its result, its sentences for people, and how it ended when nobody watched it. */
import { type JsonObject, objectIn } from '../../lib/declaration/json.ts';
import { readEnd } from '../../tools/files.mjs';
import { hasEnded, type JobRunRecord, type JobRunRecords } from './job-run-records.ts';
import { LineTail } from './line-tail.ts';

const shownLines = 8;

/** As much of the end of a file as is looked at; a stream writes a line for each batch, for months. */
const endBytes = 8 * 2 ** 20;

/** Why a run ended that does not say so itself, with the last lines of its log. */
export function lastWords(why: string, log: string): string {
  return `${why}; its last words:\n${textOf(log).trimEnd().split('\n').slice(-shownLines).join('\n')}`;
}

/** How a run ended whose process is gone and that nobody watched. */
export function endOf(run: JobRunRecord, records: JobRunRecords): { state: JobRunRecord['state']; details: string } {
  const last = eventsIn(textOf(records.stdout(run.id))).at(-1);
  if (last?.event === 'failed') return { state: 'FAILED', details: `${last.code}: ${last.message}` };
  if (run.cancelRequestedAt !== undefined) return { state: 'CANCELLED', details: '' };
  if (last?.event === 'result') return { state: 'SUCCESS', details: '' };
  if (!run.process) return { state: 'FAILED', details: 'The command that started it was ended.' };
  return { state: 'FAILED', details: lastWords('ended while no command watched it', records.stderr(run.id)) };
}

/** What a run that has ended said: the fields of its `result` event, if there is one, and its sentences and tables for people. */
export function wordsOf(run: JobRunRecord, records: JobRunRecords) {
  if (!hasEnded(run)) return { result: undefined, notes: [] };
  const stdout = textOf(records.stdout(run.id));
  const events = eventsIn(stdout);
  const told = events.findLast(({ event }) => event === 'result');
  const { event: _event, job: _job, ...result } = told ?? {};
  const jobs = new Set(events.flatMap(({ job }) => (typeof job === 'string' ? job : [])));
  return { result: told && result, notes: notesIn(stdout, jobs) };
}

/** How many micro-batches with rows a run has told of. */
export function batchesOf(run: JobRunRecord, records: JobRunRecords): number {
  let batches = 0;
  const all = new LineTail(records.stdout(run.id), (line) => {
    if (objectIn(line)?.event === 'progress') batches += 1;
  });
  all.close();
  return batches;
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
    } else if (objectIn(line)) open = undefined;
    else open?.push(line);
  }
  return notes.map((lines) => lines.join('\n').trimEnd());
}

const eventsIn = (stdout: string): JsonObject[] =>
  stdout
    .split('\n')
    .map(objectIn)
    .filter((event) => event !== undefined);

/** The end of what a run wrote, which may be ended before it wrote a word. */
const textOf = (file: string) => readEnd(file, endBytes);
