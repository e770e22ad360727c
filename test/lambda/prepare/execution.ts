/** An execution of a small pipeline as the state machine describes it to the prepare function. Used by the tests beside it. */
import { type Prepared, type PrepareEvent, prepare } from '../../../lambda/prepare/core.ts';

const PLATFORM = {
  bootstrapServers: 'broker:9098',
  kafkaSecurity: 'iam',
  registryUrl: 'http://registry:8080',
  bucket: 'data',
};

const event: PrepareEvent = {
  plan: {
    pipeline: 'tiny',
    tunables: {
      rate: { kind: 'integer', default: 100, minimum: 0, maximum: 20_000, unit: 'rows a second', description: '' },
      region: { kind: 'text', default: '', pattern: '\\S.{0,9}', unit: 'name of a region', description: '' },
      since: { kind: 'instant', default: '', description: '' },
    },
    files: ['readings', 'regions'],
    actions: ['run', 'start', 'stop', 'upgrade'],
    batchJobs: { send: 'send', 'show-all': 'showAll' },
    arguments: {
      send: [
        ['--kafka-bootstrap-servers', '{platform.bootstrapServers}'],
        ['--readings-file', '{files.readings}'],
        ['--readings-file-schema-id', '{pipeline.schemas.readingsFile}'],
        ['--rejects-path', 's3://{platform.bucket}/rejects/tiny/{execution.name}'],
        ['--rate', '{tunables.rate}'],
      ],
      show: [
        ['--regions-file', '{files.regions}'],
        ['--region', '{tunables.region}'],
        ['--since', '{tunables.since}'],
      ],
    },
  },
  platform: PLATFORM,
  pipeline: {
    tunables: {},
    schemas: { readingsFile: '7' },
    files: { readings: 's3://assets/readings.csv', regions: 's3://assets/regions.csv' },
  },
  execution: { name: 'first' },
  input: {},
};

/** Prepares an execution with this input, and with other parameters where the test is about them. */
export function execution(input: unknown, parameters: { platform?: object; pipeline?: object } = {}): Prepared {
  return prepare({
    ...event,
    input,
    platform: { ...PLATFORM, ...parameters.platform },
    pipeline: { ...event.pipeline, ...parameters.pipeline },
  });
}

/** What the execution with this input is refused with: the error's name and message. */
export function refusal(input: unknown, parameters: Parameters<typeof execution>[1] = {}): string {
  try {
    execution(input, parameters);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  throw new Error('The execution was not refused.');
}

/** The arguments of a job as an object. */
export function argumentsOf(prepared: Prepared, job: string): Record<string, string> {
  const words = prepared.arguments[job] ?? [];
  return Object.fromEntries(words.flatMap((word, index) => (index % 2 === 0 ? [[word, words[index + 1] ?? '']] : [])));
}
