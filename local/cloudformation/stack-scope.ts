/** What the names in a template stand for: parameters, conditions, and what is deployed so far. */
import { isObject } from '../../lib/declaration/json.ts';
import { MillraceError } from '../../tools/errors.mjs';
import { type AssemblyStack, localAccount } from './assembly.ts';
import { noValue, resolve, type Scope } from './intrinsics.ts';
import { marker } from './markers.ts';
import { type Properties, stackId } from './model.ts';
import { counterpartOf } from './providers/index.ts';
import { label, type Outcome } from './providers/provider.ts';
import type { State } from './state.ts';
import type { TemplateResource } from './template.ts';

export class StackScope {
  private readonly state: State;
  private readonly stack: AssemblyStack;
  private readonly parameter: (name: string) => unknown;
  private readonly conditions = new Map<string, boolean>();

  /** @param parameter gives the value of a parameter of the template; `undefined` when it declares none. */
  constructor(state: State, stack: AssemblyStack, parameter: (name: string) => unknown) {
    this.state = state;
    this.stack = stack;
    this.parameter = parameter;
  }

  properties(logicalId: string, resource: TemplateResource): Properties {
    const user = label(this.stack, logicalId, resource.Type);
    const resolved = resolve(resource.Properties ?? {}, this.scope(user));
    return isObject(resolved) ? resolved : {};
  }

  /** An output's value or another single value. */
  value(value: unknown, what: string): unknown {
    return resolve(value, this.scope(`${this.stack.path} ${what}`));
  }

  /** Whether a resource or output exists at all under its condition. */
  exists(item: { readonly Condition?: string }): boolean {
    return item.Condition === undefined || this.condition(item.Condition);
  }

  private scope(user: string): Scope {
    const { stack, state } = this;
    return {
      user,
      mappings: stack.template.Mappings ?? {},
      reference: (name) => this.reference(name, user),
      attribute: (logicalId, attribute) => this.attribute(logicalId, attribute, user),
      condition: (name) => this.condition(name),
      imported: (name) => {
        const exporting = Object.values(state.stacks).find((each) => name in each.exports);
        if (!exporting) throw mistake(`${user}: no stack exports "${name}".`);
        return exporting.exports[name];
      },
      stackOutput: (stackName, output) => {
        const value = Object.values(state.stacks).find((each) => each.name === stackName)?.outputs[output];
        if (value === undefined) throw mistake(`${user}: the stack ${stackName} has no output "${output}".`);
        return value;
      },
    };
  }

  private reference(name: string, user: string): unknown {
    const { stack } = this;
    const pseudo: Record<string, unknown> = {
      'AWS::AccountId': stack.account || localAccount,
      'AWS::NoValue': noValue,
      'AWS::NotificationARNs': [],
      'AWS::Partition': 'aws',
      'AWS::Region': stack.region,
      'AWS::StackId': stackId(stack),
      'AWS::StackName': stack.name,
      'AWS::URLSuffix': 'amazonaws.com',
    };
    return (
      pseudo[name] ?? this.parameter(name) ?? this.resource(name, user, 'Ref')?.physicalId ?? this.unknown(name, 'Ref')
    );
  }

  private attribute(logicalId: string, attribute: string, user: string): unknown {
    const attributes = this.resource(logicalId, user, attribute)?.attributes ?? {};
    // A nested attribute of a custom resource may come as one flat name or as an object.
    const nested = attribute
      .split('.')
      .reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), attributes);
    return attributes[attribute] ?? nested ?? this.unknown(logicalId, attribute);
  }

  /** What a resource has given; `undefined` when it stays on AWS and has not even a name here. */
  private resource(logicalId: string, user: string, attribute: string): Outcome | undefined {
    const { stack, state } = this;
    const resource = stack.template.Resources[logicalId];
    if (!resource || !this.exists(resource)) {
      throw mistake(`${user}: it refers to ${logicalId} (${attribute}), and ${stack.path} has no such resource.`);
    }
    const counterpart = counterpartOf(resource.Type);
    if (counterpart && !('create' in counterpart)) {
      return counterpart.identity?.(stack, logicalId, this.properties(logicalId, resource));
    }
    return state.stacks[stack.path]?.resources[logicalId];
  }

  private unknown(logicalId: string, attribute: string): string {
    const { stack } = this;
    const type = stack.template.Resources[logicalId]?.Type ?? '';
    return marker(`${attribute} of ${label(stack, logicalId, type)}`);
  }

  private condition(name: string): boolean {
    const known = this.conditions.get(name);
    if (known !== undefined) return known;
    const { stack } = this;
    const expression = stack.template.Conditions?.[name];
    if (expression === undefined) throw mistake(`${stack.path}: there is no condition "${name}".`);
    const result = resolve(expression, this.scope(`${stack.path} condition ${name}`));
    this.conditions.set(name, result === true);
    return result === true;
  }
}

const mistake = (what: string) => new MillraceError('DEPLOY_TEMPLATE', what);
