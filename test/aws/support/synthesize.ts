/**
 * Synthesizes the app and variants of it into the folder given as argument, without bundling handlers. Run once per
 * test run by the global set-up, in a process of its own, because a finding of the CDK's validation sets the exit code.
 */
import { join } from 'node:path';
import { type AppProps, Tags } from 'aws-cdk-lib';
import { environments } from '../../../config/environments.ts';
import { createApp } from '../../../lib/app.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';

const [folder] = process.argv.slice(2);
if (!folder) throw new Error('Usage: synthesize.ts FOLDER');

const pipelines = await loadPipelines();
const props = (name: string): AppProps => ({
  outdir: join(folder, name),
  // What a handler's bundle holds does not matter here, and bundling takes most of the time.
  context: { 'aws:cdk:bundling-stacks': [] },
  analyticsReporting: false,
});

// The app as it is deployed.
createApp(environments, pipelines, props('app')).synth();

// The same with a tag on everything: nothing stateful may notice.
const tagged = createApp(environments.slice(0, 1), pipelines, props('tagged'));
Tags.of(tagged).add('cost-centre', 'changed');
tagged.synth();

// The same in another size, and without its pipelines.
const resized = environments.slice(0, 1).map((environment) => ({
  ...environment,
  spark: { ...environment.spark, maximumCores: environment.spark.maximumCores * 2, idleMinutes: 30 },
  registry: { ...environment.registry, cpu: 1024 as const, memoryMiB: 4096, databaseMultiZone: true },
  logDays: 90 as const,
}));
createApp(resized, [], props('resized')).synth();
