/**
 * Roles and what their policies say: concrete resources come in; each role with its statements goes out. Called by the
 * permission checks.
 */
import { type Concrete, ofType } from './concrete.ts';
import { at, isObject, listAt, textsAt } from './json.ts';

/** One statement of a policy, with where it stands. */
export interface Statement {
  readonly place: string;
  readonly effect: string;
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly statement: Record<string, unknown>;
}

/** A role of the templates. */
export interface Principal {
  readonly role: Concrete;
  /** Name for people: the logical id without hash and without `Role`. */
  readonly name: string;
  /** Services that may assume it. */
  readonly assumedBy: readonly string[];
  readonly statements: readonly Statement[];
  readonly managedPolicies: readonly string[];
}

const statementsOf = (place: string, document: unknown): Statement[] =>
  listAt(document, 'Statement')
    .filter(isObject)
    .map((statement, index) => ({
      place: `${place} PolicyDocument.Statement.${index}`,
      effect: String(statement.Effect),
      actions: textsAt(statement, 'Action'),
      resources: textsAt(statement, 'Resource'),
      statement,
    }));

/** All roles, in the order of the templates. */
export function principalsOf(resources: readonly Concrete[]): Principal[] {
  const policies = resources.filter(({ type }) => type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy');
  return ofType(resources, 'AWS::IAM::Role').map((role) => {
    const attached = policies.filter(({ properties }) => textsAt(properties, 'Roles').includes(role.id));
    const inline = listAt(role.properties, 'Policies');
    return {
      role,
      name: role.short.replace(/Role$/, ''),
      assumedBy: listAt(role.properties, 'AssumeRolePolicyDocument.Statement').flatMap((statement) =>
        textsAt(statement, 'Principal.Service'),
      ),
      statements: [
        ...inline.flatMap((policy, index) =>
          statementsOf(`${role.place} Policies.${index}`, at(policy, 'PolicyDocument')),
        ),
        ...attached.flatMap(({ place, properties }) => statementsOf(place, properties.PolicyDocument)),
      ],
      managedPolicies: [
        ...listAt(role.properties, 'ManagedPolicyArns').map(String),
        ...attached.filter(({ type }) => type === 'AWS::IAM::ManagedPolicy').map(({ place }) => place),
      ],
    };
  });
}

/** One statement as a policy document. */
export const documentOf = (principal: Principal): Record<string, unknown> => ({
  Version: '2012-10-17',
  Statement: principal.statements.map(({ statement }) => statement),
});
