/** Parameters that pipelines declare alike; the Python modules `millrace.sending` and `millrace.streaming` read them by these names. */
import { DEFAULT_LATENESS_MINUTES, LONGEST_LATENESS_MINUTES } from './event-time.ts';
import { type IntegerParameter, integer } from './parameter.ts';

/** Parameters of a job that sends the rows of a file, at this rate in rows a second unless an execution says otherwise. */
export function sendingParameters(things: string, rate: number): Readonly<Record<'rate' | 'rows', IntegerParameter>> {
  const howFast = `How fast ${things} are sent; 0 sends them as fast as possible.`;
  const howMany = 'How many rows are read; 0 reads the whole file, more than the file repeats it with new ids.';
  return {
    // Up to its maximum the pace was measured to be exact.
    rate: integer({ default: rate, minimum: 0, maximum: 20_000, unit: 'rows a second', description: howFast }),
    rows: integer({ default: 0, minimum: 0, maximum: 100_000_000, unit: 'rows', description: howMany }),
  };
}

/** Seconds from the start of one micro-batch to the next, unless an execution says otherwise. */
export const DEFAULT_TRIGGER_SECONDS = 2;

/** Parameters of a stream; a thing is what one record is, with its article. */
export function streamParameters(
  thing: string,
): Readonly<Record<'allowedLateness' | 'triggerSeconds', IntegerParameter>> {
  const description = 'Time from the start of one micro-batch to the next; 0 starts the next at once.';
  return {
    allowedLateness: integer({
      default: DEFAULT_LATENESS_MINUTES,
      minimum: 0,
      maximum: LONGEST_LATENESS_MINUTES,
      unit: 'minutes',
      description: `How much older than its Kafka timestamp ${thing} may be before it is late.`,
    }),
    triggerSeconds: integer({
      default: DEFAULT_TRIGGER_SECONDS,
      minimum: 0,
      maximum: 600,
      unit: 'seconds',
      description,
    }),
  };
}
