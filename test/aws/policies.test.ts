/** What two tools of others say of every policy: parliament of its form, policy_sentry of actions that need others. */
import { expect, it } from 'vitest';
import { concrete } from './support/concrete.ts';
import { expectedLines } from './support/expected.ts';
import { at, isObject, listAt, put } from './support/json.ts';
import { documentOf, principalsOf } from './support/principals.ts';
import { askPython } from './support/python.ts';
import { environmentNames, stacksOf } from './support/stacks.ts';
import { matches } from './support/statement-rules.ts';

/** Copies of one role's policy with one mistake each, and what has to be said of them. */
const mistakes: readonly [name: string, said: RegExp, change: (statement: Record<string, unknown>) => void][] = [
  [
    'an action on a resource that it is not about',
    /RESOURCE_MISMATCH/,
    (statement) => {
      put(statement, 'Resource', 'arn:aws:kafka:us-east-1:000000000000:cluster/millrace-dev/1');
    },
  ],
  ['a malformed ARN', /INVALID_ARN/, (statement) => put(statement, 'Resource', 'millrace-dev')],
  ['an unknown action', /UNKNOWN_ACTION/, (statement) => put(statement, 'Action', 'kafka-cluster:ReadDat')],
  ['an unknown service', /UNKNOWN_PREFIX/, (statement) => put(statement, 'Action', 'kafkacluster:ReadData')],
  ['everything', /RESOURCE_STAR|PRIVILEGE/, (statement) => put(statement, 'Resource', '*')],
  [
    'a condition on a key that the action does not have',
    /UNKNOWN_CONDITION_FOR_ACTION/,
    (statement) => put(statement, 'Condition', { StringEquals: { 's3:prefix': 'x' } }),
  ],
  [
    'a consumer without its group',
    /kafka-cluster:ReadData needs kafka-cluster:AlterGroup/,
    (statement) => put(statement, 'Action', ['kafka-cluster:ReadData']),
  ],
];

/** Every policy, those of the invented pipelines too, which have every kind of role. */
const real = Object.fromEntries(
  [
    ...environmentNames.map((environment) => stacksOf(environment)),
    stacksOf('dev', 'readings'),
    stacksOf('dev', 'connected'),
  ].flatMap((stacks) =>
    principalsOf(concrete(stacks)).map((principal) => [
      `${principal.resource.place} (${principal.name})`,
      documentOf(principal),
    ]),
  ),
);

function mutants(): Record<string, unknown> {
  const [, reader] = Object.entries(real).find(([name]) => name.includes('(Jobshow)')) ?? [];
  return Object.fromEntries(
    mistakes.map(([name, , change]) => {
      const copy = structuredClone(reader);
      const statements = listAt(copy, 'Statement').filter(isObject);
      const statement = statements.find((one) => JSON.stringify(at(one, 'Action')).includes('ReadData'));
      change(statement ?? {});
      // Alone, so that what another statement grants does not help.
      return [name, { Version: '2012-10-17', Statement: [statement] }];
    }),
  );
}

const answers = askPython<Record<string, string[]>>('check_policies.py', { ...real, ...mutants() });

it('nothing is found that is not accepted with a reason, and every accepted line is needed', () => {
  const accepted = expectedLines('accepted.txt').map((line) => line.split(' | ').map((part) => part.trim()));
  const used = new Set<unknown>();
  const findings = Object.keys(real).flatMap((place) =>
    (answers[place] ?? []).flatMap((finding) => {
      const role = /\((.*)\)$/.exec(place)?.[1] ?? '';
      const line = accepted.find(([who = '', what = '', why]) => why && matches(who, role) && matches(what, finding));
      used.add(line);
      return line ? [] : [`${place}: ${finding}`];
    }),
  );
  expect(findings).toEqual([]);
  expect(accepted.filter((line) => !used.has(line))).toEqual([]);
});

it.each(mistakes)('%s is found', (name, said) => {
  expect(answers[name]?.join('\n')).toMatch(said);
});
