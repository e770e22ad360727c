/** The steps from the topics that a cluster has to those that are declared, and what cannot be done. Knows no client. */
import { TOPIC_SETTINGS } from '../../lib/declaration/limits.ts';
import { refuse } from '../custom-resource/properties.ts';
import type { Topic } from './declared.ts';

export interface ExistingTopic {
  readonly partitions: number;
  /** Whether every partition has a leader: only then can it be written and read. */
  readonly hasLeaders: boolean;
  /** Every setting that the cluster tells, with the value in force, also where it is a default. */
  readonly effective: Readonly<Record<string, string>>;
  /** Only what was set for this topic. */
  readonly overrides: Readonly<Record<string, string>>;
}

export interface Goal {
  readonly kind: 'msk-serverless' | 'kafka';
  readonly declared: readonly Topic[];
  /** As it was declared before; empty for a first deployment. */
  readonly before: readonly Topic[];
}

/** A step that makes or removes so many partitions, which MSK Serverless counts. */
type PartitionStep = Pick<Topic, 'name' | 'partitions'>;

export interface Steps {
  readonly create: readonly Topic[];
  readonly grow: readonly (PartitionStep & { readonly to: number })[];
  /** Topics with the full set of their settings, as the old AlterConfigs call needs it. */
  readonly alter: readonly Alteration[];
  readonly remove: readonly PartitionStep[];
}

interface Alteration extends Pick<Topic, 'name' | 'configuration'> {
  /** Whether the cluster will tell that it was made: it need not report each setting. */
  readonly isReported: boolean;
}

/**
 * The steps from what the cluster has to what is declared.
 *
 * @throws Mistakes that names every topic that cannot become what is declared
 */
export function stepsTo({ kind, declared, before }: Goal, existing: ReadonlyMap<string, ExistingTopic>): Steps {
  const earlier = new Map(before.map((topic) => [topic.name, topic]));
  const found = declared.flatMap((topic) => {
    const now = existing.get(topic.name);
    return now ? [{ topic, now, earlier: earlier.get(topic.name) }] : [];
  });
  refuse(
    'topics',
    found.flatMap(({ topic, now, earlier }) => unreachable(topic, now, earlier !== undefined) ?? []),
  );
  const names = new Set(declared.map(({ name }) => name));
  const gone = before.filter(({ name, onRemoval }) => onRemoval === 'delete' && !names.has(name));
  return {
    create: declared.filter(({ name }) => !existing.has(name)),
    grow: found
      .map(({ topic: { name, partitions: to }, now }) => ({ name, partitions: to - now.partitions, to }))
      .filter(({ partitions }) => partitions > 0),
    alter: found.flatMap(({ topic, now, earlier }) => alterationOf(kind, topic, earlier, now) ?? []),
    remove: gone.flatMap(({ name }) => {
      const now = existing.get(name);
      return now ? [{ name, partitions: now.partitions }] : [];
    }),
  };
}

export const partitionsIn = ({ create, grow, remove }: Steps): number =>
  [...create, ...grow, ...remove].reduce((sum, { partitions }) => sum + partitions, 0);

/** Whether nothing is left to wait for. */
export const isSettled = ({ alter, ...steps }: Steps): boolean =>
  Object.values(steps).every((some) => some.length === 0) && !alter.some(({ isReported }) => isReported);

/**
 * The first of the steps with no more partitions than are allowed. With a whole `portion` allowed it is at least one
 * step: a topic is made in one piece, and one that is larger than a portion would never have its turn. Alterations make
 * no partitions and are always in.
 */
export function firstPart(steps: Steps, allowed: number, portion: number): Steps {
  let left = allowed;
  let mayExceed = allowed >= portion;
  const take = <One extends PartitionStep>(some: readonly One[]): One[] =>
    some.filter(({ partitions }) => {
      if (partitions > left && !mayExceed) return false;
      left -= partitions;
      mayExceed = false;
      return true;
    });
  return { create: take(steps.create), grow: take(steps.grow), alter: steps.alter, remove: take(steps.remove) };
}

/** Why an existing topic cannot become what is declared; `undefined` when it can. */
function unreachable(topic: Topic, now: ExistingTopic, isOurs: boolean): string | undefined {
  const { name, partitions } = topic;
  const wanted = topic.configuration['cleanup.policy'] ?? 'delete';
  const policy = now.effective['cleanup.policy'] ?? wanted;
  if (asSet(policy) !== asSet(wanted)) {
    return `topic ${name} has cleanup.policy ${policy} and ${wanted} is declared: it is chosen when a topic is created and cannot be changed. Declare ${policy}, or a topic of another name`;
  }
  if (partitions < now.partitions) {
    return `topic ${name} has ${now.partitions} partitions and ${partitions} are declared: partitions cannot be taken away without losing their records. Declare ${now.partitions} or more, or a topic of another name (a rollback that stops here goes on with this resource skipped)`;
  }
  if (partitions === now.partitions) return undefined;
  if (!isOurs) {
    return `topic ${name} exists with ${now.partitions} partitions and was not deployed from here, ${partitions} are declared: a topic is taken over only as it is. Declare ${now.partitions} first; more can be added in a later deployment`;
  }
  if (policy.includes('compact')) {
    return `topic ${name} is compacted and has ${now.partitions} partitions, ${partitions} are declared: with more partitions a key would move to another one, and its last record in the old one would stay for ever. Declare ${now.partitions}, or a topic of another name`;
  }
  return undefined;
}

const asSet = (policy: string): string => policy.split(',').sort().join();

/**
 * The old call replaces everything that is set for a topic, so it gets everything: what is declared, and what somebody
 * else set and nobody declared. A setting that was declared before and no longer is goes back to its default by being
 * left out.
 */
function alterationOf(
  kind: Goal['kind'],
  { name, configuration }: Topic,
  before: Topic | undefined,
  { effective, overrides }: ExistingTopic,
): Steps['alter'][number] | undefined {
  const alterable = <T>(values: Readonly<Record<string, T>>) =>
    Object.entries(values).filter(([key]) => isAlterable(kind, key));
  const isDropped = (key: string) => before !== undefined && key in before.configuration && !(key in configuration);
  const set = alterable(overrides);
  const kept = set.filter(([key]) => !isDropped(key));
  const declared = alterable(configuration);
  const differing = declared.filter(([key, value]) => (effective[key] ?? before?.configuration[key]) !== value);
  const isReported = kept.length < set.length || differing.some(([key]) => key in effective);
  if (!isReported && differing.length === 0) return undefined;
  return { name, configuration: Object.fromEntries([...kept, ...declared]), isReported };
}

/**
 * MSK Serverless refuses a whole alteration for any other name, be the value unchanged. On a plain broker `cleanup.policy` has to be in the
 * call, although it never changes here: left out, the topic would fall back to `delete`.
 */
const isAlterable = (kind: Goal['kind'], setting: string): boolean =>
  kind === 'kafka' || (setting !== 'cleanup.policy' && Object.hasOwn(TOPIC_SETTINGS, setting));
