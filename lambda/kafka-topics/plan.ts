/**
 * Takes the topics that are declared, those that were declared before, and what the cluster has; gives the steps from
 * one to the other, or refuses all that cannot be done. Knows no client: called by `topics.ts`.
 */
import { TOPIC_SETTINGS } from '../../lib/declaration/limits.ts';
import { refusal } from '../custom-resource/lifecycle.ts';
import type { Topic } from './declared.ts';

/** A topic as the cluster has it. */
export interface ExistingTopic {
  readonly partitions: number;
  /** Whether every partition has a leader: only then can it be written and read. */
  readonly hasLeaders: boolean;
  /** Every setting with the value in force, also where it is a default. */
  readonly effective: Readonly<Record<string, string>>;
  /** Only what was set for this topic. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** What Kafka and MSK Serverless do differently. */
export type ClusterKind = 'msk-serverless' | 'kafka';

/** A topic with the full set of its settings, as the old AlterConfigs call needs it. */
export interface Alteration {
  readonly name: string;
  readonly configuration: Readonly<Record<string, string>>;
}

/** A step that makes or removes partitions, which MSK Serverless counts. */
interface PartitionStep {
  readonly name: string;
  /** How many partitions are made or removed. */
  readonly partitions: number;
}

/** The steps. */
export interface Plan {
  readonly create: readonly Topic[];
  readonly grow: readonly (PartitionStep & { readonly to: number })[];
  readonly alter: readonly Alteration[];
  readonly remove: readonly PartitionStep[];
}

/** What a plan is made from. */
export interface Situation {
  readonly kind: ClusterKind;
  readonly declared: readonly Topic[];
  /** As it was declared before this event; empty for a first deployment. */
  readonly before: readonly Topic[];
  readonly existing: ReadonlyMap<string, ExistingTopic>;
}

/** Makes the plan; throws one error that names every topic that cannot become what is declared. */
export function makePlan({ kind, declared, before, existing }: Situation): Plan {
  const earlier = new Map(before.map((topic) => [topic.name, topic]));
  const mistakes: string[] = [];
  const grow: Plan['grow'][number][] = [];
  const alter: Alteration[] = [];
  for (const topic of declared) {
    const now = existing.get(topic.name);
    if (!now) continue;
    const mistake = unreachable(topic, now, earlier.has(topic.name));
    if (mistake) mistakes.push(mistake);
    const more = topic.partitions - now.partitions;
    if (more > 0) grow.push({ name: topic.name, partitions: more, to: topic.partitions });
    const alteration = alterationOf(kind, topic, earlier.get(topic.name), now);
    if (alteration) alter.push(alteration);
  }
  if (mistakes.length > 0) throw refusal('The topics were refused and nothing was changed:', mistakes);
  const names = new Set(declared.map(({ name }) => name));
  const gone = before.filter(({ name, onRemoval }) => onRemoval === 'delete' && !names.has(name));
  return {
    create: declared.filter(({ name }) => !existing.has(name)),
    grow,
    alter,
    remove: gone.flatMap(({ name }) => {
      const now = existing.get(name);
      return now ? [{ name, partitions: now.partitions }] : [];
    }),
  };
}

/** How many partitions a plan makes or removes. */
export function partitionsIn({ create, grow, remove }: Plan): number {
  return [...create, ...grow, ...remove].reduce((sum, { partitions }) => sum + partitions, 0);
}

/** Whether nothing is left to do. */
export function isEmpty({ create, grow, alter, remove }: Plan): boolean {
  return create.length + grow.length + alter.length + remove.length === 0;
}

/**
 * The first steps of a plan with no more partitions than are allowed. With a whole `portion` allowed it is at least one
 * step: a topic is made in one piece, and one that is larger than a portion would never have its turn. Alterations make
 * no partitions and are always in.
 */
export function firstPart(plan: Plan, allowed: number, portion: number): Plan {
  let left = allowed;
  let mayExceed = allowed >= portion;
  const take = <Step extends PartitionStep>(steps: readonly Step[]): Step[] =>
    steps.filter(({ partitions }) => {
      if (partitions > left && !mayExceed) return false;
      left -= partitions;
      mayExceed = false;
      return true;
    });
  return { create: take(plan.create), grow: take(plan.grow), alter: plan.alter, remove: take(plan.remove) };
}

/** Why an existing topic cannot become what is declared; `undefined` when it can. */
function unreachable(topic: Topic, now: ExistingTopic, isOurs: boolean): string | undefined {
  const { name, partitions } = topic;
  const policy = now.effective['cleanup.policy'] ?? 'delete';
  const wanted = topic.configuration['cleanup.policy'] ?? 'delete';
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
  kind: ClusterKind,
  topic: Topic,
  before: Topic | undefined,
  now: ExistingTopic,
): Alteration | undefined {
  const dropped = Object.keys(before?.configuration ?? {}).filter(
    (key) => !(key in topic.configuration) && key in now.overrides && isAlterable(kind, key),
  );
  const differs = Object.entries(topic.configuration).some(
    ([key, value]) => isAlterable(kind, key) && now.effective[key] !== value,
  );
  if (!differs && dropped.length === 0) return undefined;
  const kept = Object.entries(now.overrides).filter(([key]) => !dropped.includes(key));
  const full = Object.entries({ ...Object.fromEntries(kept), ...topic.configuration });
  return { name: topic.name, configuration: Object.fromEntries(full.filter(([key]) => isAlterable(kind, key))) };
}

/**
 * What MSK Serverless accepts in an alteration. It refuses the whole call for any other name, be the value unchanged.
 */
const alterableOnServerless: ReadonlySet<string> = new Set(TOPIC_SETTINGS.filter((name) => name !== 'cleanup.policy'));

/**
 * On a plain broker `cleanup.policy` has to be in the call, although it never changes here: left out, the topic would
 * fall back to `delete`. MSK Serverless keeps it by itself, and refuses to be given it.
 */
function isAlterable(kind: ClusterKind, setting: string): boolean {
  return kind === 'kafka' || alterableOnServerless.has(setting);
}
