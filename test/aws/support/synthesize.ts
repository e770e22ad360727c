/**
 * Synthesizes the app and variants of it into a folder, without bundling handlers: `synthesize.ts FOLDER [VARIANT ...]`. In a process of
 * its own, because a finding of the CDK's validation sets the exit code. Beside the assembly `app` it leaves the acknowledgements that no finding
 * needed, which the CDK does not report.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type AppProps, Stack, Tags } from 'aws-cdk-lib';
import { CfnSecurityGroup } from 'aws-cdk-lib/aws-ec2';
import { CfnBucket } from 'aws-cdk-lib/aws-s3';
import { environments } from '../../../config/environments.ts';
import { createApp } from '../../../lib/app.ts';
import { unusedAcknowledgements } from '../../../lib/constructs/functions/acknowledge.ts';
import { loadPipelines } from '../../../lib/declaration/load.ts';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import readings from '../../readings/pipelines/readings/pipeline.ts';
import { ACCOUNT, REGION } from './arns.ts';

const [folder, ...chosen] = process.argv.slice(2);
if (!folder) throw new Error('Usage: synthesize.ts FOLDER [VARIANT ...]');

const pipelines = await loadPipelines();
const first = environments.slice(0, 1);

const variants: Readonly<Record<string, (props: AppProps) => void>> = {
  /** As it is deployed. */
  app: (props) => {
    const app = createApp(environments, pipelines, props);
    app.synth();
    writeFileSync(join(folder, 'unused-acknowledgements.json'), JSON.stringify(unusedAcknowledgements(app)));
  },
  /** With nothing but an invented pipeline, in which the tests plant their mistakes. */
  readings: (props) => {
    createApp(first, [readings], props).synth();
  },
  /** With nothing but an invented pipeline that has a connector, in all environments, before the rule packs. */
  connected: (props) => {
    const app = createApp(environments, [clients], props);
    app.synth();
  },
  /** With MSK Express in place of MSK Serverless, in all environments. */
  express: (props) => {
    const zones = ['a', 'b', 'c'].map((letter) => `${REGION}${letter}`);
    const place = { account: ACCOUNT, region: REGION, zones, kafka: 'express' as const };
    createApp(
      environments.map((environment) => ({ ...environment, ...place })),
      [clients],
      props,
    ).synth();
  },
  /** With a tag on everything: nothing stateful may notice. */
  tagged: (props) => {
    const app = createApp(first, pipelines, props);
    // Aspects of an app stop at its stages.
    for (const stage of app.node.children) Tags.of(stage).add('cost-centre', 'changed');
    app.synth();
  },
  /** With mistakes that each rule pack has to find. */
  faulty: (props) => {
    const app = createApp(first, [], props);
    const network = app.node.findAll().find((construct) => Stack.isStack(construct)) as Stack;
    new CfnBucket(network, 'PlantedBucket');
    new CfnSecurityGroup(network, 'PlantedGroup', {
      groupDescription: 'open',
      securityGroupIngress: [{ ipProtocol: 'tcp', fromPort: 22, toPort: 22, cidrIp: '0.0.0.0/0' }],
    });
    app.synth();
  },
  /** In another size, and without its pipelines. */
  resized: (props) => {
    const resized = first.map((environment) => ({
      ...environment,
      spark: { ...environment.spark, maximumCores: environment.spark.maximumCores * 2, idleMinutes: 30 },
      registry: { ...environment.registry, cpu: 1024 as const, memoryMiB: 4096, databaseMultiZone: true },
      logDays: 90 as const,
    }));
    createApp(resized, [], props).synth();
  },
  /** Without any pipeline. */
  bare: (props) => {
    createApp(environments, [], props).synth();
  },
  // Without one of the pipelines: nothing else may change.
  ...Object.fromEntries(
    pipelines.map(({ name }) => [
      `without-${name}`,
      (props: AppProps) => {
        const others = pipelines.filter((pipeline) => pipeline.name !== name);
        createApp(environments, others, props).synth();
      },
    ]),
  ),
};

for (const [name, synthesize] of Object.entries(variants)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const context = {
    // What a handler's bundle holds does not matter here, and bundling takes most of the time.
    'aws:cdk:bundling-stacks': [],
    // The rule packs look at the app as it is deployed, when everything is looked at: they take most of the time.
    'millrace:rules': ['faulty', 'connected', 'express'].includes(name) || (name === 'app' && chosen.length === 0),
  };
  try {
    synthesize({ outdir: join(folder, name), context, analyticsReporting: false });
  } catch (error) {
    // A finding is for the tests to tell, which read the report.
    if (!(error as Error).message.includes('validation-report.json')) throw error;
  }
  process.exitCode = 0;
}
