/** The steps to what is declared, and what is refused before any of them. */
import { expect, test } from 'vitest';
import type { Topic } from '../../../lambda/kafka-topics/declared.ts';
import { type ExistingTopic, stepsTo } from '../../../lambda/kafka-topics/steps.ts';

const topic = (more: Partial<Topic> = {}): Topic => ({
  name: 'a',
  partitions: 2,
  onRemoval: 'retain',
  configuration: {},
  ...more,
});

/** The steps from a topic of two partitions, declared before like this, to these topics. */
function steps(declared: readonly Topic[], before = topic(), policy = 'delete') {
  const effective = { 'cleanup.policy': policy };
  const now: ExistingTopic = { partitions: 2, hasLeaders: true, effective, overrides: {} };
  return stepsTo({ kind: 'msk-serverless', declared, before: [before] }, new Map([['a', now]]));
}

test('a topic that is declared no more is deleted only where that was declared', () => {
  expect(steps([]).remove).toEqual([]);
  expect(steps([], topic({ onRemoval: 'delete' })).remove).toEqual([{ name: 'a', partitions: 2 }]);
});

test('partitions are added, never taken away, and not to a compacted topic', () => {
  expect(steps([topic({ partitions: 5 })]).grow).toEqual([{ name: 'a', partitions: 3, to: 5 }]);
  expect(() => steps([topic({ partitions: 1 })])).toThrow('topic a has 2 partitions and 1 are declared');
  const compacted = topic({ partitions: 4, configuration: { 'cleanup.policy': 'compact' } });
  expect(() => steps([compacted], compacted, 'compact')).toThrow('topic a is compacted and has 2 partitions');
});

test('a policy of two words is the same in any order, and another one is refused', () => {
  const both = topic({ configuration: { 'cleanup.policy': 'delete,compact' } });
  expect(steps([both], both, 'compact,delete').alter).toEqual([]);
  expect(() => steps([both], both, 'compact')).toThrow(
    'topic a has cleanup.policy compact and delete,compact is declared',
  );
});

test('a topic that somebody else has made is taken over as it is, and never changed in its partitions', () => {
  const now: ExistingTopic = { partitions: 2, hasLeaders: true, effective: {}, overrides: {} };
  const found = (partitions: number) =>
    stepsTo({ kind: 'msk-serverless', declared: [topic({ partitions })], before: [] }, new Map([['a', now]]));
  expect(found(2)).toEqual({ create: [], grow: [], alter: [], remove: [] });
  expect(() => found(3)).toThrow('was not deployed from here');
});
