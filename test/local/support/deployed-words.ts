/** The small pipeline as it is deployed on a machine: its state machine, its parameters and its bundled prepare function. */
import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { fill } from '../../../lib/declaration/fill.ts';
import type { Pipeline } from '../../../lib/declaration/pipeline.ts';
import { planOf } from '../../../lib/declaration/plan.ts';
import { type Deployment, ParameterStore } from '../../../local/cloudformation/index.ts';
import { codeFolder } from '../../../local/cloudformation/providers/lambda.ts';
import { type Home, millraceHome, projectRoot } from '../../../local/home.ts';
import { writeAccess } from '../../../local/iam/access.ts';

const ROLE = 'arn:aws:iam::000000000000:role/prepare';
const CODE = { S3Bucket: 'assets', S3Key: 'prepare.zip' };

/** The values of the parameters, as a deployment writes them. */
export const platform = {
  bootstrapServers: '127.0.0.1:9092',
  registryUrl: 'http://r',
  bucket: 'data',
};
export const values = {
  schemas: {
    linesFile: '1',
    totalsFile: '2',
    wordsTopicValue: 's3://assets/word.json',
    wordCountsTopicKey: '3',
    wordCountsTopicValue: '4',
  },
  files: { lines: 's3://assets/lines.csv', totals: 's3://assets/totals.csv' },
};

/** Writes the pipeline's parameters, with what differs. */
export function writeParameters(home: Home, changes: { platform?: object; values?: object } = {}): void {
  const store = new ParameterStore(home);
  store.put('/millrace/dev/platform', JSON.stringify({ ...platform, ...changes.platform }));
  store.put('/millrace/dev/pipelines/tiny', JSON.stringify({ ...values, ...changes.values }));
}

export const temporaryHome = (): Home => millraceHome(mkdtempSync(join(tmpdir(), 'millrace-home-')));

/** How every job of the deployment is started. */
export const startOf = (job: string, version = 1) => ({
  roleArn: `arn:role/${job}`,
  entryPoint: `s3://assets/${job}.${version}.py`,
  submitParameters: '--conf spark.a=b',
});

/** A deployment of this pipeline; `versions` are those of its scripts. */
export function deploymentOf(pipeline: Pipeline, versions: Readonly<Record<string, number>> = {}): Deployment {
  const starts = Object.fromEntries(Object.keys(pipeline.jobs).map((job) => [job, startOf(job, versions[job])]));
  const Payload = { plan: planOf(pipeline), starts, 'input.$': '$.input' };
  const definition = { States: { Prepare: { Type: 'Task', Parameters: { FunctionName: 'arn:prepare', Payload } } } };
  const resource = { stack: 'dev/tiny', attributes: {} };
  return {
    environment: 'dev',
    deployedAt: '2026-01-31T13:00:00.000Z',
    outputs: {},
    resources: [
      {
        ...resource,
        logicalId: 'Machine',
        type: 'AWS::StepFunctions::StateMachine',
        physicalId: 'arn:machine',
        properties: { StateMachineName: 'tiny', DefinitionString: JSON.stringify(definition) },
      },
      {
        ...resource,
        logicalId: 'Prepare',
        type: 'AWS::Lambda::Function',
        physicalId: 'prepare',
        attributes: { Arn: 'arn:prepare' },
        properties: { Role: ROLE, Code: CODE, Handler: 'index.handler', Runtime: 'nodejs22.x', Timeout: 30 },
      },
    ],
  };
}

/** Puts the bundled prepare function and its role where `up` puts them. */
export async function installPrepare(home: Home): Promise<void> {
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } };
  const role = {
    arn: ROLE,
    name: 'prepare',
    stack: 'dev/tiny',
    logicalId: 'PrepareRole',
    accessKeyId: 'ASIAPREPARE',
    secretAccessKey: 'secret',
    sessionToken: 'token',
    trust: { Version: '2012-10-17', Statement: [trust] },
    policies: [],
  };
  writeAccess(home, { roles: [role], resources: [], endpoints: [] });
  const folder = codeFolder(home, CODE);
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [join(projectRoot, 'lambda', 'prepare', 'handler.ts')],
    outfile: join(folder, 'index.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    logLevel: 'error',
  });
}

/** The spec that an execution of this name tells a job, with what differs. */
export function specTextOf(pipeline: Pipeline, job: string, execution = 'one', changes: object = {}): string {
  const plan = planOf(pipeline);
  const parameters = Object.fromEntries(Object.entries(plan.parameters).map(([name, rule]) => [name, rule.default]));
  const scope = { platform, pipeline: values, execution: { name: execution }, parameters, files: values.files };
  return JSON.stringify({ ...(fill(plan.jobs[job]?.spec ?? {}, scope) as object), ...changes });
}
