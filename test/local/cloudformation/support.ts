/**
 * What the tests of the local deployment share: a home of their own, hand-made cloud assemblies, and a handler of custom resources that notes the
 * events it gets and behaves as its properties say.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type DeployOptions, deploy } from '../../../local/cloudformation/index.ts';
import type { Template } from '../../../local/cloudformation/template.ts';
import { type Home, millraceHome } from '../../../local/home.ts';

/** A folder that is deleted when the test ends. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-deploy-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A home of the test's own. */
export function temporaryHome(): Home {
  return millraceHome(temporaryFolder());
}

/** One stack of a hand-made assembly. */
export interface StackFixture {
  readonly name: string;
  readonly template: Template;
  /** Folders and files below the assembly: path by object key. */
  readonly assets?: Readonly<Record<string, { path: string; packaging: 'zip' | 'file' }>>;
}

const version = '55.0.0';
export const assetBucket = 'assets-000000000000-us-east-1';

/** Writes an assembly with one environment, `dev`, each of whose stacks depends on the one before. */
export function writeAssembly(folder: string, stacks: readonly StackFixture[]): string {
  const nested = join(folder, 'assembly-dev');
  mkdirSync(nested, { recursive: true });
  const artifacts: Record<string, unknown> = {};
  for (const [index, stack] of stacks.entries()) {
    const previous = stacks[index - 1];
    const files = Object.entries(stack.assets ?? {}).map(([key, { path, packaging }]) => [
      key,
      {
        displayName: key,
        source: { path: join('..', path), packaging },
        destinations: { here: { bucketName: assetBucket, objectKey: key } },
      },
    ]);
    writeFileSync(join(nested, `${stack.name}.template.json`), JSON.stringify(stack.template));
    writeFileSync(
      join(nested, `${stack.name}.assets.json`),
      JSON.stringify({ version, files: Object.fromEntries(files) }),
    );
    artifacts[`${stack.name}.assets`] = {
      type: 'cdk:asset-manifest',
      properties: { file: `${stack.name}.assets.json` },
    };
    artifacts[stack.name] = {
      type: 'aws:cloudformation:stack',
      environment: 'aws://unknown-account/unknown-region',
      displayName: `dev/${stack.name}`,
      properties: { templateFile: `${stack.name}.template.json`, stackName: `dev-${stack.name}` },
      dependencies: [`${stack.name}.assets`, ...(previous ? [previous.name] : [])],
    };
  }
  writeFileSync(join(nested, 'manifest.json'), JSON.stringify({ version, artifacts }));
  const stage = { type: 'cdk:cloud-assembly', properties: { directoryName: 'assembly-dev', displayName: 'dev' } };
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ version, artifacts: { 'assembly-dev': stage } }));
  return folder;
}

export const endpoints = { bootstrapServers: '127.0.0.1:9092', registryUrl: 'http://127.0.0.1:8080' };

/** Parameters that some stack of an assembly has to declare. */
export const localParameters = {
  KafkaSecurity: { Type: 'String', Default: 'iam' },
  RegistryWriteUrl: { Type: 'String', Default: 'http://registry.private:8081' },
  RegistryUrl: { Type: 'String', Default: 'http://private.example:8080' },
};

/** Notes each event in the file `EVENTS`; properties of the resource say how to behave. */
const handlerCode = `
const { appendFileSync, readFileSync } = require('node:fs');
const note = (event) => appendFileSync(process.env.EVENTS, JSON.stringify(event) + '\\n');
exports.onEvent = async (event) => {
  note(event);
  const { Fail, Id, FailReturn } = event.ResourceProperties;
  if (Fail === event.RequestType) throw new RangeError(event.RequestType + ' refused: ' + event.LogicalResourceId);
  if (FailReturn && event.OldResourceProperties && event.OldResourceProperties.Fail) throw new Error('cannot go back');
  return { PhysicalResourceId: Id ?? event.LogicalResourceId, Data: { Count: '7', Nested: { Part: 'deep' } } };
};
exports.isComplete = async (event) => {
  const asked = readFileSync(process.env.EVENTS, 'utf8').split('\\n').filter((line) => line.includes('"asked"')).length;
  note({ asked: event.PhysicalResourceId });
  if (event.ResourceProperties.FailLate) throw new Error('never ready');
  return asked < 2 ? { IsComplete: false } : { IsComplete: true, Data: { Late: 'yes' } };
};
`;

/** A role of functions that may call functions. */
export const functionRole = (RoleName?: string): Template['Resources'][string] => {
  const policy = (statement: object) => ({ Version: '2012-10-17', Statement: { Effect: 'Allow', ...statement } });
  return {
    Type: 'AWS::IAM::Role',
    Properties: {
      ...(RoleName && { RoleName }),
      AssumeRolePolicyDocument: policy({ Action: 'sts:AssumeRole', Principal: { Service: 'lambda.amazonaws.com' } }),
      Policies: [{ PolicyName: 'calls', PolicyDocument: policy({ Action: 'lambda:InvokeFunction', Resource: '*' }) }],
    },
  };
};

/** The functions of a custom resource's provider, as the CDK's framework lays them out. */
export function providerResources(
  events: string,
  options: { isComplete?: boolean; version?: string; role?: Template['Resources'][string] } = {},
): Template['Resources'] {
  const Role = { 'Fn::GetAtt': ['Role', 'Arn'] };
  const user = (handler: string) => ({
    Type: 'AWS::Lambda::Function',
    Properties: {
      Role,
      Code: { S3Bucket: assetBucket, S3Key: 'handler.zip' },
      Handler: handler,
      Runtime: 'nodejs22.x',
      Environment: { Variables: { EVENTS: events, VERSION: options.version ?? '1' } },
    },
  });
  const isComplete = options.isComplete
    ? { USER_IS_COMPLETE_FUNCTION_ARN: { 'Fn::GetAtt': ['IsComplete', 'Arn'] } }
    : {};
  return {
    Role: options.role ?? functionRole(),
    Framework: {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Role,
        Code: { ZipFile: 'throw new Error("the framework itself is not run here")' },
        Handler: 'framework.onEvent',
        Runtime: 'nodejs22.x',
        Environment: { Variables: { USER_ON_EVENT_FUNCTION_ARN: { 'Fn::GetAtt': ['OnEvent', 'Arn'] }, ...isComplete } },
      },
    },
    OnEvent: user('index.onEvent'),
    ...(options.isComplete ? { IsComplete: user('index.isComplete') } : {}),
  };
}

/** A custom resource of that provider. */
export function thing(
  properties: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): Template['Resources'][string] {
  return {
    Type: 'Custom::Thing',
    Properties: { ServiceToken: { 'Fn::GetAtt': ['Framework', 'Arn'] }, ...properties },
    ...more,
  };
}

/** What the handler was given; of `isComplete` only that it was asked. */
export interface NotedEvent {
  readonly RequestType?: string;
  readonly LogicalResourceId?: string;
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties: Readonly<Record<string, unknown>>;
  readonly OldResourceProperties?: Readonly<Record<string, unknown>>;
}

/** A place in which assemblies with custom resources are deployed one after the other. */
export class DeploymentBench {
  readonly home = temporaryHome();
  readonly folder = temporaryFolder();
  readonly eventsFile = join(this.folder, 'events.jsonl');
  readonly lines: string[] = [];
  /** Names the data of the services. */
  dataId = 'first';

  constructor() {
    mkdirSync(join(this.folder, 'asset.handler'));
    writeFileSync(join(this.folder, 'asset.handler', 'index.js'), handlerCode);
  }

  /** Deploys one stack, `things`, with a provider and these resources. */
  async deployThings(
    resources: Template['Resources'],
    options: { isComplete?: boolean; outputs?: Template['Outputs']; role?: Template['Resources'][string] } = {},
  ) {
    return this.deployStacks({ things: { resources, ...options } });
  }

  /** Deploys stacks by name, each with a provider of its own. */
  async deployStacks(
    stacks: Record<
      string,
      {
        resources: Template['Resources'];
        isComplete?: boolean;
        outputs?: Template['Outputs'];
        role?: Template['Resources'][string];
      }
    >,
    { signal, pipelines }: Pick<DeployOptions, 'signal' | 'pipelines'> = {},
  ) {
    const fixtures = Object.entries(stacks).map(([name, stack]) => ({
      name,
      assets: { 'handler.zip': { path: 'asset.handler', packaging: 'zip' as const } },
      template: {
        Parameters: localParameters,
        Resources: { ...stack.resources, ...providerResources(this.eventsFile, stack) },
        Outputs: stack.outputs ?? {},
      },
    }));
    const assembly = writeAssembly(this.folder, fixtures);
    const progress = (line: string) => this.lines.push(line);
    return deploy({
      home: this.home,
      assembly,
      environment: 'dev',
      endpoints: { ...endpoints, dataId: this.dataId },
      progress,
      signal,
      pipelines,
    });
  }

  /** The events so far, each as `Create A`; clears them. */
  takeEvents(): string[] {
    return this.takeFullEvents().map((event) =>
      event.RequestType ? `${event.RequestType} ${event.LogicalResourceId}` : 'asked',
    );
  }

  takeFullEvents(): NotedEvent[] {
    if (!existsSync(this.eventsFile)) return [];
    const lines = readFileSync(this.eventsFile, 'utf8').split('\n').filter(Boolean);
    rmSync(this.eventsFile);
    return lines.map((line) => JSON.parse(line) as NotedEvent);
  }
}
