/**
 * Findings of the rule packs that stay, noted beside the resource that each is about: rule, reason and when it can go
 * come in. Written by the construct that makes the resource, read by `lib/rules.ts`; whatever is not acknowledged fails
 * the synthesis.
 *
 * The CDK's own acknowledgements name a finding by text that holds export names and logical ids, which differ in each
 * environment; these name it by how that text ends.
 */
import type { IConstruct } from 'constructs';

/** A finding that stays. */
export interface Acknowledgement {
  /** Id of the rule, such as `AwsSolutions-IAM5`. */
  readonly rule: string;
  /**
   * How the findings end, of a rule that gives several, such as `/jobruns/*` for a resource.
   * @default the rule gives one finding, which has no text
   */
  readonly findings?: readonly string[];
  /** Why the resource is as it is. */
  readonly reason: string;
  /** What has to happen before the acknowledgement can go. */
  readonly until: string;
}

interface Entry extends Acknowledgement {
  /** The findings that it was needed for so far; with one element for a rule without text. */
  readonly used: Set<string>;
}

const entries = new WeakMap<IConstruct, Entry[]>();

/** Acknowledges findings on a construct and all within it. */
export function acknowledge(scope: IConstruct, ...acknowledgements: readonly Acknowledgement[]): void {
  const list = entries.get(scope) ?? [];
  list.push(...acknowledgements.map((acknowledgement) => ({ ...acknowledgement, used: new Set<string>() })));
  entries.set(scope, list);
}

/** Whether a finding on this resource was acknowledged, here or on something around it. */
export function isAcknowledged(resource: IConstruct, rule: string, finding?: string): boolean {
  for (const scope of resource.node.scopes.reverse()) {
    for (const entry of entries.get(scope) ?? []) {
      if (entry.rule !== rule) continue;
      const covered = finding === undefined ? '' : entry.findings?.find((ending) => finding.endsWith(ending));
      if (covered === undefined || (finding === undefined && entry.findings)) continue;
      entry.used.add(covered);
      return true;
    }
  }
  return false;
}

/** Acknowledgements below a construct that no finding needed, after its synthesis. */
export function unusedAcknowledgements(root: IConstruct): string[] {
  return root.node
    .findAll()
    .flatMap((scope) =>
      (entries.get(scope) ?? []).flatMap((entry) =>
        (entry.findings ?? [''])
          .filter((finding) => !entry.used.has(finding))
          .map((finding) => `${scope.node.path}: ${entry.rule}${finding ? `[${finding}]` : ''}`),
      ),
    );
}
