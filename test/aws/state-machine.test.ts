/**
 * The state machine of each pipeline as it was synthesized: its form, a whole run of it with what is deployed beside it,
 * and what it logs. Every branch is executed by the tests of the workflow construct.
 */
import validate from 'asl-validator';
import { describe, expect, it } from 'vitest';
import { orderOf } from '../../lib/declaration/flow.ts';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { drainOf } from '../../lib/declaration/names.ts';
import { concrete, ofType } from './support/concrete.ts';
import { definitionOf, execute, parametersOf, statesOf } from './support/machine.ts';
import { askPython } from './support/python.ts';
import { requestOf } from './support/requests.ts';
import { environmentNames, stacksOf } from './support/stacks.ts';

const pipelines = await loadPipelines();
const machines = environmentNames.flatMap((environment) => {
  const resources = concrete(stacksOf(environment));
  return pipelines.map((pipeline) => ({ place: `${environment}/${pipeline.name}`, pipeline, resources }));
});

describe.each(machines)('the machine of $place', ({ pipeline, resources }) => {
  const definition = definitionOf(resources, pipeline.name);

  it('is valid, and has 45 states', () => {
    expect(validate(definition as never).errorsText()).toBe('');
    expect(statesOf(definition).size).toBe(45);
  });

  it('runs the whole pipeline in the order that follows from its declaration, with requests that AWS takes', async () => {
    const { streams, during, after } = orderOf(pipeline);
    const { calls, runs, error, cause } = await execute(definition, {
      parameters: parametersOf(resources),
      input: { action: 'run' },
    });
    expect(error, cause).toBeUndefined();
    expect(runs.done).toEqual([
      ...streams.map((job) => `start ${job}`),
      ...during.map((job) => `start ${job}`),
      ...streams.map((job) => `cancel ${job}`),
      ...streams.map((job) => `start ${drainOf(job)}`),
      ...after.map((job) => `start ${job}`),
    ]);
    const states = statesOf(definition);
    const requests = calls.map(({ state, parameters }) => requestOf(state, states.get(state)?.Resource, parameters));
    expect(askPython<string[][]>('check_requests.py', requests).flat()).toEqual([]);
  });

  it('logs every step with its data, and is traced', () => {
    const machine = ofType(resources, 'AWS::StepFunctions::StateMachine').find(({ properties }) =>
      String(properties.StateMachineName).endsWith(`-${pipeline.name}`),
    );
    expect(machine?.properties.LoggingConfiguration).toMatchObject({ Level: 'ALL', IncludeExecutionData: true });
    expect(machine?.properties.TracingConfiguration).toEqual({ Enabled: true });
  });
});
