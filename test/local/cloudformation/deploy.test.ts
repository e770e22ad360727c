/** What happens to custom resources over several deployments: events, order, failures, rollback. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readDeployment } from '../../../local/cloudformation/index.ts';
import { DeploymentBench, functionRole, thing } from './support.ts';

const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.fail('the deployment should have failed'),
    (error) => error as { code: string; message: string; details: string[] },
  );

describe('a first deployment', () => {
  test('sends Create with every scalar as text and remembers what the handler gave', async () => {
    const bench = new DeploymentBench();
    const { deployment, changes } = await bench.deployThings({
      A: thing({ Number: 3, Flag: true, List: [1, { Deep: false }] }),
    });

    const [event] = bench.takeFullEvents();
    expect(event).toMatchObject({
      RequestType: 'Create',
      LogicalResourceId: 'A',
      ResourceType: 'Custom::Thing',
      StackId: 'arn:aws:cloudformation:us-east-1:000000000000:stack/dev-things/local',
      ResourceProperties: { Number: '3', Flag: 'true', List: ['1', { Deep: 'false' }] },
    });
    expect(event).not.toHaveProperty('OldResourceProperties');
    expect(event).not.toHaveProperty('PhysicalResourceId');
    expect(deployment.resources.find((each) => each.logicalId === 'A')).toMatchObject({
      stack: 'dev/things',
      physicalId: 'A',
      attributes: { Count: '7' },
    });
    expect(changes).toEqual({ created: 4, updated: 0, deleted: 0, unchanged: 0 });
    expect(readDeployment(bench.home, 'dev')).toEqual(deployment);
  });

  test('creates in the order of references and DependsOn and passes attributes on', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({
      Last: thing({ Given: { 'Fn::GetAtt': ['First', 'Nested.Part'] } }, { DependsOn: 'Middle' }),
      Middle: thing({}, { DependsOn: ['First'] }),
      First: thing(),
    });
    const events = bench.takeFullEvents();
    expect(events.map((event) => event.LogicalResourceId)).toEqual(['First', 'Middle', 'Last']);
    expect(events[2]?.ResourceProperties.Given).toBe('deep');
  });

  test('asks isComplete until it says so, and joins its data to that of onEvent', async () => {
    const bench = new DeploymentBench();
    const { deployment } = await bench.deployThings({ A: thing() }, { isComplete: true });
    expect(bench.takeEvents()).toEqual(['Create A', 'asked', 'asked', 'asked']);
    expect(deployment.resources.find((each) => each.logicalId === 'A')?.attributes).toMatchObject({
      Count: '7',
      Late: 'yes',
    });
  });

  test('that fails keeps what succeeded, names the failure, and the next one goes on from there', async () => {
    const bench = new DeploymentBench();
    const error = await failure(bench.deployThings({ A: thing(), B: thing({ Fail: 'Create' }, { DependsOn: 'A' }) }));
    expect(error.message).toBe('dev/things B (Custom::Thing) could not be created: Create refused: B');
    expect(bench.takeEvents()).toEqual(['Create A', 'Create B']);
    expect(readDeployment(bench.home, 'dev')).toBeUndefined();

    await bench.deployThings({ A: thing(), B: thing({}, { DependsOn: 'A' }) });
    expect(bench.takeEvents()).toEqual(['Create B']);
  });
});

test('a handler that the framework may not call fails its resource, as does one that has nobody’s role', async () => {
  const bench = new DeploymentBench();
  const { Policies: _, ...properties } = functionRole().Properties ?? {};
  const idle = { Type: 'AWS::IAM::Role', Properties: properties };
  const refused = bench.deployThings({ A: thing() }, { role: idle });
  await expect(refused).rejects.toThrow(
    /A \(Custom::Thing\): dev-things-Role-\w+ may not lambda:InvokeFunction on arn:aws:lambda:.*OnEvent/,
  );
  expect(bench.takeEvents()).toEqual([]);
  const AssumeRolePolicyDocument = { Version: '2012-10-17', Statement: [] };
  const strange = { ...functionRole(), Properties: { ...functionRole().Properties, AssumeRolePolicyDocument } };
  const untrusted = bench.deployThings({ A: thing() }, { role: strange });
  await expect(untrusted).rejects.toThrow('lambda.amazonaws.com may not sts:AssumeRole on ');
  await bench.deployThings({ A: thing() });
  expect(bench.takeEvents()).toEqual(['Create A']);
});

describe('a later deployment', () => {
  test('of the same assembly sends nothing', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({ Value: 1 }) });
    bench.takeEvents();
    const { changes } = await bench.deployThings({ A: thing({ Value: 1 }) });
    expect(bench.takeEvents()).toEqual([]);
    expect(changes).toEqual({ created: 0, updated: 0, deleted: 0, unchanged: 4 });
  });

  test('sends Update with the old and the new properties to what changed, and to nothing else', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({ Value: 1 }), B: thing() });
    bench.takeEvents();
    await bench.deployThings({ A: thing({ Value: 2 }), B: thing() });
    const events = bench.takeFullEvents();
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      RequestType: 'Update',
      PhysicalResourceId: 'A',
      ResourceProperties: { Value: '2' },
      OldResourceProperties: { Value: '1' },
    });
  });

  test('deletes what is gone, dependents first, after everything else', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({
      A: thing(),
      B: thing({}, { DependsOn: 'A' }),
      C: thing({}, { DependsOn: 'B' }),
      Z: thing(),
    });
    bench.takeEvents();
    await bench.deployThings({ Z: thing({ Value: 2 }) });
    expect(bench.takeEvents()).toEqual(['Update Z', 'Delete C', 'Delete B', 'Delete A']);
  });

  test('deletes in the order of the last template, also where a policy stands between', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing() });
    const policy = { Type: 'AWS::IAM::Policy', DependsOn: 'B' };
    await bench.deployThings({ A: thing({}, { DependsOn: 'Policy' }), Policy: policy, B: thing() });
    bench.takeEvents();
    await bench.deployThings({});
    expect(bench.takeEvents()).toEqual(['Delete A', 'Delete B']);
  });

  test('leaves alone what is gone but to be retained', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({}, { DeletionPolicy: 'Retain' }), B: thing() });
    bench.takeEvents();
    const { deployment } = await bench.deployThings({ B: thing() });
    expect(bench.takeEvents()).toEqual([]);
    expect(deployment.resources.map((each) => each.logicalId)).not.toContain('A');
  });

  test('deletes a stack that is gone, with the handlers that it brought itself, before what it refers to', async () => {
    const bench = new DeploymentBench();
    const base = { resources: { Base: thing() }, outputs: { Out: { Value: { 'Fn::GetAtt': ['Base', 'Count'] } } } };
    const reader = { Value: { 'Fn::GetStackOutput': { StackName: 'dev-base', OutputName: 'Out' } } };
    await bench.deployStacks({ base, gone: { resources: { A: thing(reader), B: thing({}, { DependsOn: 'A' }) } } });
    expect(bench.takeFullEvents().find((event) => event.LogicalResourceId === 'A')?.ResourceProperties.Value).toBe('7');

    const { deployment } = await bench.deployStacks({ base: { resources: {} } });
    expect(bench.takeEvents()).toEqual(['Delete B', 'Delete A', 'Delete Base']);
    expect(Object.keys(deployment.outputs)).toEqual(['dev/base']);
  });

  test('of chosen pipelines leaves out the others, but for those that are deployed', async () => {
    const bench = new DeploymentBench();
    const machine = (StateMachineName: string) => ({
      Type: 'AWS::StepFunctions::StateMachine',
      Properties: { StateMachineName, DefinitionString: '{}' },
    });
    const pipeline = (id: string, Value: number) => ({
      resources: { [id]: thing({ Value }), Machine: machine(`dev-${id}`) },
    });
    const stacks = (value: number) => ({
      platform: { resources: { Platform: thing({ Value: value }) } },
      readings: pipeline('Readings', value),
      takings: pipeline('Takings', value),
    });
    await bench.deployStacks(stacks(1), { pipelines: ['readings'] });
    expect(bench.takeEvents()).toEqual(['Create Platform', 'Create Readings']);
    await bench.deployStacks(stacks(2), { pipelines: ['takings'] });
    expect(bench.takeEvents()).toEqual(['Update Platform', 'Update Readings', 'Create Takings']);
    await bench.deployStacks({ ...stacks(2), takings: { resources: {} } }, { pipelines: [] });
    expect(bench.takeEvents()).toEqual(['Delete Takings']);
  });

  test('deletes in a stack what others no longer refer to when these have let go of theirs', async () => {
    const bench = new DeploymentBench();
    const kept = { Kept: thing() };
    await bench.deployStacks({
      base: { resources: { ...kept, Base: thing() } },
      above: { resources: { ...kept, Above: thing() } },
    });
    bench.takeEvents();
    await bench.deployStacks({ base: { resources: kept }, above: { resources: kept } });
    expect(bench.takeEvents()).toEqual(['Delete Above', 'Delete Base']);
  });

  test('tries a Delete again that failed', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({ Fail: 'Delete' }) });
    const error = await failure(bench.deployThings({}));
    expect(error.message).toContain('dev/things A (Custom::Thing) could not be deleted: Delete refused: A');
    bench.takeEvents();
    await failure(bench.deployThings({}));
    expect(bench.takeEvents()).toEqual(['Delete A']);
  });

  test('sends Delete for the old physical id when an Update gives another', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({ Id: 'one' }), B: thing({ Of: { Ref: 'A' } }) });
    bench.takeEvents();
    await bench.deployThings({ A: thing({ Id: 'two' }), B: thing({ Of: { Ref: 'A' } }) });
    const events = bench.takeFullEvents();
    expect(events.map((event) => `${event.RequestType} ${event.PhysicalResourceId}`)).toEqual([
      'Update one',
      'Update B',
      'Delete one',
    ]);
    expect(events[2]?.ResourceProperties.Id).toBe('one');
  });

  test('keeps the replaced one when UpdateReplacePolicy says so', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({ Id: 'one' }) });
    bench.takeEvents();
    await bench.deployThings({ A: thing({ Id: 'two' }, { UpdateReplacePolicy: 'Retain' }) });
    expect(bench.takeEvents()).toEqual(['Update A']);
  });

  test('creates anew what lay in services that lost their data, and only that', async () => {
    const bench = new DeploymentBench();
    const bucket = { Type: 'AWS::S3::Bucket' };
    await bench.deployThings({ A: thing(), Bucket: bucket });
    bench.takeEvents();
    bench.dataId = 'second';
    const { changes } = await bench.deployThings({ A: thing(), Bucket: bucket });
    expect(bench.takeEvents()).toEqual(['Create A']);
    expect(changes).toEqual({ created: 1, updated: 0, deleted: 0, unchanged: 4 });
    await bench.deployThings({ A: thing(), Bucket: bucket });
    expect(bench.takeEvents()).toEqual([]);
  });
});

describe('an update that fails', () => {
  test('is rolled back: what failed and what was updated return, what was created is deleted', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({ Value: 1 }), B: thing({ Value: 1 }, { DependsOn: 'A' }) });
    const before = readDeployment(bench.home, 'dev');
    bench.takeEvents();

    const error = await failure(
      bench.deployThings({
        A: thing({ Value: 2 }),
        New: thing({}, { DependsOn: 'A' }),
        B: thing({ Value: 2, Fail: 'Update' }, { DependsOn: 'New' }),
      }),
    );

    expect(error.message).toBe('dev/things B (Custom::Thing) could not be updated: Update refused: B');
    const events = bench.takeFullEvents();
    expect(
      events.map((event) => `${event.RequestType} ${event.LogicalResourceId} ${event.ResourceProperties.Value}`),
    ).toEqual(['Update A 2', 'Create New undefined', 'Update B 2', 'Update A 1', 'Update B 1', 'Delete New undefined']);
    expect(events[4]?.OldResourceProperties).toMatchObject({ Value: '2', Fail: 'Update' });
    expect(readDeployment(bench.home, 'dev')).toEqual(before);
    expect(error.details).toContain('dev/things A (Custom::Thing) was returned to what it was.');
  });

  test('leaves what it had created and is to be retained', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({ Value: 1 }) });
    bench.takeEvents();
    const retained = thing({}, { DeletionPolicy: 'Retain' });
    await failure(bench.deployThings({ New: retained, A: thing({ Value: 2, Fail: 'Update' }, { DependsOn: 'New' }) }));
    expect(bench.takeEvents()).toEqual(['Create New', 'Update A', 'Update A']);
  });

  test('says what could not be taken back, and remembers the truth', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({ Value: 1, FailReturn: true }), B: thing({}, { DependsOn: 'A' }) });
    const error = await failure(
      bench.deployThings({ A: thing({ Value: 2, Fail: 'never' }), B: thing({ Fail: 'Update' }, { DependsOn: 'A' }) }),
    );
    expect(error.message).toContain('Update refused: B');
    expect(error.details.join()).toContain('cannot go back');
    const kept = readDeployment(bench.home, 'dev')?.resources.find((each) => each.logicalId === 'A');
    expect(kept?.properties.Value).toBe(2);
  });

  test('gives a replaced resource back and deletes its replacement', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({ Id: 'one' }), B: thing({}, { DependsOn: 'A' }) });
    bench.takeEvents();
    await failure(bench.deployThings({ A: thing({ Id: 'two' }), B: thing({ Fail: 'Update' }, { DependsOn: 'A' }) }));
    expect(bench.takeFullEvents().map((event) => `${event.RequestType} ${event.PhysicalResourceId}`)).toEqual([
      'Update one',
      'Update B',
      'Update two',
      'Update B',
      'Delete two',
    ]);
    expect(readDeployment(bench.home, 'dev')?.resources.find((each) => each.logicalId === 'A')?.physicalId).toBe('one');
  });

  test('deletes what a Create left behind that never became complete', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing() }, { isComplete: true });
    bench.takeEvents();
    await failure(bench.deployThings({ A: thing(), New: thing({ FailLate: true, Id: 'half' }) }, { isComplete: true }));
    const events = bench.takeFullEvents().filter((event) => event.RequestType);
    expect(events.map((event) => `${event.RequestType} ${event.PhysicalResourceId}`)).toEqual([
      'Create undefined',
      'Delete half',
    ]);
  });

  test('returns to the last complete state even when the process was killed in between', async () => {
    const bench = new DeploymentBench();
    await bench.deployThings({ A: thing({ Value: 1 }), B: thing({}, { DependsOn: 'A' }) });
    bench.takeEvents();
    const interruption = new AbortController();
    const watched = bench.deployStacks(
      { things: { resources: { A: thing({ Value: 2 }), B: thing({ Value: 2 }, { DependsOn: 'A' }) } } },
      { signal: interruption.signal },
    );
    const state = () => readFileSync(join(bench.home.state, 'dev.json'), 'utf8');
    while (!state().includes('"Value": 2')) await new Promise((resolve) => setTimeout(resolve, 1));
    interruption.abort(new Error('interrupted'));
    expect((await failure(watched)).message).toBe('interrupted');
    bench.takeEvents();

    await failure(bench.deployThings({ A: thing({ Value: 2 }), B: thing({ Fail: 'Update' }, { DependsOn: 'A' }) }));
    const events = bench.takeFullEvents();
    expect(
      events.map((event) => `${event.RequestType} ${event.LogicalResourceId} ${event.ResourceProperties.Value}`),
    ).toContain('Update A 1');
  });

  test('in one stack leaves the stacks before it deployed', async () => {
    const bench = new DeploymentBench();
    const first = (value: number) => ({ resources: { A: thing({ Value: value }) } });
    await bench.deployStacks({ first: first(1), second: { resources: { B: thing() } } });
    bench.takeEvents();
    await failure(bench.deployStacks({ first: first(2), second: { resources: { B: thing({ Fail: 'Update' }) } } }));
    expect(bench.takeEvents()).toEqual(['Update A', 'Update B', 'Update B']);
  });
});
