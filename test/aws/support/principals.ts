/** Roles, policies that wait to be attached, and their statements. */
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

/** A role of the templates, or a managed policy, which is whoever it will be attached to. */
export interface Principal {
  readonly resource: Concrete;
  /** Name for people: the logical id without hash, without `Role`, and without the construct that policies stand in. */
  readonly name: string;
  /** Services that may assume it; of a policy nobody. */
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

/** All roles and all managed policies, in the order of the templates. */
export function principalsOf(resources: readonly Concrete[]): Principal[] {
  return [...rolesOf(resources), ...ofType(resources, 'AWS::IAM::ManagedPolicy').map(unattached)];
}

/** Whether it is a policy. */
export const isPolicy = ({ resource }: Principal): boolean => resource.type === 'AWS::IAM::ManagedPolicy';

const unattached = (policy: Concrete): Principal => ({
  resource: policy,
  name: policy.short.replace(/^External/, ''),
  assumedBy: [],
  statements: statementsOf(policy.place, policy.properties.PolicyDocument),
  managedPolicies: [],
});

function rolesOf(resources: readonly Concrete[]): Principal[] {
  const policies = resources.filter(({ type }) => type === 'AWS::IAM::Policy' || type === 'AWS::IAM::ManagedPolicy');
  return ofType(resources, 'AWS::IAM::Role').map((role) => {
    const attached = policies.filter(({ properties }) => textsAt(properties, 'Roles').includes(role.id));
    const inline = listAt(role.properties, 'Policies');
    return {
      resource: role,
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

/** All statements as one policy document. */
export const documentOf = (principal: Principal): Record<string, unknown> => ({
  Version: '2012-10-17',
  Statement: principal.statements.map(({ statement }) => statement),
});
