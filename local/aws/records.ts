/** Brings what AWS remembers of an execution into a home, in the form in which one of this machine leaves it. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nameIn } from '../../lib/declaration/flow.ts';
import { objectIn } from '../../lib/declaration/json.ts';
import { stackNameOf } from '../../lib/declaration/names.ts';
import type { Pipeline } from '../../lib/declaration/pipeline.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { writeJson } from '../../tools/files.mjs';
import { bucketPath } from '../cloudformation/index.ts';
import { JobRunRecords, specOf } from '../emr/job-run-records.ts';
import type { Home } from '../home.ts';
import { Executions } from '../stepfunctions/executions.ts';
import { executionOf, historyOf, inOrder, type LoggedEvent, type LoggedRun, nameOf, runsOf } from './history.ts';
import type { AwsServices } from './services.ts';

export interface Place {
  readonly region: string;
  /** Name of the environment. */
  readonly environment: string;
  /** Name of the data bucket. */
  readonly bucket: string;
}

/** An execution that AWS knows, by its first event. */
export interface Begun {
  readonly pipeline: Pipeline;
  readonly name: string;
  readonly event: LoggedEvent;
}

const machineOf = (environment: string, { name }: Pipeline): string => stackNameOf(environment, name);

const logGroupOf = (machine: string): string => `/aws/vendedlogs/states/${machine}`;

/** Names that Step Functions can write a log for. */
const loggable = /^[\w-]+$/;

async function eventsWith(services: AwsServices, machine: string, text: string, from?: number): Promise<LoggedEvent[]> {
  const messages = await services.find(logGroupOf(machine), text, from);
  return messages.flatMap((message) => (objectIn(message) as unknown as LoggedEvent | undefined) ?? []);
}

/** The executions of a pipeline, as far back as its log goes, the newest last. */
export async function begun(services: AwsServices, { environment }: Place, pipeline: Pipeline): Promise<Begun[]> {
  const events = await eventsWith(services, machineOf(environment, pipeline), 'ExecutionStarted');
  const first = events.filter((event) => event.type === 'ExecutionStarted' && loggable.test(nameOf(event)));
  first.sort((one, other) => Number(one.event_timestamp) - Number(other.event_timestamp));
  return first.map((event) => ({ pipeline, name: nameOf(event), event }));
}

/**
 * Writes execution, history, definition, job runs with their lines, and results into an empty home.
 *
 * @throws MillraceError AWS_OTHER_BUCKET and those of the services
 */
export async function bring(services: AwsServices, home: Home, place: Place, chosen: Begun): Promise<void> {
  const { pipeline, event } = chosen;
  const machine = machineOf(place.environment, pipeline);
  const arn = event.execution_arn;
  // A minute earlier, should the clocks of service and log differ.
  const found = await eventsWith(services, machine, arn, Number(event.event_timestamp) - 60_000);
  const events = inOrder(found.filter((one) => one.execution_arn === arn));
  const execution = executionOf(events, pipeline.name, place.region);
  const executions = new Executions(home.executions);
  const folder = executions.folderOf(execution);
  mkdirSync(folder, { recursive: true });
  writeJson(join(folder, 'execution.json'), execution);
  writeFileSync(join(folder, 'definition.json'), await services.definition(arn));
  writeFileSync(executions.historyOf(execution), linesOf(historyOf(events).map((entry) => JSON.stringify(entry))));
  const records = new JobRunRecords(home.jobRuns);
  const runs = runsOf(events);
  for (const run of runs) {
    checkBucket(run, place);
    await bringRun(services, records, run);
  }
  const results = resultsOf(pipeline, runs);
  if (results) await bringFolder(services, home, `${results}/json/`, arn.split(':')[4] ?? '');
}

/** What jobs print to stdout goes to one stream for each attempt, what Spark says to another. */
async function bringRun(services: AwsServices, records: JobRunRecords, run: LoggedRun): Promise<void> {
  const { record, logGroup, streamPrefix } = run;
  mkdirSync(records.runFolder(record.id), { recursive: true });
  writeJson(join(records.runFolder(record.id), 'run.json'), record);
  const streams = await services.streams(logGroup, `${streamPrefix}/`);
  const ours = streams.filter((name) => name.includes(`/jobs/${record.id}/`));
  const stdout: string[] = [];
  for (const name of ours.filter((one) => one.endsWith('/SPARK_DRIVER/stdout')))
    stdout.push(...(await services.lines(logGroup, name)));
  writeFileSync(records.stdout(record.id), linesOf(stdout));
  const log = ours.findLast((one) => one.endsWith('/SPARK_DRIVER/stderr'));
  writeFileSync(records.stderr(record.id), log ? linesOf(await services.lastLines(logGroup, log)) : '');
}

const linesOf = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join('');

/** A job tells where it wrote: somewhere else there are results of nobody, or of another environment. */
function checkBucket({ record }: LoggedRun, { bucket }: Place): void {
  for (const { url } of Object.values(specOf(record)?.writes ?? {})) {
    const [, other] = /^s3a?:\/\/([^/]+)\//.exec(url ?? '') ?? [];
    if (other === undefined || other === bucket) continue;
    const message = `Job run ${record.request.name} wrote to s3://${other}, not to s3://${bucket}. Say --from s3://${other}.`;
    throw new MillraceError('AWS_OTHER_BUCKET', message);
  }
}

/** The address to which the job of the report was told to write, if it was started. */
function resultsOf({ jobs, report }: Pipeline, runs: readonly LoggedRun[]): string | undefined {
  if (!report) return undefined;
  const [job, folder] = [nameIn(jobs, report.job), nameIn<unknown>(report.job.writes, report.folder) ?? ''];
  const specs = runs.map(({ record }) => specOf(record));
  return specs.find((spec) => spec?.job === job)?.writes[folder]?.url;
}

async function bringFolder(services: AwsServices, home: Home, url: string, account: string): Promise<void> {
  const [, bucket = '', prefix = ''] = /^s3a?:\/\/([^/]+)\/(.*)$/.exec(url) ?? [];
  for (const key of await services.keys(bucket, prefix, account)) {
    const path = bucketPath(home, `s3://${bucket}/${key}`);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, await services.object(bucket, key, account));
  }
}
