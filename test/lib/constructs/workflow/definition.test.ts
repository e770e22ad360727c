/** The state machine of a stream that goes on, which no declared pipeline need have. */
import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { workflowDefinition } from '../../../../lib/constructs/workflow/definition.ts';
import { planOf } from '../../../../lib/declaration/plan.ts';
import { tinyPipeline } from '../../declaration/tiny-pipeline.ts';

const pipeline = tinyPipeline((p) => Object.assign(p, { order: { kind: 'continuous', stream: 'count' } }));
const start = { roleArn: 'role', entryPoint: 's3://bucket/job.py', submitParameters: '' };
const definition = workflowDefinition({
  pipeline,
  plan: planOf(pipeline),
  platformParameter: '/platform',
  pipelineParameter: '/pipeline',
  prepareFunctionArn: 'arn:aws:lambda:us-east-1:111111111111:function:prepare',
  applicationId: 'application',
  lockTable: 'table',
  bucket: 'bucket',
  logGroup: 'logs',
  jobs: { send: start, count: start, show: start },
}) as { States: Record<string, { Next?: string; Default?: string; Choices?: { Next: string }[] }> };

describe('the state machine of a continuous order', () => {
  test('is valid, and every state of it can be reached', () => {
    expect(validate(definition).errorsText()).toBe('');
  });

  test('is at its end once the stream runs', () => {
    expect(definition.States.AwaitStreamCheck?.Choices?.[0]).toMatchObject({
      StringEquals: 'RUNNING',
      Next: 'Release',
    });
  });

  test('starts the stream again after the drain of an upgrade, and of no other action', () => {
    expect(definition.States.Drained).toMatchObject({
      Choices: [{ Variable: '$.prepared.action', StringEquals: 'upgrade', Next: 'StartStream' }],
      Default: 'Release',
    });
  });

  test('runs its batch jobs alone only', () => {
    expect(Object.keys(definition.States)).toEqual(expect.arrayContaining(['SendAlone', 'ShowAlone']));
    expect(definition.States).not.toHaveProperty('Send');
    expect(definition.States).not.toHaveProperty('Show');
  });
});
