/** The form of the state machine, and a table of every number, switch, condition and error in it. */
import { readFileSync } from 'node:fs';
import validate from 'asl-validator';
import { describe, expect, test } from 'vitest';
import { isObject, listAt, put } from '../../../aws/support/json.ts';
import { statesOf } from '../../../aws/support/machine.ts';
import { batchless, chained, large, machineOf, streamless } from './invented.ts';

const machines = [chained, large, streamless, batchless].map(
  (pipeline) => [pipeline.name, machineOf(pipeline)] as const,
);
const definition = machineOf(chained);

describe('the machine', () => {
  test.each(machines)('of %s is valid', (_, machine) => {
    expect(validate(machine as never).errorsText()).toBe('');
  });

  test.each(machines)('of %s has the same 45 states, whatever the pipeline', (_, machine) => {
    expect([...statesOf(machine).keys()]).toEqual([...statesOf(definition).keys()]);
    expect(statesOf(machine).size).toBe(45);
  });

  test('has no limit of its own, which no catch would see', () => {
    expect(definition).not.toHaveProperty('TimeoutSeconds');
  });

  test.each<[string, (states: object) => void]>([
    ['a way to a state that is not there', (states) => put(states, 'ReadPlatform.Next', 'Nowhere')],
    ['a state that no way leads to', (states) => put(states, 'Forgotten', { Type: 'Succeed' })],
    ['a misspelt field', (states) => put(states, 'ReadPipeline.ResultPaht', '$.x')],
    ['a path that is none', (states) => put(states, 'ReadPipeline.ResultPath', 'pipeline')],
    ['a kind of state that does not exist', (states) => put(states, 'KeepError.Type', 'Passs')],
  ])('with %s is found to be wrong', (_, change) => {
    const copy = structuredClone(definition);
    change(copy.States);
    expect(validate(copy as never).isValid).toBe(false);
  });
});

/** What the table tells of a state: its numbers, switches, conditions and errors. */
function valuesOf(state: Record<string, unknown>): string[] {
  const lines: string[] = [];
  const told = /\.(ConditionExpression|Mode|Error|late|name|words|S|S\.\$|States\.\$)$/;
  const apart = ['Retry', 'Catch', 'Choices', 'Payload', 'ItemProcessor', 'End'];
  const visit = (value: unknown, path: string): void => {
    if (isObject(value)) {
      for (const [name, item] of Object.entries(value)) if (!apart.includes(name)) visit(item, `${path}.${name}`);
    } else if (typeof value === 'number' || typeof value === 'boolean' || told.test(path)) {
      lines.push(`${path.slice(1)} = ${value}`);
    }
  };
  visit(state, '');
  for (const retry of listAt(state, 'Retry') as Record<string, unknown>[]) {
    const { ErrorEquals, IntervalSeconds, BackoffRate, MaxAttempts, JitterStrategy, ...rest } = retry;
    const after = `${IntervalSeconds} s, then x ${BackoffRate}, jitter ${JitterStrategy}`;
    lines.push(
      `Retry ${MaxAttempts} times after ${[after, ...Object.keys(rest)]}: ${(ErrorEquals as string[]).join(' ')}`,
    );
  }
  for (const { ErrorEquals, ResultPath, Next } of listAt(state, 'Catch') as Record<string, unknown>[]) {
    lines.push(`Catch ${ErrorEquals} in ${ResultPath}, go to ${Next}`);
  }
  const numeric = /"Variable":"([^"]*)","(Numeric\w+)":"?([^",}]*)/g;
  for (const [, variable, how, value] of JSON.stringify(listAt(state, 'Choices')).matchAll(numeric)) {
    lines.push(`${variable} ${how} ${value}`);
  }
  return lines;
}

test('every number, switch, condition and error is as values.txt says', () => {
  const states = new Map<string, string[]>();
  for (const [name, state] of statesOf(definition)) {
    for (const line of valuesOf(state)) states.set(line, [...(states.get(line) ?? []), name]);
  }
  const table = readFileSync(new URL('values.txt', import.meta.url), 'utf8').split('\n');
  expect([...states].map(([line, names]) => `${line} | ${names.join(', ')}`).sort()).toEqual(
    table.filter((line) => line !== '' && !line.startsWith('#')).sort(),
  );
});
