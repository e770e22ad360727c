/** The names that a job may not have are those that the state machine uses itself. */
import { expect, test } from 'vitest';
import { workflowDefinition } from '../../../lib/constructs/workflow/definition.ts';
import { planOf } from '../../../lib/declaration/plan.ts';
import { isStepName } from '../../../lib/declaration/reserved-names.ts';
import { tinyPipeline } from './tiny-pipeline.ts';

/** Definition of the tiny pipeline's state machine; what it is given does not matter here. */
function definition() {
  const pipeline = tinyPipeline();
  const start = { roleArn: 'role', entryPoint: 's3://bucket/job.py', submitParameters: '' };
  return workflowDefinition({
    pipeline,
    plan: planOf(pipeline),
    platformParameter: '/platform',
    pipelineParameter: '/pipeline',
    prepareFunctionArn: 'function',
    applicationId: 'application',
    lockTable: 'table',
    bucket: 'bucket',
    logGroup: 'logs',
    jobs: { send: start, count: start, show: start },
  }) as { States: Record<string, { ResultSelector?: Record<string, unknown> }> };
}

/** Names of all states, also of those within others: no two of one machine may have the same. */
function namesOf(states: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(states).flatMap(([name, state]) => [
    name,
    ...namesOf((state as { ItemProcessor?: { States: Record<string, unknown> } }).ItemProcessor?.States ?? {}),
  ]);
}

test('every state and every result of the state machine has a name that no job can take', () => {
  const { States } = definition();
  const ofJobs = ['Send', 'Show', 'send.$', 'count.$', 'countDrain.$', 'show.$'];
  const taken = [...namesOf(States), ...Object.keys(States.Prepare?.ResultSelector ?? {})]
    .filter((name) => !ofJobs.includes(name))
    .map((name) => name.charAt(0).toLowerCase() + name.slice(1).replace('.$', ''));
  expect(taken.length).toBeGreaterThan(50);
  expect(new Set(taken).size).toBe(taken.length);
  expect(taken.filter((name) => !isStepName(name))).toEqual([]);
});

test('a name that says what a job does is free', () => {
  for (const name of ['produce', 'enrich', 'read', 'totalsToCsv', 'listen', 'notify'])
    expect(isStepName(name)).toBe(false);
});
