/** Requests made from the statements of policies by small changes, the same for the same seed. */
import { isObject } from '../../../lib/declaration/json.ts';
import type { AccessFile } from '../../../local/iam/access.ts';
import { ACCOUNT } from './arns.ts';

export interface GeneratedRequest {
  readonly principal: string;
  readonly action: string;
  readonly resource: string;
  readonly context: Record<string, string | string[]>;
}

interface Source {
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: readonly (readonly [key: string, values: readonly string[]])[];
}

/** Numbers from 0 to 1 that look random (mulberry32). */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const texts = (value: unknown): string[] => [value ?? []].flat().map(String);

/** The statements of a policy as sources; who is meant where the policy does not say is told by `principals`. */
function sourcesOf(document: unknown, principals: readonly string[], resource?: string): Source[] {
  const statements = isObject(document) ? [document.Statement].flat().filter(isObject) : [];
  return statements.map((statement) => {
    const services = isObject(statement.Principal) ? texts(statement.Principal.Service) : [];
    const conditions = Object.values(isObject(statement.Condition) ? statement.Condition : {}).flatMap((keys) =>
      Object.entries(isObject(keys) ? keys : {}).map(([key, values]) => [key, texts(values)] as const),
    );
    return {
      principals: services.length > 0 ? services : principals,
      actions: texts(statement.Action),
      resources: resource === undefined ? texts(statement.Resource) : [resource],
      conditions,
    };
  });
}

export function requestsOf(access: AccessFile, seed: number, count: number): GeneratedRequest[] {
  const number = numbersFrom(seed);
  const chance = (share: number) => number() < share;
  const pick = <T>(list: readonly T[]): T => list[Math.floor(number() * list.length)] as T;
  const roles = access.roles.map(({ arn }) => arn);
  const jobs = access.roles.filter(({ job }) => job !== undefined).map(({ arn }) => arn);
  const identity = access.roles.flatMap(({ arn, policies }) =>
    policies.flatMap(({ document }) => sourcesOf(document, [arn])),
  );
  const standing = [
    ...access.resources.flatMap(({ policy }) => sourcesOf(policy, roles)),
    ...access.endpoints.flatMap(({ policy }) => sourcesOf(policy, jobs)),
    ...access.roles.flatMap(({ arn, trust }) => sourcesOf(trust, roles, arn)),
  ];
  const all = [...identity, ...standing];
  const actions = [...new Set(all.flatMap((source) => source.actions))].filter((action) => !action.includes('*'));
  const resources = [...new Set(all.flatMap((source) => source.resources))];
  const services = [...new Set(standing.flatMap(({ principals }) => principals))].filter(
    (one) => !one.startsWith('arn:'),
  );
  const keys = [...new Set(all.flatMap(({ conditions }) => conditions.map(([key]) => key)))];
  const serviceOf = (action: string) => action.split(':')[0];
  const filled = (pattern: string) => pattern.replace(/[*?]/g, () => pick(['', 'a', 'b/c', 'x.y-z', 'jobs', 'A:1']));

  const near = (text: string) =>
    pick([
      (whole: string) => `${whole}x`,
      (whole: string) => whole.slice(0, -1),
      (whole: string) => whole.toUpperCase(),
      (whole: string) => whole.replace(/[^/:]+$/, ''),
      (whole: string) => whole.replace(/\/[^/]*$/, ''),
      (whole: string) => whole.replace(ACCOUNT, '999999999999'),
      (whole: string) => whole.replace('us-east-1', 'eu-west-1'),
      (whole: string) => whole.replace(/\/([^/]+)\//, '/$1-too/'),
      (whole: string) => `${whole}/more`,
    ])(text);

  const actionOf = (source: Source): string => {
    const named = pick(source.actions);
    const siblings = actions.filter((action) => serviceOf(action) === serviceOf(named));
    if (named.includes('*') || chance(0.2)) return pick(siblings.length > 0 ? siblings : actions);
    return chance(0.1) ? pick(actions) : chance(0.1) ? named.toLowerCase() : named;
  };
  const resourceOf = (source: Source): string => {
    if (chance(0.1)) return filled(pick(resources));
    const named = pick(source.resources);
    const concrete = named === '*' ? filled(pick(resources)) : filled(named);
    return chance(0.25) ? near(concrete) : concrete;
  };
  const contextOf = (source: Source): Record<string, string | string[]> => {
    const met = source.conditions
      .filter(() => !chance(0.15))
      .map(([key, values]) => {
        const value = filled(pick(values));
        const given = chance(0.2) ? near(value) : value;
        const isList = key === 'dynamodb:LeadingKeys';
        return [
          chance(0.05) ? key.toLowerCase() : key,
          isList ? [given, ...(chance(0.2) ? ['other'] : [])] : given,
        ] as const;
      });
    const more = chance(0.1) ? [[pick(keys), pick(['true', 'false', 'other'])] as const] : [];
    // Keys of conditions are read in any case: a request has each once.
    const isMet = (key: string) => met.some(([known]) => known.toLowerCase() === key.toLowerCase());
    const plain = more.filter(([key]) => key !== 'dynamodb:LeadingKeys' && !isMet(key));
    return Object.fromEntries([...plain, ...met]);
  };

  return Array.from({ length: count }, () => {
    const source = pick(chance(0.75) ? identity : standing);
    const principal = chance(0.1) ? pick([...roles, ...services]) : pick(source.principals);
    return { principal, action: actionOf(source), resource: resourceOf(source), context: contextOf(source) };
  });
}
