/** Which events a rule would match. */
import { expect, test } from 'vitest';
import { matches } from '../../../local/stepfunctions/clean-up.ts';

const pattern = {
  source: ['aws.states'],
  detail: { status: ['FAILED', 'ABORTED'], stateMachineArn: ['arn:readings'] },
};

test.each([
  [{ source: 'aws.states', detail: { status: 'ABORTED', stateMachineArn: 'arn:readings', name: 'x' } }, true],
  [{ source: 'aws.states', detail: { status: 'SUCCEEDED', stateMachineArn: 'arn:readings' } }, false],
  [{ source: 'aws.states', detail: { status: 'FAILED', stateMachineArn: 'arn:other' } }, false],
  [{ source: 'aws.states' }, false],
])('%j matches: %s', (event, expected) => {
  expect(matches(pattern, event)).toBe(expected);
});

test('a pattern that is no list of exact values is refused', () => {
  expect(() => matches({ source: [{ prefix: 'aws' }] }, { source: 'aws.states' })).toThrow(/cannot be evaluated/);
});
