/** What of the stacks waits for what, and what is told to whom. */
import { describe, expect, test } from 'vitest';
import { dev } from '../../../config/dev.ts';
import { at, listAt } from '../../aws/support/json.ts';
import clients from '../../clients/pipelines/clients/pipeline.ts';
import readings from '../../readings/pipelines/readings/pipeline.ts';
import { resourcesOf, templatesOf } from '../support/templates.ts';

const workers = { count: 1, cores: 2, memory: 4 } as const;
const {
  network,
  processing,
  readings: template,
  clients: withStreams,
} = templatesOf({
  environment: { spark: { ...dev.spark, warm: { drivers: workers, executors: { ...workers, count: 3 } } } },
  pipelines: [readings, clients],
});
const withoutHash = (id: string) => id.replace(/[0-9A-F]{8}$/, '');
/** What the resource whose id begins so waits for. */
const waitsFor = (of: typeof template, type: string, begin: string): string[] => {
  const found = Object.entries(of?.findResources(type) ?? {}).find(([id]) => id.startsWith(begin));
  return [found?.[1].DependsOn ?? []].flat().map(withoutHash);
};

describe('nothing begins before what it needs', () => {
  test('no execution before its topics', () => {
    expect(waitsFor(template, 'AWS::StepFunctions::StateMachine', 'Workflow')).toContain('ContractsTopics');
  });

  test('no worker of Spark before its way to S3', () => {
    expect(waitsFor(processing, 'AWS::EMRServerless::Application', 'Spark')).toEqual(
      expect.arrayContaining(['ObjectsFromWorkers', 'ObjectsGateway']),
    );
  });

  test('no bucket is emptied by a function without rights, nor left by one that has lost them', () => {
    expect(waitsFor(processing, 'Custom::EmptiedBucket', 'Data')).toEqual(
      expect.arrayContaining(['DataEmptiedHandlerRoleDefaultPolicy', 'DataEmptiedHandlerFrameworkRoleDefaultPolicy']),
    );
  });

  test('no wait for topics by a state machine without rights', () => {
    expect(waitsFor(template, 'AWS::StepFunctions::StateMachine', 'ContractsTopicsHandler')).toContain(
      'ContractsTopicsHandlerWaiterPolicy',
    );
  });
});

test('workers that an environment keeps warm are those of the application', () => {
  const [application] = Object.values(resourcesOf(processing, 'AWS::EMRServerless::Application'));
  const kept = listAt(application, 'InitialCapacity').map((one) => [at(one, 'Key'), at(one, 'Value.WorkerCount')]);
  expect(kept).toEqual([
    ['Driver', 1],
    ['Executor', 3],
  ]);
});

test('who reads the data is written down where S3 may write, for this account alone', () => {
  const [bucket] = Object.entries(resourcesOf(processing, 'AWS::S3::Bucket')).filter(([id]) => id.startsWith('Data'));
  expect(at(bucket?.[1], 'LoggingConfiguration.LogFilePrefix')).toBe('data/');
  const [policy] = Object.values(resourcesOf(network, 'AWS::S3::BucketPolicy'));
  const ofLogging = listAt(policy, 'PolicyDocument.Statement').find(
    (statement) => at(statement, 'Principal.Service') === 'logging.s3.amazonaws.com',
  );
  expect(JSON.stringify(at(ofLogging, 'Resource'))).toContain('"/data/*"');
  expect(at(ofLogging, 'Condition')).toEqual({ StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } });
});

test('tables of datasets are decided about by IAM alone', () => {
  const [database] = Object.values(resourcesOf(processing, 'AWS::Glue::Database'));
  expect(at(database, 'DatabaseInput.CreateTableDefaultPermissions')).toEqual([
    { Permissions: ['ALL'], Principal: { DataLakePrincipalIdentifier: 'IAM_ALLOWED_PRINCIPALS' } },
  ]);
});

test('who cleans up is told the application, the locks and the name of the pipeline', () => {
  const functions = Object.entries(resourcesOf(template, 'AWS::Lambda::Function'));
  const [, cleanUp] = functions.find(([id]) => id.startsWith('WorkflowCleanUpFunction')) ?? [];
  const told = at(cleanUp, 'Environment.Variables') as Record<string, unknown>;
  expect(told.PIPELINE).toBe('readings');
  expect(JSON.stringify(told.APPLICATION_ID)).toContain('ApplicationId');
  expect(JSON.stringify(told.LOCK_TABLE)).toContain('Locks');
});

test('the command that is shown says what it does', () => {
  const said = (of: typeof template) => of?.toJSON().Outputs.StartCommand.Description;
  expect([said(template), said(withStreams)]).toEqual(['Runs the pipeline with its sample data', 'Starts the streams']);
});

test('a registry is measured, without the metrics of each container, which cost more', () => {
  const clusters = Object.values(resourcesOf(templatesOf({ pipelines: [] }).streaming, 'AWS::ECS::Cluster'));
  expect(clusters.flatMap((cluster) => listAt(cluster, 'ClusterSettings'))).toEqual([
    { Name: 'containerInsights', Value: 'enabled' },
  ]);
});
