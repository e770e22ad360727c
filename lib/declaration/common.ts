/**
 * What pipelines declare alike: a few words come in, sizes and tunables go out. Used by declarations whose jobs are built
 * on the shared Python package; the arguments that follow are read in `millrace.sending.file_sender` and `millrace.job.arguments`.
 */
import type { JobSize, NumberTunable } from './model.ts';

/** One driver and one executor, the smallest of their kind. */
export const oneWorker: JobSize = { driver: { cores: 1, memory: 2 }, executor: { cores: 1, memory: 2 }, executors: 1 };

/**
 * Tunables of a job that sends the rows of a file.
 *
 * @param things what the rows are, in the plural
 * @param rate the rate unless an execution says otherwise, in rows a second
 */
export function sendingTunables(things: string, rate: number): Readonly<Record<'rate' | 'rows', NumberTunable>> {
  return {
    rate: {
      kind: 'integer',
      default: rate,
      minimum: 0,
      maximum: 20_000,
      unit: 'rows a second',
      description: `How fast ${things} are sent; 0 sends them as fast as possible.`,
    },
    rows: {
      kind: 'integer',
      default: 0,
      minimum: 0,
      maximum: 100_000_000,
      unit: 'rows',
      description: 'How many rows are read; 0 reads the whole file, more than the file repeats it with new ids.',
    },
  };
}

/**
 * Tunables of a stream that sums by event time.
 *
 * @param thing what one record is, with its article
 */
export function windowTunables(thing: string): Readonly<Record<'allowedLateness' | 'triggerSeconds', NumberTunable>> {
  return {
    allowedLateness: {
      kind: 'integer',
      default: 10,
      minimum: 0,
      maximum: 1_440,
      unit: 'minutes',
      description: `How much older than its Kafka timestamp ${thing} may be before it is late.`,
    },
    triggerSeconds: {
      kind: 'integer',
      default: 2,
      minimum: 0,
      maximum: 600,
      unit: 'seconds',
      description: 'Time from the start of one micro-batch to the next; 0 starts the next at once.',
    },
  };
}
