/** Resolves the intrinsic functions of a template; what has no value on this machine becomes a marker. */
import { isObject } from '../../lib/declaration/json.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { markerIn } from './markers.ts';
import type { Template } from './template.ts';

/** What a template's names stand for at the moment of resolving. */
export interface Scope {
  /** Names the place in messages: `dev/readings Topics (Custom::KafkaTopics)`. */
  readonly user: string;
  readonly mappings: NonNullable<Template['Mappings']>;
  reference(name: string): unknown;
  attribute(logicalId: string, attribute: string): unknown;
  imported(name: string): unknown;
  stackOutput(stackName: string, output: string): unknown;
  condition(name: string): boolean;
}

/** What `Ref: AWS::NoValue` gives: the property or list item is left out. */
export const noValue = Symbol('AWS::NoValue');

class Arguments {
  readonly scope: Scope;
  private readonly name: string;

  constructor(name: string, scope: Scope) {
    this.name = name;
    this.scope = scope;
  }

  resolve(value: unknown): unknown {
    return resolve(value, this.scope);
  }

  /** Texts, and the scalars that CloudFormation takes for texts. */
  text(value: unknown): string {
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    throw this.mistake(`needs a text, got ${JSON.stringify(value)}`);
  }

  list(value: unknown): unknown[] {
    if (Array.isArray(value)) return value;
    const unknown = markerIn(value);
    if (unknown !== undefined) return [unknown];
    throw this.mistake(`needs a list, got ${JSON.stringify(value)}`);
  }

  mistake(what: string): MillraceError {
    return new MillraceError('DEPLOY_TEMPLATE', `${this.scope.user}: ${this.name} ${what}.`);
  }
}

export function resolve(value: unknown, scope: Scope): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(item, scope)).filter((item) => item !== noValue);
  if (!isObject(value)) return value;
  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0) {
    const read = new Arguments(name, scope);
    const intrinsic = intrinsics[name];
    if (intrinsic) return intrinsic(value[name], read);
    if (name.startsWith('Fn::')) throw read.mistake('is not a function that the local deployment knows');
  }
  const entries = Object.entries(value).map(([key, item]) => [key, resolve(item, scope)] as const);
  return Object.fromEntries(entries.filter(([, item]) => item !== noValue));
}

const intrinsics: Readonly<Record<string, (argument: unknown, read: Arguments) => unknown>> = {
  Ref: (name, read) => (name === 'AWS::NoValue' ? noValue : read.scope.reference(read.text(name))),
  Condition: (name, read) =>
    typeof name === 'string' ? read.scope.condition(name) : { Condition: read.resolve(name) },
  'Fn::GetAtt': (argument, read) => {
    const [logicalId, attribute] = typeof argument === 'string' ? splitOnce(argument) : read.list(argument);
    return read.scope.attribute(read.text(logicalId), read.text(read.resolve(attribute)));
  },
  'Fn::Join': (argument, read) => {
    const [separator, items] = read.list(argument);
    const parts = read.list(read.resolve(items)).map((item) => read.text(item));
    return parts.join(read.text(separator));
  },
  'Fn::Sub': (argument, read) => {
    const [pattern, given] = Array.isArray(argument) ? argument : [argument, {}];
    const values = (isObject(given) ? read.resolve(given) : {}) as Record<string, unknown>;
    return read.text(pattern).replace(/\$\{(!?)([^}]+)\}/g, (_whole, literal: string, inner: string) => {
      if (literal) return `\${${inner}}`;
      const name = inner.trim();
      const [logicalId, attribute] = splitOnce(name);
      if (values[name] !== undefined) return read.text(values[name]);
      const { scope } = read;
      return read.text(attribute === undefined ? scope.reference(name) : scope.attribute(logicalId, attribute));
    });
  },
  'Fn::Select': (argument, read) => {
    const [index, items] = read.list(argument);
    const position = Number(read.resolve(index));
    const candidates = read.list(read.resolve(items));
    // A list that was cut from an unknown text is as unknown as the text, whatever the position.
    const chosen = candidates[position] ?? candidates.map(markerIn).find((found) => found !== undefined);
    if (chosen === undefined) throw read.mistake(`asks for item ${position} of a list of ${candidates.length}`);
    return chosen;
  },
  'Fn::Split': (argument, read) => {
    const [separator, whole] = read.list(argument);
    const source = read.text(read.resolve(whole));
    const unknown = markerIn(source);
    return unknown === undefined ? source.split(read.text(separator)) : [unknown];
  },
  'Fn::ImportValue': (argument, read) => read.scope.imported(read.text(read.resolve(argument))),
  'Fn::GetStackOutput': (argument, read) => {
    const { StackName: stack, OutputName: output } = read.resolve(argument) as Record<string, unknown>;
    return read.scope.stackOutput(read.text(stack), read.text(output));
  },
  'Fn::FindInMap': (argument, read) => {
    const [map = '', first = '', second = ''] = read.list(read.resolve(argument)).map(String);
    const value = read.scope.mappings[map]?.[first]?.[second];
    if (value === undefined) throw read.mistake(`finds nothing under ${map}, ${first}, ${second}`);
    return value;
  },
  'Fn::If': (argument, read) => {
    const [condition, whenTrue, whenFalse] = read.list(argument);
    return read.resolve(read.scope.condition(read.text(condition)) ? whenTrue : whenFalse);
  },
  'Fn::Equals': (argument, read) => {
    const [left, right] = read.list(read.resolve(argument));
    return String(left) === String(right);
  },
  'Fn::And': (argument, read) => read.list(read.resolve(argument)).every(Boolean),
  'Fn::Or': (argument, read) => read.list(read.resolve(argument)).some(Boolean),
  'Fn::Not': (argument, read) => !read.list(read.resolve(argument))[0],
  'Fn::Base64': (argument, read) => {
    const source = read.text(read.resolve(argument));
    return markerIn(source) ?? Buffer.from(source).toString('base64');
  },
  'Fn::Length': (argument, read) => read.list(read.resolve(argument)).length,
  'Fn::ToJsonString': (argument, read) => JSON.stringify(read.resolve(argument)),
  'Fn::GetAZs': (argument, read) => {
    const region = read.text(read.resolve(argument)) || String(read.scope.reference('AWS::Region'));
    return ['a', 'b', 'c'].map((zone) => `${region}${zone}`);
  },
};

function splitOnce(name: string): [string, string | undefined] {
  const dot = name.indexOf('.');
  return dot < 0 ? [name, undefined] : [name.slice(0, dot), name.slice(dot + 1)];
}
