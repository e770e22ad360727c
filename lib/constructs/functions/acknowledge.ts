/**
 * Findings of the rule packs that stay, noted beside the resource that each is about. Whatever is not acknowledged fails the synthesis.
 *
 * The CDK's own acknowledgements name a finding by text that holds export names and logical ids, which differ in each
 * environment; these name it by how that text ends.
 */
import type { IConstruct } from 'constructs';

/** Whether a finding needed each acknowledgement so far. */
const entries = new WeakMap<IConstruct, Map<string, boolean>>();

/**
 * Acknowledges findings on a construct and all within it; what is said twice counts once.
 *
 * @param reasons why each stays, by the id of its rule; a rule that gives several findings has the end of one in brackets behind it, such
 *   as `AwsSolutions-IAM5[/jobruns/*]` for a resource
 */
export function acknowledge(scope: IConstruct, reasons: Readonly<Record<string, string>>): void {
  const known = entries.get(scope) ?? new Map<string, boolean>();
  for (const id of Object.keys(reasons)) known.set(id, known.get(id) ?? false);
  entries.set(scope, known);
}

/** Whether a finding on this resource was acknowledged, here or on something around it. */
export function isAcknowledged(resource: IConstruct, rule: string, finding?: string): boolean {
  const covers = (id: string): boolean =>
    finding === undefined ? id === rule : id.startsWith(`${rule}[`) && finding.endsWith(id.slice(rule.length + 1, -1));
  for (const scope of resource.node.scopes.reverse()) {
    const known = entries.get(scope);
    const id = [...(known?.keys() ?? [])].find(covers);
    if (id === undefined) continue;
    known?.set(id, true);
    return true;
  }
  return false;
}

/** Acknowledgements below a construct that no finding needed, after its synthesis. */
export function unusedAcknowledgements(root: IConstruct): string[] {
  return root.node
    .findAll()
    .flatMap((scope) => [...(entries.get(scope) ?? [])].map(([id, used]) => (used ? '' : `${scope.node.path}: ${id}`)))
    .filter(Boolean);
}
