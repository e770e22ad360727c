/** An assembly that the CDK itself made: stages, bundled handlers, the Provider framework, references between stacks. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { App, CfnParameter, CustomResource, Duration, RemovalPolicy, Stack, Stage } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { NodejsFunction } from 'aws-cdk-lib/aws-lambda-nodejs';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import * as ssm from 'aws-cdk-lib/aws-ssm';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId, Provider } from 'aws-cdk-lib/custom-resources';
import { afterAll, describe, expect, test } from 'vitest';
import {
  bucketPath,
  type DeployedResource,
  deploy,
  explain,
  ParameterStore,
} from '../../../local/cloudformation/index.ts';
import { projectRoot } from '../../../local/home.ts';
import { endpoints, temporaryFolder, temporaryHome } from './support.ts';

const handlers = join(import.meta.dirname, 'cdk-handler.ts');

/** Two stacks, the second of which uses the first in every way that a pipeline uses its environment. */
function synthesizeFixture(outdir: string, strength: 'weak' | 'strong', retention: string): void {
  const sources = temporaryFolder();
  mkdirSync(join(sources, 'package'));
  writeFileSync(join(sources, 'package', 'job.py'), 'print()');
  const app = new App({ outdir, context: { '@aws-cdk/core:defaultCrossStackReferences': strength } });
  const stage = new Stage(app, 'dev', { env: { account: '000000000000', region: 'us-east-1' } });

  const streaming = new Stack(stage, 'streaming');
  const security = new CfnParameter(streaming, 'KafkaSecurity', { default: 'iam', allowedValues: ['iam', 'none'] });
  const registryUrl = new CfnParameter(streaming, 'RegistryUrl', { default: 'http://registry.private:8080' });
  new CfnParameter(streaming, 'RegistryWriteUrl', { default: 'http://registry.private:8081' });
  new ec2.Vpc(streaming, 'Network', { availabilityZones: ['us-east-1a', 'us-east-1b'] });
  const bucket = new s3.Bucket(streaming, 'Data', { removalPolicy: RemovalPolicy.DESTROY, autoDeleteObjects: true });
  const table = new dynamodb.Table(streaming, 'Locks', {
    partitionKey: { name: 'pipeline', type: dynamodb.AttributeType.STRING },
  });
  const brokers = new AwsCustomResource(streaming, 'Brokers', {
    installLatestAwsSdk: false,
    policy: AwsCustomResourcePolicy.fromSdkCalls({ resources: ['*'] }),
    onUpdate: {
      service: 'Kafka',
      action: 'getBootstrapBrokers',
      parameters: { ClusterArn: 'arn:aws:kafka:us-east-1:000000000000:cluster/dev/x' },
      physicalResourceId: PhysicalResourceId.of('brokers'),
    },
  });

  const readings = new Stack(stage, 'readings');
  const handler = (id: string, name: string) =>
    new NodejsFunction(readings, id, {
      entry: handlers,
      handler: name,
      runtime: lambda.Runtime.NODEJS_22_X,
      timeout: Duration.seconds(30),
      projectRoot,
      depsLockFilePath: join(projectRoot, 'package-lock.json'),
    });
  const provider = new Provider(readings, 'TopicsProvider', {
    onEventHandler: handler('OnEvent', 'onEvent'),
    isCompleteHandler: handler('IsComplete', 'isComplete'),
    queryInterval: Duration.seconds(2),
  });
  const topics = new CustomResource(readings, 'Topics', {
    resourceType: 'Custom::KafkaTopics',
    serviceToken: provider.serviceToken,
    properties: {
      BootstrapServers: brokers.getResponseField('BootstrapBrokerStringSaslIam'),
      Security: security.valueAsString,
      RegistryUrl: registryUrl.valueAsString,
      Topics: [{ Name: 'readings', Partitions: 4, Configuration: { 'retention.ms': retention } }],
    },
  });
  const job = new Asset(readings, 'Job', { path: join(sources, 'package') });
  new ssm.StringParameter(readings, 'Settings', {
    parameterName: '/test/readings',
    stringValue: readings.toJsonString({
      topics: topics.getAttString('Seen'),
      bucket: bucket.bucketName,
      table: table.tableName,
      job: job.s3ObjectUrl,
    }),
  });
  const definition = readings.toJsonString({
    StartAt: 'Prepare',
    States: { Prepare: { Type: 'Pass', Result: { table: table.tableArn }, End: true } },
  });
  new sfn.StateMachine(readings, 'Workflow', {
    stateMachineName: 'readings',
    definitionBody: sfn.DefinitionBody.fromString(definition),
  });
  app.synth();
}

describe.each(['weak', 'strong'] as const)('an assembly of the CDK with %s references between stacks', (strength) => {
  const outdir = join(projectRoot, 'build', `deploy-test-${process.pid}-${strength}`);

  afterAll(() => rmSync(outdir, { recursive: true, force: true }));

  test('is deployed through its bundled handler, unchanged the second time, updated the third', async () => {
    const home = temporaryHome();
    synthesizeFixture(outdir, strength, '1000');
    const run = () => deploy({ home, assembly: outdir, environment: 'dev', endpoints, progress: () => {} });

    const first = await run();
    const settings = JSON.parse(new ParameterStore(home).get('/test/readings')?.value ?? '{}') as Record<
      string,
      string
    >;
    expect(JSON.parse(decodeURIComponent(settings.topics ?? ''))).toEqual({
      type: 'Create',
      properties: {
        BootstrapServers: endpoints.bootstrapServers,
        Security: 'iam',
        RegistryUrl: endpoints.registryUrl,
        Topics: [{ Name: 'readings', Partitions: '4', Configuration: { 'retention.ms': '1000' } }],
      },
    });
    expect(existsSync(bucketPath(home, settings.job ?? ''))).toBe(true);
    const find = (type: string) => first.deployment.resources.filter((each) => each.type === type);
    const [table] = find('AWS::DynamoDB::Table') as [DeployedResource];
    expect(settings.table).toBe(table.physicalId);
    const workflow = find('AWS::StepFunctions::StateMachine').find((each) => each.attributes.Name === 'readings');
    expect(JSON.parse(String(workflow?.attributes.Definition)).States.Prepare.Result).toEqual({
      table: table.attributes.Arn,
    });

    const second = await run();
    expect(second.changes).toEqual({ created: 0, updated: 0, deleted: 0, unchanged: first.changes.created });

    rmSync(outdir, { recursive: true });
    synthesizeFixture(outdir, strength, '2000');
    const third = await run();
    expect(third.changes).toMatchObject({ created: 0, deleted: 0 });
    const updated = JSON.parse(new ParameterStore(home).get('/test/readings')?.value ?? '{}') as Record<string, string>;
    expect(JSON.parse(decodeURIComponent(updated.topics ?? ''))).toMatchObject({
      type: 'Update',
      old: '1000',
      properties: { Topics: [{ Partitions: '4' }] },
    });
    expect(explain(outdir, 'dev').find((each) => each.type === 'Custom::KafkaTopics')?.where).toBe('local');
  }, 120_000);
});
