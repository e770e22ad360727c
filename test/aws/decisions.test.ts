/**
 * Requests of every role, near what the policies grant and far from it, decided by the decision point of this machine and by a policy simulator of
 * others: equal, all of them.
 */
import { runSimulation, runUnsafeSimulation } from '@cloud-copilot/iam-simulate';
import { describe, expect, it } from 'vitest';
import type { AccessFile } from '../../local/iam/access.ts';
import { Account } from '../../local/iam/decide.ts';
import { accessOf } from '../../local/iam/deployed-access.ts';
import type { AccessRequest } from '../../local/iam/policy.ts';
import { ACCOUNT } from './support/arns.ts';
import { deployedOf } from './support/deployed.ts';
import { type GeneratedRequest, requestsOf } from './support/generated-requests.ts';
import { environmentNames } from './support/stacks.ts';

const empty: AccessFile = { roles: [], resources: [], endpoints: [] };
const accessIn = (environment: string): AccessFile => accessOf(deployedOf(environment), empty);

/** Different each, the same every time. */
const seeds = new Map([...environmentNames].sort().map((environment, index) => [environment, 20_261 + index]));
const perEnvironment = 12_000;
const validated = 1_000;
/** Whether a request is about being a role, which is asked of its trust policy. */
const isMayBe = (action: string) => action.toLowerCase() === 'sts:assumerole';
const anyRole = `arn:aws:iam::${ACCOUNT}:role/any`;

/** The parts of a simulation that are the same for a principal, an action and a resource. */
function simulationOf(access: AccessFile, { principal, action, resource, context = {} }: AccessRequest) {
  const role = access.roles.find(({ arn }) => arn === principal);
  const standing = access.resources.filter(({ arn }) => resource === arn || resource.startsWith(`${arn}/`));
  const trust = access.roles.find(({ arn }) => arn === resource)?.trust as { Statement: object[] } | undefined;
  // A trust policy names no resource: it stands at its role.
  const trusts = isMayBe(action) && trust ? trust.Statement.map((one) => ({ ...one, Resource: resource })) : [];
  const statements = [
    ...standing.flatMap(({ policy }) => (policy as { Statement: object | object[] }).Statement),
    ...trusts,
  ];
  const mine = role ? { 'aws:PrincipalArn': role.arn, 'aws:PrincipalAccount': ACCOUNT } : {};
  // Who somebody is no request can say, in capitals or not.
  const own = Object.keys(mine).map((name) => name.toLowerCase());
  const others = Object.fromEntries(Object.entries(context).filter(([name]) => !own.includes(name.toLowerCase())));
  const [service] = action.split(':');
  return {
    simulation: {
      request: {
        principal,
        action,
        resource: { resource, accountId: ACCOUNT },
        contextVariables: { ...others, ...mine } as Record<string, string | string[]>,
      },
      identityPolicies: (role?.policies ?? []).map(({ name, document }) => ({ name, policy: document })),
      serviceControlPolicies: [],
      resourceControlPolicies: [],
      ...(statements.length > 0 && { resourcePolicy: { Version: '2012-10-17', Statement: statements } }),
    },
    endpoints: role?.job === undefined ? [] : access.endpoints.filter((endpoint) => endpoint.service === service),
  };
}

/**
 * The simulator's decision on any request, also one that AWS would not know. It reads policies of identities only then: statements that stand at a
 * resource or an endpoint are put to it as such, when they are about the principal.
 */
function simulated(access: AccessFile, request: AccessRequest): boolean {
  const { simulation, endpoints } = simulationOf(access, request);
  const allows = (policies: readonly unknown[]) => {
    const identityPolicies = policies.map((policy, index) => ({ name: `${index}`, policy }));
    const asked = { ...simulation.request, principal: anyRole };
    return (
      runUnsafeSimulation({ ...simulation, request: asked, identityPolicies, resourcePolicy: undefined }, {}) ===
      'Allowed'
    );
  };
  const about = (policy: unknown) => {
    const statements = [(policy as { Statement: object | object[] }).Statement].flat() as { Principal: unknown }[];
    const ours = statements.filter(({ Principal }) => isAbout(Principal, request.principal));
    return { Version: '2012-10-17', Statement: ours.map(({ Principal: _, ...statement }) => statement) };
  };
  const { identityPolicies, resourcePolicy } = simulation;
  const own = identityPolicies.map(({ policy }) => policy);
  return (
    allows(resourcePolicy ? [...own, about(resourcePolicy)] : own) &&
    endpoints.every(({ policy }) => allows([about(policy)]))
  );
}

function isAbout(given: unknown, principal: string): boolean {
  const { AWS, Service } = given as { AWS?: string; Service?: string | string[] };
  return given === '*' || AWS === '*' || [Service].flat().includes(principal);
}

describe.each(environmentNames)('in %s', (environment) => {
  const access = accessIn(environment);
  const account = new Account(access);

  it(`${perEnvironment} requests are decided as the simulator decides them`, () => {
    // A trust policy decides alone, which only the other test can ask.
    const generated = requestsOf(access, seeds.get(environment) ?? 0, perEnvironment * 1.3);
    const requests = generated.filter(({ action }) => !isMayBe(action)).slice(0, perEnvironment);
    expect(requests).toHaveLength(perEnvironment);
    const decisions = requests.map((request) => account.decide(request).decision);
    // A third of them comes twice.
    const distinct = [...new Map(requests.map((request) => [JSON.stringify(request), request])).values()];
    const different = distinct.filter((request) => account.decide(request).allowed !== simulated(access, request));
    expect(different.slice(0, 5)).toEqual([]);
    // A generator that makes one kind of request would compare nothing.
    const share = (kind: string) => decisions.filter((decision) => decision === kind).length / perEnvironment;
    expect(share('allowed')).toBeGreaterThan(0.25);
    expect(share('implicitDeny')).toBeGreaterThan(0.25);
    expect(share('explicitDeny')).toBeGreaterThan(0.001);
  });

  it('so are those that the simulator finds valid, by way of the endpoints as it knows them', async () => {
    const requests = requestsOf(access, (seeds.get(environment) ?? 0) + 100, validated * 3);
    const different: GeneratedRequest[] = [];
    const compared: GeneratedRequest[] = [];
    for (const request of requests) {
      const { simulation, endpoints } = simulationOf(access, request);
      const vpcEndpointPolicies = endpoints.map(({ policy }, index) => ({ name: `endpoint ${index}`, policy }));
      const result = await runSimulation({ ...simulation, ...(endpoints.length > 0 && { vpcEndpointPolicies }) }, {});
      // It is for requests that AWS can get: an action that exists, on a kind of resource that it is about.
      if (result.resultType !== 'single') continue;
      compared.push(request);
      // Keys that AWS does not send with this action, and that nobody here sends either, are left out by the simulator.
      const { ignoredContextKeys = [] } = result.result;
      const kept = Object.entries(request.context).filter(
        ([key]) => !ignoredContextKeys.includes(key.toLowerCase()) && !ignoredContextKeys.includes(key),
      );
      const ours = account.decide({ ...request, context: Object.fromEntries(kept) });
      if (ours.allowed !== (result.overallResult === 'Allowed')) different.push(request);
    }
    expect(different.slice(0, 5)).toEqual([]);
    expect(compared.length).toBeGreaterThan(validated);
    expect(compared.filter(({ action }) => isMayBe(action)).length).toBeGreaterThan(validated / 20);
  });
});
