/** What of a command line goes into the input of an execution. */
import { expect, test } from 'vitest';
import { inputOf } from '../../../local/cli/run-input.ts';

test('a job and an action stand beside what the input says, unchecked', () => {
  expect(inputOf({ input: '{"rate": 5}', job: 'anything' })).toEqual({ rate: 5, job: 'anything' });
  expect(inputOf({ action: 'stop' })).toEqual({ action: 'stop' });
  expect(inputOf({})).toEqual({});
});

test.each([
  ['no JSON', { input: '{"rate": ' }, /--input is .* Allowed: a JSON object/],
  ['no object', { input: '[1]' }, /--input is "\[1\]"/],
  [
    'an action twice',
    { input: '{"action": "start"}', action: 'stop' },
    /--action is "stop", and --input names "action"/,
  ],
])('%s is refused', (_, options, message) => {
  expect(() => inputOf(options)).toThrow(message);
});
