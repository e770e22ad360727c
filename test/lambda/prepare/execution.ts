/** An execution of a small pipeline as the state machine describes it to the prepare function, for the tests beside it. */
import { type Prepared, type PrepareEvent, prepare, type Run } from '../../../lambda/prepare/core.ts';

const PLATFORM = {
  bootstrapServers: 'broker:9098',
  registryUrl: 'http://registry:8080',
  bucket: 'data',
  database: 'datasets',
};
const start = (job: string) => ({
  roleArn: `role-${job}`,
  entryPoint: `s3://jobs/${job}.py`,
  submitParameters: '--conf a=b',
});
const batch = (spec: object) => ({ kind: 'batch' as const, timeoutMinutes: 30, spec: { mode: 'batch', ...spec } });
const stream = (spec: object) => ({ kind: 'stream' as const, timeoutMinutes: 60, spec: { mode: 'stream', ...spec } });

/** Two streams, a batch job that feeds them, one that reads their results, and one that runs alone. */
const event: PrepareEvent = {
  plan: {
    pipeline: 'tiny',
    parameters: {
      rate: { kind: 'integer', default: 100, minimum: 0, maximum: 20_000, unit: 'rows a second', description: '' },
      share: { kind: 'decimal', default: 0.5, minimum: 0, maximum: 1, unit: 'of all rows', description: '' },
      region: { kind: 'text', default: '', pattern: '\\S.{0,9}', unit: 'name of a region', description: '' },
      since: { kind: 'instant', default: '', description: '' },
    },
    files: ['readings', 'regions'],
    actions: ['run', 'start', 'stop', 'upgrade'],
    order: { streams: ['enrich', 'sumUp'], during: ['send'], after: ['showAll'] },
    jobs: {
      send: batch({
        kafka: '{platform.bootstrapServers}',
        file: '{files.readings}',
        schema: '{#pipeline.schemas.readingsFile}',
        folder: 's3://{platform.bucket}/rejects/tiny/{execution.name}',
        rate: '{parameters.rate}',
      }),
      enrich: { ...stream({ lateness: 5 }), fed: true },
      sumUp: stream({}),
      showAll: batch({ file: '{files.regions}', region: '{parameters.region}', since: '{parameters.since}' }),
      replay: batch({}),
    },
  },
  starts: Object.fromEntries(['send', 'enrich', 'sumUp', 'showAll', 'replay'].map((job) => [job, start(job)])),
  platform: PLATFORM,
  pipeline: {
    parameters: {},
    schemas: { readingsFile: '7' },
    files: { readings: 's3://assets/readings.csv', regions: 's3://assets/regions.csv' },
  },
  execution: { name: 'first' },
  input: {},
};

/** What a test gives the function in place of what is deployed. */
interface Deployed {
  readonly plan?: object;
  readonly platform?: object;
  readonly pipeline?: object;
  /** @default `first` */
  readonly name?: string;
}

/** Prepares an execution with this input. */
export const execution = (input: unknown, { plan, platform, pipeline, name = 'first' }: Deployed = {}): Prepared =>
  prepare({
    ...event,
    input,
    plan: { ...event.plan, ...plan },
    platform: { ...PLATFORM, ...platform },
    pipeline: { ...event.pipeline, ...pipeline },
    execution: { name },
  });

/** What the execution with this input is refused with: the error's name and message. */
export function refusal(input: unknown, deployed: Deployed = {}): string {
  try {
    execution(input, deployed);
  } catch (error) {
    return String(error);
  }
  throw new Error('The execution was not refused.');
}

/** Names of the runs in each list of what is prepared. */
export const runsOf = ({ streams, during, drains, after }: Prepared): string[][] =>
  [streams, during, drains, after].map((runs) => runs.map(({ run }) => run));

/** The spec that a job is started with. */
export function specOf({ streams, during, drains, after }: Prepared, run: string): Record<string, unknown> {
  const found = [...streams, ...during, ...drains, ...after].find((one: Run) => one.run === run);
  return JSON.parse(found?.arguments[1] ?? '{}') as Record<string, unknown>;
}
