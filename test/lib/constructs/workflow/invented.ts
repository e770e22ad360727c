/** Pipelines of several streams, which no declared one has, with their state machines. */
import { workflowDefinition } from '../../../../lib/constructs/workflow/definition.ts';
import { batch, folder, pipeline, stream, topic } from '../../../../lib/declaration/index.ts';
import type { Pipeline } from '../../../../lib/declaration/pipeline.ts';
import { type JobStart, type Plan, planOf } from '../../../../lib/declaration/plan.ts';

const words = topic('tiny.words', { partitions: 1 });
const counts = topic('tiny.counts', { partitions: 1 });
const ranks = topic('tiny.ranks', { partitions: 1 });
const results = folder('results');

const send = batch('send.py', { reads: {}, writes: { words }, timeoutMinutes: 30 });
const show = batch('show.py', { reads: { ranks }, writes: { results } });
const audit = batch('audit.py', { reads: { counts }, writes: { results }, alone: true });
const count = stream('count.py', { reads: { words }, writes: { counts } });
const rank = stream('rank.py', { reads: { counts }, writes: { ranks } });

/** Words are sent, counted, ranked and shown: two streams, of which the second reads what the first writes. */
export const chained = named('tiny', { rank, send, count, show, audit });

/** No stream at all. */
export const streamless = named('plain', { send, show });

/** No batch job at all. */
export const batchless = named('steady', { count, rank });

/** Three streams and four batch jobs. */
export const large = named('large', {
  send,
  resend: batch('resend.py', { reads: {}, writes: { words } }),
  count,
  rank,
  copy: stream('copy.py', { reads: { ranks }, writes: { copies: topic('large.copies', { partitions: 1 }) } }),
  show,
  audit,
});

function named(name: string, jobs: Pipeline['jobs']): Pipeline {
  return { ...pipeline(import.meta.url, { description: `The invented pipeline ${name}.`, jobs }), name };
}

const start = (job: string): JobStart => ({
  roleArn: `arn:aws:iam::111111111111:role/${job}`,
  entryPoint: `s3://assets/${job}.py`,
  submitParameters: `--name ${job}`,
});

/** What the machines read from the parameter store. */
export const PARAMETERS = {
  '/platform': JSON.stringify({ bootstrapServers: 'broker:9098', bucket: 'data' }),
  '/pipeline': '{}',
};

/** The state machine of a pipeline. */
export function machineOf(declared: Pipeline): ReturnType<typeof workflowDefinition> {
  const plan: Plan = planOf(declared);
  return workflowDefinition({
    description: declared.description,
    plan,
    starts: Object.fromEntries(Object.keys(plan.jobs).map((job) => [job, start(job)])),
    platformParameter: '/platform',
    pipelineParameter: '/pipeline',
    prepareFunctionArn: 'arn:aws:lambda:us-east-1:111111111111:function:prepare',
    applicationId: '00app',
    lockTable: 'locks',
    bucket: 'data',
    logGroup: '/jobs',
  });
}
