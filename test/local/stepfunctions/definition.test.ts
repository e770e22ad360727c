/** What the local interpreter accepts, and that it refuses with words what it would otherwise ignore. */
import { describe, expect, test } from 'vitest';
import { readDefinition } from '../../../local/stepfunctions/definition.ts';
import { MillraceError } from '../../../tools/errors.mjs';

const resource = 'arn:aws:states:::lambda:invoke';

function mistakesOf(states: object, top: object = {}): readonly string[] {
  try {
    readDefinition(JSON.stringify({ StartAt: 'A', States: states, ...top }), [resource]);
  } catch (error) {
    if (error instanceof MillraceError) return error.details;
    throw error;
  }
  return [];
}

const task = (more: object) => ({ A: { Type: 'Task', Resource: resource, End: true, ...more } });

describe('a definition', () => {
  test('that is no JSON is refused with the position', () => {
    expect(() => readDefinition('{"StartAt": ', [])).toThrow(/not JSON \(/);
  });

  test.each([
    ['JSONata at the top', task({}), { QueryLanguage: 'JSONata' }, /top: QueryLanguage is "JSONata"/],
    ['JSONata in a state', task({ QueryLanguage: 'JSONata' }), {}, /A: QueryLanguage is "JSONata"/],
    ['Assign', task({ Assign: { x: 1 } }), {}, /A: "Assign" would be ignored/],
    ['a heartbeat', task({ HeartbeatSeconds: 5 }), {}, /A: "HeartbeatSeconds" would be ignored/],
    ['a variable', task({ Parameters: { 'x.$': '$mine.name' } }), {}, /A: "\$mine" is a variable/],
    ['a variable in an intrinsic', task({ Parameters: { 'x.$': "States.Format('{}', $mine)" } }), {}, /"\$mine"/],
    ['a hash', task({ Parameters: { 'x.$': "States.Hash($.name, 'MD5')" } }), {}, /States.Hash gives other values/],
    [
      'an unknown part of the context',
      task({ Parameters: { 'x.$': '$$.Task.Token' } }),
      {},
      /"\$\$.Task.Token" has no value/,
    ],
    [
      'an unknown resource',
      { A: { Type: 'Task', Resource: 'arn:aws:states:::sqs:sendMessage', End: true } },
      {},
      /does not exist here/,
    ],
  ])('with %s is refused', (_, states, top, message) => {
    expect(mistakesOf(states, top)[0]).toMatch(message);
  });

  test('is checked at any depth', () => {
    const nested = { P: { Type: 'Parallel', End: true, Branches: [{ StartAt: 'A', States: task({ Assign: {} }) }] } };
    expect(mistakesOf(nested)).toEqual([expect.stringMatching(/^P \/ branch 1 \/ A: "Assign"/)]);
  });

  test('may use the execution and the state machine of the context', () => {
    const parameters = {
      'a.$': '$$.Execution.Id',
      'b.$': "States.Format('{}', $$.Execution.Name)",
    };
    expect(mistakesOf(task({ Parameters: parameters }))).toEqual([]);
  });

  test('may use the item of a Map', () => {
    const map = {
      Each: {
        Type: 'Map',
        End: true,
        ItemSelector: { 'run.$': '$$.Map.Item.Value', 'index.$': '$$.Map.Item.Index' },
        ItemProcessor: { StartAt: 'A', States: task({}) },
      },
    };
    expect(mistakesOf(map)).toEqual([]);
  });

  test('without a timeout waits as long as on AWS, not the 60 seconds of the interpreter', () => {
    const { States } = readDefinition(JSON.stringify({ StartAt: 'A', States: task({}) }), [resource]);
    expect(States.A?.TimeoutSeconds).toBeGreaterThan(86_400 * 7);
  });
});
