/**
 * Takes a value of a template and gives it with every intrinsic function resolved; what has no value on this machine becomes a marker.
 * Called for each resource, output and condition of a stack, with a scope that answers for the names.
 */
import { MillraceError } from '../../tools/errors.ts';
import { isObject } from './json.ts';
import { markerIn } from './markers.ts';
import type { Template } from './template.ts';

/** What a template's names stand for at the moment of resolving. */
export interface Scope {
  /** Names the place in messages: `dev/readings Topics (Custom::KafkaTopics)`. */
  readonly user: string;
  readonly mappings: NonNullable<Template['Mappings']>;
  /** The value of `Ref`: a parameter, a pseudo parameter, a resource. */
  reference(name: string): unknown;
  /** The value of `Fn::GetAtt`. */
  attribute(logicalId: string, attribute: string): unknown;
  /** The value that another stack exports under a name. */
  imported(name: string): unknown;
  /** The value of another stack's output. */
  stackOutput(stackName: string, output: string): unknown;
  /** Whether a condition of the template holds. */
  condition(name: string): boolean;
}

/** What `Ref: AWS::NoValue` gives: the property or list item is left out. */
export const noValue = Symbol('AWS::NoValue');

type Intrinsic = (argument: unknown, scope: Scope) => unknown;

/** Resolves a whole value, depth first. */
export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope)).filter((item) => item !== noValue);
  if (!isObject(value)) return value;
  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0) {
    const intrinsic = intrinsics[name];
    if (intrinsic) return intrinsic(value[name], scope);
    if (name.startsWith('Fn::')) throw mistake(scope, `${name} is not a function that the local deployment knows`);
  }
  const entries = Object.entries(value).map(([key, item]) => [key, resolve(item, scope)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== noValue));
}

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, scope) => (name === 'AWS::NoValue' ? noValue : scope.reference(text(name, 'Ref', scope))),
  Condition: (name, scope) => (typeof name === 'string' ? scope.condition(name) : { Condition: resolve(name, scope) }),
  'Fn::GetAtt': (argument, scope) => {
    const [logicalId, attribute] =
      typeof argument === 'string' ? splitOnce(argument) : list(argument, 'Fn::GetAtt', scope);
    return scope.attribute(text(logicalId, 'Fn::GetAtt', scope), text(resolve(attribute, scope), 'Fn::GetAtt', scope));
  },
  'Fn::Join': (argument, scope) => {
    const [separator, items] = list(argument, 'Fn::Join', scope);
    const parts = list(resolve(items, scope), 'Fn::Join', scope).map((item) => text(item, 'Fn::Join', scope));
    return parts.join(text(separator, 'Fn::Join', scope));
  },
  'Fn::Sub': (argument, scope) => {
    const [pattern, given] = Array.isArray(argument) ? argument : [argument, {}];
    const values = (isObject(given) ? resolve(given, scope) : {}) as Record<string, unknown>;
    return text(pattern, 'Fn::Sub', scope).replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, inner: string) => {
      if (literal) return `\${${inner}}`;
      const name = inner.trim();
      const [logicalId, attribute] = splitOnce(name);
      const value =
        values[name] ?? (attribute === undefined ? scope.reference(name) : scope.attribute(logicalId, attribute));
      return text(value, 'Fn::Sub', scope);
    });
  },
  'Fn::Select': (argument, scope) => {
    const [index, items] = list(argument, 'Fn::Select', scope);
    const position = Number(resolve(index, scope));
    const candidates = list(resolve(items, scope), 'Fn::Select', scope);
    const chosen = candidates[position];
    // A list that was cut from an unknown text is as unknown as the text, whatever the position.
    const unknown = candidates.map(markerIn).find((found) => found !== undefined);
    if (chosen === undefined && unknown === undefined) {
      throw mistake(scope, `Fn::Select asks for item ${position} of a list of ${candidates.length}`);
    }
    return chosen ?? unknown;
  },
  'Fn::Split': (argument, scope) => {
    const [separator, whole] = list(argument, 'Fn::Split', scope);
    const source = text(resolve(whole, scope), 'Fn::Split', scope);
    const unknown = markerIn(source);
    return unknown === undefined ? source.split(text(separator, 'Fn::Split', scope)) : [unknown];
  },
  'Fn::ImportValue': (argument, scope) => scope.imported(text(resolve(argument, scope), 'Fn::ImportValue', scope)),
  'Fn::GetStackOutput': (argument, scope) => {
    const { StackName: stack, OutputName: output } = resolve(argument, scope) as Record<string, unknown>;
    return scope.stackOutput(text(stack, 'Fn::GetStackOutput', scope), text(output, 'Fn::GetStackOutput', scope));
  },
  'Fn::FindInMap': (argument, scope) => {
    const [map, first, second] = list(resolve(argument, scope), 'Fn::FindInMap', scope).map(String);
    const value = scope.mappings[map as string]?.[first as string]?.[second as string];
    if (value === undefined) throw mistake(scope, `Fn::FindInMap finds nothing under ${map}, ${first}, ${second}`);
    return value;
  },
  'Fn::If': (argument, scope) => {
    const [condition, whenTrue, whenFalse] = list(argument, 'Fn::If', scope);
    return resolve(scope.condition(text(condition, 'Fn::If', scope)) ? whenTrue : whenFalse, scope);
  },
  'Fn::Equals': (argument, scope) => {
    const [left, right] = list(resolve(argument, scope), 'Fn::Equals', scope);
    return String(left) === String(right);
  },
  'Fn::And': (argument, scope) => list(resolve(argument, scope), 'Fn::And', scope).every(Boolean),
  'Fn::Or': (argument, scope) => list(resolve(argument, scope), 'Fn::Or', scope).some(Boolean),
  'Fn::Not': (argument, scope) => !list(resolve(argument, scope), 'Fn::Not', scope)[0],
  'Fn::Base64': (argument, scope) => {
    const source = text(resolve(argument, scope), 'Fn::Base64', scope);
    return markerIn(source) ?? Buffer.from(source).toString('base64');
  },
  'Fn::Length': (argument, scope) => list(resolve(argument, scope), 'Fn::Length', scope).length,
  'Fn::ToJsonString': (argument, scope) => JSON.stringify(resolve(argument, scope)),
  'Fn::GetAZs': (argument, scope) => {
    const region = text(resolve(argument, scope), 'Fn::GetAZs', scope) || String(scope.reference('AWS::Region'));
    return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
  },
};

/** Texts, and the scalars that CloudFormation takes for texts. */
function text(value: unknown, intrinsic: string, scope: Scope): string {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw mistake(scope, `${intrinsic} needs a text, got ${JSON.stringify(value)}`);
}

function list(value: unknown, intrinsic: string, scope: Scope): unknown[] {
  if (Array.isArray(value)) return value;
  const unknown = markerIn(value);
  if (unknown !== undefined) return [unknown];
  throw mistake(scope, `${intrinsic} needs a list, got ${JSON.stringify(value)}`);
}

function splitOnce(name: string): [string, string | undefined] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1)];
}

function mistake(scope: Scope, what: string): MillraceError {
  return new MillraceError('DEPLOY_TEMPLATE', `${scope.user}: ${what}.`);
}
