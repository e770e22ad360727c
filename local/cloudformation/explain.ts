/**
 * Takes a cloud assembly and an environment and lists every resource type in it with what stands for it on this machine, or why it stays on AWS.
 * Called by `millrace up --explain`.
 */
import { readStacks } from './assembly.ts';
import { requireKnownTypes, standingOf } from './providers/registry.ts';

/** One line of the list. */
export interface Explanation {
  readonly type: string;
  readonly count: number;
  readonly where: 'local' | 'aws-only';
  /** For `local`: what stands for it. For `aws-only`: why it stays there. */
  readonly reason: string;
}

/** Every type of the assembly, those of this machine first, then by name; refuses a type of which nobody has decided. */
export function explain(assembly: string, environment: string): Explanation[] {
  const stacks = readStacks(assembly, environment);
  requireKnownTypes(stacks);
  const counts = new Map<string, number>();
  for (const stack of stacks) {
    for (const { Type: type } of Object.values(stack.template.Resources)) counts.set(type, (counts.get(type) ?? 0) + 1);
  }
  return [...counts].map(([type, count]) => explanation(type, count)).sort(byPlaceAndName);
}

function explanation(type: string, count: number): Explanation {
  const standing = standingOf(type);
  return standing && 'provider' in standing
    ? { type, count, where: 'local', reason: standing.provider.stand }
    : { type, count, where: 'aws-only', reason: standing?.awsOnly.reason ?? '' };
}

function byPlaceAndName(left: Explanation, right: Explanation): number {
  if (left.where !== right.where) return left.where === 'local' ? -1 : 1;
  return left.type < right.type ? -1 : 1;
}
