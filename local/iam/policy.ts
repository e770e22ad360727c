/** The language of IAM policies as far as our templates use it, read strictly: what is not known here is an error, never an allow. */
import { isObject } from '../../lib/declaration/json.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { markerIn } from '../cloudformation/markers.ts';

/** Who or what a policy is for: a role's own, one of a resource or an endpoint, or who may be a role. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

/** What a request says of itself besides its action and resource, by condition key. */
export type RequestContext = Readonly<Record<string, string | readonly string[]>>;

export interface AccessRequest {
  /** ARN of a role, or the host name of an AWS service. */
  readonly principal: string;
  /** `s3:GetObject` */
  readonly action: string;
  /** ARN, or `*` for what knows no resources. */
  readonly resource: string;
  readonly context?: RequestContext;
}

/** A text with wildcards. */
export interface Pattern {
  readonly text: string;
  readonly matches: (value: string) => boolean;
}

export interface Condition {
  /** For people: `s3:prefix StringLike input/readings/*`. */
  readonly text: string;
  readonly holds: (context: RequestContext) => boolean;
}

export interface Statement {
  readonly policy: string;
  /** Its Sid, or else its place in the policy from 0 on. */
  readonly name: string;
  readonly effect: 'Allow' | 'Deny';
  readonly actions: readonly Pattern[];
  /** Of a trust policy only everything: it is about its role. */
  readonly resources: readonly Pattern[];
  /** An identity's own policy is about everybody who has it. */
  readonly principal: (principal: string) => boolean;
  readonly conditions: readonly Condition[];
}

/**
 * The condition keys that requests of this machine carry; a condition on another one would look as if it were not met, or met. Nothing here asks
 * KMS, so that one of its own keys decides nothing.
 */
const knownKeys =
  /^(aws:(PrincipalAccount|PrincipalArn|SecureTransport|SourceAccount|SourceArn|(Request|Resource)Tag\/.+)|dynamodb:LeadingKeys|iam:PassedToService|kms:ViaService|s3:prefix)$/;

type Test = (wanted: string) => (value: string) => boolean;

const operators: Readonly<Record<string, Test>> = {
  StringEquals: (wanted) => (value) => value === wanted,
  StringLike: (wanted) => glob(wanted),
  ArnEquals: (wanted) => arnGlob(wanted),
  ArnLike: (wanted) => arnGlob(wanted),
  Bool: (wanted) => (value) => value.toLowerCase() === wanted.toLowerCase(),
};

const forAllValues = 'ForAllValues:';

const elements: Readonly<Record<PolicyKind, readonly string[]>> = {
  identity: ['Effect', 'Action', 'Resource'],
  resource: ['Effect', 'Action', 'Resource', 'Principal'],
  trust: ['Effect', 'Action', 'Principal'],
};

/**
 * The statements of a policy document.
 *
 * @throws MillraceError ACCESS_POLICY for anything in it that cannot be decided here
 */
export function readPolicy(name: string, document: unknown, kind: PolicyKind): Statement[] {
  const mistake = (where: string, what: string, got: unknown, allowed: string) =>
    new MillraceError(
      'ACCESS_POLICY',
      `${name}${where}: ${what} ${JSON.stringify(got)} cannot be decided on this machine. Allowed: ${allowed}. ` +
        'Write the policy with these, or teach local/iam/policy.ts the other.',
    );
  if (!isObject(document)) throw mistake('', 'the document', document, 'an object');
  const { Version: version, Statement: given, Id: _, ...others } = document;
  if (version !== '2012-10-17') throw mistake('', 'Version', version, '2012-10-17');
  const [other] = Object.keys(others);
  if (other !== undefined) throw mistake('', 'the element', other, 'Version, Id, Statement');
  return [given].flat().map((statement, index) => {
    const refuse = (what: string, got: unknown, allowed: string) => mistake(` statement ${index}`, what, got, allowed);
    if (!isObject(statement)) throw refuse('the statement', statement, 'an object');
    const known = [...elements[kind], 'Sid', 'Condition'];
    for (const element of Object.keys(statement)) {
      if (!known.includes(element)) throw refuse('the element', element, known.join(', '));
    }
    const texts = (element: string): string[] => {
      const values = [statement[element]].flat();
      if (values.length > 0 && values.every((value) => typeof value === 'string' && !value.includes('${'))) {
        return values as string[];
      }
      throw refuse(element, statement[element], 'texts without variables');
    };
    const effect = statement.Effect;
    if (effect !== 'Allow' && effect !== 'Deny') throw refuse('Effect', effect, 'Allow, Deny');
    return {
      policy: name,
      name: String(statement.Sid ?? index),
      effect,
      actions: texts('Action').map((text) => {
        if (text !== '*' && !/^[a-z0-9-]+:[A-Za-z*?]+$/.test(text)) throw refuse('Action', text, 'service:Action');
        return { text, matches: glob(text, 'i') };
      }),
      resources: kind === 'trust' ? [anything] : texts('Resource').map((text) => resourcePattern(text, refuse)),
      principal: kind === 'identity' ? () => true : principalTest(statement.Principal, refuse),
      conditions: conditionsOf(statement.Condition ?? {}, refuse),
    };
  });
}

type Refuse = (what: string, got: unknown, allowed: string) => MillraceError;

const anything: Pattern = { text: '*', matches: () => true };

function resourcePattern(text: string, refuse: Refuse): Pattern {
  if (text === '*') return anything;
  if (markerIn(text) !== undefined) return { text, matches: () => false };
  if (!text.startsWith('arn:') || text.split(':').length < 6) throw refuse('Resource', text, '*, an ARN');
  return { text, matches: arnGlob(text) };
}

/** `AWS` names roles of this account, or everybody; `Service` those of AWS. */
function principalTest(given: unknown, refuse: Refuse): (principal: string) => boolean {
  if (given === '*') return () => true;
  const allowed = '"*", {"AWS": "*" or the ARN of a role}, {"Service": a host name}';
  const tests = Object.entries(isObject(given) ? given : {}).flatMap(([kind, names]) =>
    [names].flat().map((name) => {
      const isRole = /^arn:aws:iam::\d+:role\/[^*?]+$/.test(String(name));
      // The same as "*" alone: services are meant too.
      if (kind === 'AWS' && name === '*') return () => true;
      if ((kind === 'AWS' && isRole) || (kind === 'Service' && typeof name === 'string')) {
        return (principal: string) => principal === name;
      }
      throw refuse('Principal', given, allowed);
    }),
  );
  if (tests.length === 0) throw refuse('Principal', given, allowed);
  return (principal) => tests.some((test) => test(principal));
}

function conditionsOf(given: unknown, refuse: Refuse): Condition[] {
  if (!isObject(given)) throw refuse('Condition', given, 'an object');
  return Object.entries(given).flatMap(([operator, keys]) => {
    const everyValue = operator.startsWith(forAllValues);
    const test = operators[everyValue ? operator.slice(forAllValues.length) : operator];
    if (!test)
      throw refuse('the operator', operator, `${Object.keys(operators).join(', ')}, each with ${forAllValues}`);
    if (!isObject(keys)) throw refuse('Condition', keys, 'keys with values');
    return Object.entries(keys).map(([key, values]): Condition => {
      if (!knownKeys.test(key)) throw refuse('the condition key', key, knownKeys.source);
      const wanted = [values].flat().map((value) => {
        if (typeof value === 'string' && !value.includes('${')) return value;
        throw refuse(`the value of ${key}`, value, 'texts without variables');
      });
      const tests = wanted.map(test);
      const meets = (value: string) => tests.some((one) => one(value));
      return {
        text: `${key} ${operator} ${wanted.join(' or ')}`,
        holds: (context) => {
          const value = lookUp(context, key);
          if (everyValue) return [value ?? []].flat().every(meets);
          return typeof value === 'string' && meets(value);
        },
      };
    });
  });
}

/** Condition keys are the same in capitals and small letters. */
function lookUp(context: RequestContext, key: string): string | readonly string[] | undefined {
  const found = Object.keys(context).find((name) => name.toLowerCase() === key.toLowerCase());
  return found === undefined ? undefined : context[found];
}

function glob(text: string, flags = ''): (value: string) => boolean {
  const source = text
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replace(/\?/g, '.');
  const pattern = new RegExp(`^${source}$`, `s${flags}`);
  return (value) => pattern.test(value);
}

/** Part by part: a wildcard does not reach over a colon, but in the last part, which may hold some itself. */
function arnGlob(text: string): (value: string) => boolean {
  const tests = partsOf(text).map((part) => glob(part));
  return (value) => {
    const parts = partsOf(value);
    return parts.length === tests.length && tests.every((test, index) => test(parts[index] ?? ''));
  };
}

function partsOf(arn: string): string[] {
  const parts = arn.split(':');
  return [...parts.slice(0, 5), parts.slice(5).join(':')];
}
