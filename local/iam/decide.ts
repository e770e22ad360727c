/** Decides a request as AWS does: an explicit deny wins, then what the role or the resource allows, as far as an endpoint on the way allows it too. */
import type { AccessFile, AccessRole } from './access.ts';
import { type AccessRequest, type RequestContext, readPolicy, type Statement } from './policy.ts';
import { remedyOf } from './remedy.ts';

export interface Decision {
  readonly allowed: boolean;
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** For people. */
  readonly reason: string;
  /** The statements that allowed it, or that denied it, each with the action and the resource as it names them. */
  readonly statements: readonly Match[];
}

export interface Match {
  readonly policy: string;
  readonly statement: string;
  readonly action: string;
  readonly resource: string;
}

interface Role extends AccessRole {
  readonly identity: readonly Statement[];
  readonly trusted: readonly Statement[];
}

/** The roles and policies of a deployment, ready to decide. */
export class Account {
  readonly roles: readonly Role[];
  private readonly resources: readonly { readonly arn: string; readonly statements: readonly Statement[] }[];
  private readonly endpoints: readonly { readonly service: string; readonly statements: readonly Statement[] }[];

  /** @throws MillraceError ACCESS_POLICY for a policy that cannot be decided here */
  constructor({ roles, resources, endpoints }: AccessFile) {
    this.roles = roles.map((role) => ({
      ...role,
      identity: role.policies.flatMap(({ name, document }) => readPolicy(name, document, 'identity')),
      trusted: readPolicy(`trust of ${role.name}`, role.trust, 'trust'),
    }));
    this.resources = resources.map(({ arn, policy }) => ({
      arn,
      statements: readPolicy(`policy of ${arn}`, policy, 'resource'),
    }));
    this.endpoints = endpoints.map(({ service, policy }) => ({
      service,
      statements: readPolicy(`policy of the ${service} endpoint`, policy, 'resource'),
    }));
  }

  decide(request: AccessRequest): Decision {
    const { principal, action, resource } = request;
    const role = this.roles.find(({ arn }) => arn === principal);
    const context = contextOf(request, role);
    const matching = (statements: readonly Statement[]) => matches(statements, { ...request, context });
    const identity = matching(role?.identity ?? []);
    const standing = this.policiesOf(action, resource);
    const own = matching(standing);
    // Jobs alone are in the network that has endpoints.
    const service = action.split(':')[0];
    const ways = role?.job === undefined ? [] : this.endpoints.filter((endpoint) => endpoint.service === service);
    const onTheWay = ways.map(({ statements }) => matching(statements));

    const refuse = (decision: Decision['decision'], why: string, statements: readonly Match[] = []): Decision => {
      const reason = `${role?.name ?? principal} may not ${action} on ${resource}: ${why}`;
      return { allowed: false, decision, reason, statements };
    };
    const denying = [identity, own, ...onTheWay].flatMap(({ denied }) => denied);
    if (denying.length > 0) {
      const which = denying.map(({ policy, statement }) => `${policy}/${statement}`).join(', ');
      return refuse('explicitDeny', `denied by ${which}.`, denying);
    }
    const granting = resourceDecides.test(action) ? own.allowed : [...identity.allowed, ...own.allowed];
    if (granting.length === 0) {
      const names = [...(role?.policies.map(({ name }) => name) ?? []), ...standing.map(({ policy }) => policy)];
      const asked = [...new Set(names)].join(', ') || 'any policy';
      const nearly = unmet([...identity.nearly, ...own.nearly]);
      const remedy = role ? ` ${remedyOf(role, request)}` : '';
      return refuse('implicitDeny', `no statement of ${asked} allows it${nearly}.${remedy}`);
    }
    const [blocked] = onTheWay.filter(({ allowed }) => allowed.length === 0);
    if (blocked) {
      const why = `no statement of the policy of the ${service} endpoint allows it${unmet(blocked.nearly)}`;
      return refuse('implicitDeny', `${why}. lib/constructs/network says what may pass.`);
    }
    const statements = [...granting, ...onTheWay.flatMap(({ allowed }) => allowed)];
    return { allowed: true, decision: 'allowed', reason: 'allowed', statements };
  }

  /** Policies that stand at what a request is about: a bucket's for its objects too, a role's trust for who wants to be it. */
  private policiesOf(action: string, resource: string): readonly Statement[] {
    if (action.toLowerCase() === 'sts:assumerole') return this.roles.find(({ arn }) => arn === resource)?.trusted ?? [];
    const covers = (arn: string) => resource === arn || resource.startsWith(`${arn}/`);
    return this.resources.flatMap(({ arn, statements }) => (covers(arn) ? statements : []));
  }
}

/** Who may be a role or use a key has to be said there; what a role's own policy says is not enough. */
const resourceDecides = /^(sts:AssumeRole$|kms:)/i;

/** What a request says of itself, and who it is of, which it cannot say itself, in capitals or not. */
function contextOf({ context = {} }: AccessRequest, role: AccessRole | undefined): RequestContext {
  if (!role) return context;
  const own = { 'aws:PrincipalArn': role.arn, 'aws:PrincipalAccount': role.arn.split(':')[4] ?? '' };
  const names = Object.keys(own).map((name) => name.toLowerCase());
  const others = Object.entries(context).filter(([name]) => !names.includes(name.toLowerCase()));
  return { ...Object.fromEntries(others), ...own };
}

/** What the statements say to a request; `nearly` would allow it but for a condition. */
function matches(statements: readonly Statement[], { principal, action, resource, context = {} }: AccessRequest) {
  const found = { allowed: [] as Match[], denied: [] as Match[], nearly: [] as Statement[] };
  for (const statement of statements) {
    const asAction = statement.actions.find((pattern) => pattern.matches(action));
    const asResource = statement.resources.find((pattern) => pattern.matches(resource));
    if (!asAction || !asResource || !statement.principal(principal)) continue;
    const isMet = statement.conditions.every(({ holds }) => holds(context));
    const { policy, name, effect } = statement;
    if (!isMet) {
      if (effect === 'Allow') found.nearly.push(statement);
      continue;
    }
    const list = effect === 'Allow' ? found.allowed : found.denied;
    list.push({ policy, statement: name, action: asAction.text, resource: asResource.text });
  }
  return found;
}

function unmet(nearly: readonly Statement[]): string {
  if (nearly.length === 0) return '';
  const conditions = nearly.map((one) => one.conditions.map(({ text }) => text).join(' and '));
  return ` (only where ${conditions.join('; or ')})`;
}
