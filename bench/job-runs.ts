/** What the runs of jobs told of their work, for benchmarks. */
import { readFileSync } from 'node:fs';
import { objectIn } from '../lib/declaration/json.ts';
import { JobRunRecords } from '../local/emr/job-run-records.ts';
import type { Stack } from '../test/faults/stack.ts';

/** The lines of progress of the newest run of a job. */
export function progress(stack: Stack, pipeline: string, run: string): Record<string, unknown>[] {
  const found = stack.runOf(pipeline, run);
  if (!found) throw new Error(`${run} has not run`);
  const lines = readFileSync(new JobRunRecords(stack.folders.jobRuns).stdout(found.id), 'utf8').split('\n');
  return lines.flatMap((line) => {
    const told = objectIn(line);
    return told?.event === 'progress' ? [told] : [];
  });
}

/** Rows that the newest run of a job moved, by the seconds of its micro-batches; what is sent is told as a sum, what is read batch by batch. */
export function rate(stack: Stack, pipeline: string, run: string, rows: 'rowsIn' | 'sent'): number {
  const batches = progress(stack, pipeline, run);
  const seconds = batches.reduce((sum, { batchSeconds }) => sum + Number(batchSeconds), 0);
  const each = batches.map((batch) => Number(batch[rows]));
  return (rows === 'sent' ? Math.max(...each) : each.reduce((sum, one) => sum + one, 0)) / seconds;
}
