/** What single resources become on this machine, and what is refused. */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: CloudFormation writes substitutions so.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { strFromU8, unzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { BucketStore, bucketPath, deploy, ParameterStore, TableStore } from '../../../local/cloudformation/index.ts';
import type { Template } from '../../../local/cloudformation/template.ts';
import {
  assetBucket,
  endpoints,
  functionRole,
  localParameters,
  type StackFixture,
  temporaryFolder,
  temporaryHome,
  writeAssembly,
} from './support.ts';

const setUp = () => {
  const home = temporaryHome();
  const folder = temporaryFolder();
  const lines: string[] = [];
  const deployStacks = (...stacks: StackFixture[]) =>
    deploy({
      home,
      assembly: writeAssembly(folder, stacks),
      environment: 'dev',
      endpoints,
      progress: (line) => lines.push(line),
    });
  const deployResources = (Resources: Template['Resources'], more: Partial<Template> = {}) =>
    deployStacks({ name: 'one', template: { Parameters: localParameters, Resources, ...more } });
  return { home, folder, lines, deployStacks, deployResources };
};

const text = (Value: unknown) => ({
  Type: 'AWS::SSM::Parameter',
  Properties: { Name: '/test/value', Type: 'String', Value },
});

describe('parameters', () => {
  test('get the endpoints of this machine through the parameters of the stacks', async () => {
    const { home, deployResources } = setUp();
    await deployResources({ P: text({ 'Fn::Join': [' ', [{ Ref: 'KafkaSecurity' }, { Ref: 'RegistryUrl' }]] }) });
    expect(new ParameterStore(home).get('/test/value')).toMatchObject({
      value: 'iam http://127.0.0.1:8080',
    });
  });

  test('follow the template, and go with it', async () => {
    const { home, deployResources } = setUp();
    await deployResources({ P: text('one') });
    await deployResources({ P: text('two') });
    expect(new ParameterStore(home).get('/test/value')).toMatchObject({ value: 'two' });
    await deployResources({});
    expect(new ParameterStore(home).get('/test/value')).toBeUndefined();
  });

  test('of more than 4 KB are refused, as on AWS', async () => {
    await expect(setUp().deployResources({ P: text('é'.repeat(2049)) })).rejects.toThrow(
      /dev\/one P \(AWS::SSM::Parameter\): the value has 4098 bytes.*at most 4096/,
    );
  });

  test('cannot hold what only AWS knows', async () => {
    const { deployResources } = setUp();
    const error = deployResources({
      Group: { Type: 'AWS::EC2::SecurityGroup' },
      P: text({ 'Fn::GetAtt': ['Group', 'GroupId'] }),
    });
    await expect(error).rejects.toThrow(
      'dev/one P (AWS::SSM::Parameter): Properties.Value needs GroupId of dev/one Group (AWS::EC2::SecurityGroup), which has a value only on AWS',
    );
  });
});

describe('conditions, mappings and outputs', () => {
  test('decide what exists', async () => {
    const { deployResources } = setUp();
    const { deployment } = await deployResources(
      { Yes: { ...text('1'), Condition: 'Local' }, No: { Type: 'AWS::SSM::Parameter', Condition: 'Cloud' } },
      {
        Conditions: {
          Cloud: { 'Fn::Equals': [{ Ref: 'RegistryUrl' }, localParameters.RegistryUrl.Default] },
          Local: { 'Fn::Not': [{ Condition: 'Cloud' }] },
        },
        Outputs: { Never: { Value: { Ref: 'No' }, Condition: 'Cloud' }, Always: { Value: { Ref: 'Yes' } } },
      },
    );
    expect(deployment.resources.map((each) => each.logicalId)).toEqual(['Yes']);
    expect(deployment.outputs).toEqual({ 'dev/one': { Always: '/test/value' } });
  });

  test('carry exports and outputs from stack to stack, markers included', async () => {
    const { home, deployStacks } = setUp();
    const first: Template = {
      Parameters: localParameters,
      Resources: { Bucket: { Type: 'AWS::S3::Bucket' }, Vpc: { Type: 'AWS::EC2::VPC' } },
      Outputs: {
        Name: { Value: { Ref: 'Bucket' }, Export: { Name: { 'Fn::Sub': '${AWS::StackName}:bucket' } } },
        Vpc: { Value: { Ref: 'Vpc' } },
      },
    };
    const imported = { 'Fn::ImportValue': 'dev-first:bucket' };
    await deployStacks(
      { name: 'first', template: first },
      { name: 'second', template: { Resources: { P: text(imported) } } },
    );
    expect(new ParameterStore(home).get('/test/value')?.value).toMatch(/^dev-first-bucket-[0-9a-f]{8}$/);

    const unknown = { 'Fn::GetStackOutput': { StackName: 'dev-first', OutputName: 'Vpc' } };
    const error = deployStacks(
      { name: 'first', template: first },
      { name: 'second', template: { Resources: { P: text(unknown) } } },
    );
    await expect(error).rejects.toThrow('needs Ref of dev/first Vpc (AWS::EC2::VPC)');
  });

  test('a value that a parameter does not allow is refused', async () => {
    const RegistryUrl = { Type: 'String', Default: 'http://a', AllowedValues: ['http://a', 'http://b'] };
    const error = setUp().deployResources(
      { P: text({ Ref: 'RegistryUrl' }) },
      { Parameters: { ...localParameters, RegistryUrl } },
    );
    await expect(error).rejects.toThrow(
      `dev/one: the parameter RegistryUrl is "${endpoints.registryUrl}". Allowed: http://a, http://b.`,
    );
  });

  test('an environment that cannot be told of the local services is refused', async () => {
    await expect(setUp().deployResources({}, { Parameters: {} })).rejects.toThrow(
      'No stack declares the CloudFormation parameter RegistryUrl or RegistryWriteUrl',
    );
  });

  test('the value of a parameter of the Parameter Store is looked up', async () => {
    const { home, deployResources } = setUp();
    new ParameterStore(home).put('/given', 'from the store');
    const Given = { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/given' };
    await deployResources({ P: text({ Ref: 'Given' }) }, { Parameters: { ...localParameters, Given } });
    expect(new ParameterStore(home).get('/test/value')?.value).toBe('from the store');
  });
});

describe('resources', () => {
  test('that are not known are all named, and nothing is deployed', async () => {
    const { home, deployResources } = setUp();
    const error = deployResources({
      P: text('x'),
      Stream: { Type: 'AWS::Kinesis::Stream' },
      Db: { Type: 'AWS::Neptune::DBCluster' },
    });
    await expect(error).rejects.toThrow(
      /dev\/one Stream \(AWS::Kinesis::Stream\); dev\/one Db \(AWS::Neptune::DBCluster\)/,
    );
    expect(readdirSync(home.parameters)).toEqual([]);
  });

  test('with roles, and log groups that stay on AWS, know their names and ARNs', async () => {
    const { home, deployResources } = setUp();
    await deployResources({
      Role: functionRole(),
      Fn: {
        Type: 'AWS::Lambda::Function',
        Properties: { Code: { ZipFile: '' }, Handler: 'index.handler', Runtime: 'nodejs22.x' },
      },
      Logs: {
        Type: 'AWS::Logs::LogGroup',
        Properties: { LogGroupName: { 'Fn::Join': ['', ['/aws/lambda/', { Ref: 'Fn' }]] } },
      },
      P: text({ 'Fn::Join': [' ', [{ 'Fn::GetAtt': ['Role', 'Arn'] }, { Ref: 'Logs' }]] }),
    });
    expect(new ParameterStore(home).get('/test/value')?.value).toMatch(
      /^arn:aws:iam::000000000000:role\/dev-one-Role-[0-9a-f]{8} \/aws\/lambda\/dev-one-Fn-[0-9a-f]{8}$/,
    );
  });

  test.each(['AWS::MSK::ServerlessCluster', 'AWS::MSK::Cluster'])(
    'of EMR, MSK (%s) and Step Functions are recorded under ids that stay the same',
    async (clusterType) => {
      const { deployResources } = setUp();
      const resources = (version: string) => ({
        App: {
          Type: 'AWS::EMRServerless::Application',
          Properties: { Name: 'spark', Type: 'SPARK', ReleaseLabel: version },
        },
        Cluster: { Type: clusterType, Properties: { ClusterName: 'dev' } },
        Machine: {
          Type: 'AWS::StepFunctions::StateMachine',
          Properties: {
            StateMachineName: 'readings',
            DefinitionString: {
              'Fn::Join': [
                '',
                ['{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"', { Ref: 'App' }, ' ${Who}","End":true}}}'],
              ],
            },
            DefinitionSubstitutions: { Who: { 'Fn::GetAtt': ['Cluster', 'Arn'] } },
          },
        },
      });
      const first = await deployResources(resources('emr-spark-8.0.0'));
      const second = await deployResources(resources('emr-spark-8.1.0'));
      const ids = ({ deployment }: typeof first) => deployment.resources.map((each) => each.physicalId);
      expect(ids(second)).toEqual(ids(first));
      expect(second.changes).toEqual({ created: 0, updated: 1, deleted: 0, unchanged: 2 });
      const [app, cluster, machine] = second.deployment.resources;
      expect(cluster?.attributes.Arn).toMatch(
        /^arn:aws:kafka:us-east-1:000000000000:cluster\/dev\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}-s1$/,
      );
      expect(machine?.physicalId).toBe('arn:aws:states:us-east-1:000000000000:stateMachine:readings');
      expect(JSON.parse(String(machine?.attributes.Definition)).States.A.Result).toBe(
        `${app?.physicalId} ${cluster?.physicalId}`,
      );
    },
  );

  test('a state machine whose definition holds what only AWS knows is refused', async () => {
    const definition = { 'Fn::Join': ['', ['{"StartAt":"', { Ref: 'Group' }, '"}']] };
    const error = setUp().deployResources({
      Group: { Type: 'AWS::EC2::SecurityGroup' },
      M: {
        Type: 'AWS::StepFunctions::StateMachine',
        Properties: { DefinitionString: definition, RoleArn: { Ref: 'Group' } },
      },
    });
    await expect(error).rejects.toThrow(
      'dev/one M (AWS::StepFunctions::StateMachine): Properties.DefinitionString needs Ref of dev/one Group',
    );
  });

  test('a container service that is not the registry is refused', async () => {
    await expect(setUp().deployResources({ Web: { Type: 'AWS::ECS::Service' } })).rejects.toThrow(
      /dev\/one Web .*only container service/,
    );
  });

  test('tables keep their items over deployments and get a new name with a new key', async () => {
    const { home, deployResources } = setUp();
    const table = (key: string) => ({
      T: { Type: 'AWS::DynamoDB::Table', Properties: { KeySchema: [{ AttributeName: key, KeyType: 'HASH' }] } },
    });
    const name = (result: Awaited<ReturnType<typeof deployResources>>) =>
      result.deployment.resources[0]?.physicalId ?? '';
    const first = name(await deployResources(table('id')));
    await new TableStore(home, first).putItem({ id: { S: 'a' } });
    expect(name(await deployResources(table('id')))).toBe(first);
    expect(await new TableStore(home, first).getItem({ id: { S: 'a' } })).toEqual({ id: { S: 'a' } });
    const second = name(await deployResources(table('other')));
    expect(second).not.toBe(first);
    expect(new TableStore(home, first).exists()).toBe(false);
  });
});

describe('buckets', () => {
  const bucket = (emptied: boolean): Template['Resources'] => ({
    Data: { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'millrace-data' } },
    ...(emptied
      ? {
          Empty: {
            Type: 'Custom::S3AutoDeleteObjects',
            Properties: { ServiceToken: 'unused', BucketName: { Ref: 'Data' } },
          },
        }
      : {}),
  });

  test('that are to be emptied go with their objects', async () => {
    const { home, deployResources } = setUp();
    await deployResources(bucket(true));
    mkdirSync(bucketPath(home, 's3://millrace-data/deep'));
    writeFileSync(bucketPath(home, 's3://millrace-data/deep/object'), 'x');
    await deployResources({});
    expect(new BucketStore(home).exists('millrace-data')).toBe(false);
  });

  test('with objects are not deleted otherwise, as on AWS', async () => {
    const { home, deployResources } = setUp();
    await deployResources(bucket(false));
    writeFileSync(bucketPath(home, 's3://millrace-data/object'), 'x');
    await expect(deployResources({})).rejects.toThrow(
      /dev\/one Data \(AWS::S3::Bucket\) could not be deleted: The bucket millrace-data is not empty/,
    );
    expect(existsSync(bucketPath(home, 's3://millrace-data/object'))).toBe(true);
  });
});

describe('assets', () => {
  test('lie in their bucket: files as they are, folders as archives', async () => {
    const { home, folder, deployStacks } = setUp();
    mkdirSync(join(folder, 'asset.package', 'readings'), { recursive: true });
    writeFileSync(join(folder, 'asset.package', 'readings', 'transforms.py'), 'x = 1');
    writeFileSync(join(folder, 'asset.job.py'), 'print()');
    const assets = {
      'p.zip': { path: 'asset.package', packaging: 'zip' as const },
      'j.py': { path: 'asset.job.py', packaging: 'file' as const },
    };
    await deployStacks({ name: 'one', template: { Parameters: localParameters, Resources: {} }, assets });
    const archive = unzipSync(readFileSync(bucketPath(home, `s3://${assetBucket}/p.zip`)));
    expect(Object.entries(archive).map(([name, content]) => [name, strFromU8(content)])).toEqual([
      ['readings/transforms.py', 'x = 1'],
    ]);
    expect(readFileSync(bucketPath(home, `s3://${assetBucket}/j.py`), 'utf8')).toBe('print()');
  });

  test('that are missing in the assembly are named', async () => {
    const assets = { 'j.py': { path: 'asset.gone.py', packaging: 'file' as const } };
    const error = setUp().deployStacks({
      name: 'one',
      template: { Parameters: localParameters, Resources: {} },
      assets,
    });
    await expect(error).rejects.toThrow(/dev\/one: the asset j.py is missing: .*asset.gone.py/);
  });
});

describe('calls of AWS in custom resources', () => {
  const call = (service: string, action: string, phase = 'Create') => ({
    Type: 'Custom::AWS',
    Properties: {
      ServiceToken: 'unused',
      [phase]: JSON.stringify({ service, action, physicalResourceId: { id: 'call' }, parameters: {} }),
    },
  });

  test('for the brokers get those of this machine', async () => {
    const { home, deployResources } = setUp();
    await deployResources({
      B: call('Kafka', 'getBootstrapBrokers'),
      P: text({ 'Fn::GetAtt': ['B', 'BootstrapBrokerStringSaslIam'] }),
    });
    expect(new ParameterStore(home).get('/test/value')?.value).toBe('127.0.0.1:9092');
  });

  test('that nobody answers here are refused by name', async () => {
    await expect(setUp().deployResources({ X: call('SNS', 'publish') })).rejects.toThrow(
      'dev/one X (Custom::AWS): at Create it calls SNS.publish, which has no counterpart on this machine',
    );
  });
});
