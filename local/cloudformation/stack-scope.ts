/**
 * Takes a stack's template, its parameters and what is deployed so far, and answers for the names in it: the scope in which the resolver works.
 * Made once per deployment of a stack.
 */
import { MillraceError } from '../../tools/errors.ts';
import { type AssemblyStack, localAccount } from './assembly.ts';
import { noValue, resolve, type Scope } from './intrinsics.ts';
import { isObject } from './json.ts';
import { marker } from './markers.ts';
import { type Properties, stackId } from './model.ts';
import { label, type Outcome } from './providers/provider.ts';
import { standingOf } from './providers/registry.ts';
import type { State } from './state.ts';
import type { TemplateResource } from './template.ts';

/** What is known of a stack's surroundings. */
export interface Surroundings {
  readonly state: State;
  readonly stack: AssemblyStack;
  /** The value of a parameter of the template; `undefined` when it declares none of that name. */
  readonly parameter: (name: string) => unknown;
}

/** Resolves values of one stack. */
export class StackScope {
  readonly #surroundings: Surroundings;
  readonly #conditions = new Map<string, boolean>();

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings;
  }

  /** The properties of a resource, resolved. */
  properties(logicalId: string, resource: TemplateResource): Properties {
    const user = label(this.#surroundings.stack, logicalId, resource.Type);
    const resolved = resolve(resource.Properties ?? {}, this.#scope(user));
    return isObject(resolved) ? resolved : {};
  }

  /** An output's value or another single value. */
  value(value: unknown, what: string): unknown {
    return resolve(value, this.#scope(`${this.#surroundings.stack.path} ${what}`));
  }

  /** Whether a resource or output exists at all under its condition. */
  exists(item: { readonly Condition?: string }): boolean {
    return item.Condition === undefined || this.#condition(item.Condition);
  }

  #scope(user: string): Scope {
    const { stack, state } = this.#surroundings;
    return {
      user,
      mappings: stack.template.Mappings ?? {},
      reference: (name) => this.#reference(name, user),
      attribute: (logicalId, attribute) => this.#attribute(logicalId, attribute, user),
      condition: (name) => this.#condition(name),
      imported: (name) => {
        const exporting = Object.values(state.stacks).find((each) => name in each.exports);
        if (!exporting) throw new MillraceError('DEPLOY_TEMPLATE', `${user}: no stack exports "${name}".`);
        return exporting.exports[name];
      },
      stackOutput: (stackName, output) => {
        const producing = Object.values(state.stacks).find((each) => each.name === stackName);
        const value = producing?.outputs[output];
        if (value === undefined)
          throw new MillraceError('DEPLOY_TEMPLATE', `${user}: the stack ${stackName} has no output "${output}".`);
        return value;
      },
    };
  }

  #reference(name: string, user: string): unknown {
    const { stack, parameter } = this.#surroundings;
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
      pseudo[name] ?? parameter(name) ?? this.#resource(name, user, 'Ref')?.physicalId ?? this.#unknown(name, 'Ref')
    );
  }

  #attribute(logicalId: string, attribute: string, user: string): unknown {
    const attributes = this.#resource(logicalId, user, attribute)?.attributes ?? {};
    // A nested attribute of a custom resource may come as one flat name or as an object.
    const nested = attribute
      .split('.')
      .reduce<unknown>((value, part) => (isObject(value) ? value[part] : undefined), attributes);
    return attributes[attribute] ?? nested ?? this.#unknown(logicalId, attribute);
  }

  /** What a resource has given; `undefined` when it stays on AWS and has not even a name here. */
  #resource(logicalId: string, user: string, attribute: string): Outcome | undefined {
    const { stack, state } = this.#surroundings;
    const resource = stack.template.Resources[logicalId];
    if (!resource || !this.exists(resource)) {
      throw new MillraceError(
        'DEPLOY_TEMPLATE',
        `${user}: it refers to ${logicalId} (${attribute}), and ${stack.path} has no such resource.`,
      );
    }
    const standing = standingOf(resource.Type);
    if (standing && 'awsOnly' in standing) {
      return standing.awsOnly.identity?.(stack, logicalId, this.properties(logicalId, resource));
    }
    return state.stacks[stack.path]?.resources[logicalId];
  }

  #unknown(logicalId: string, attribute: string): string {
    const { stack } = this.#surroundings;
    const type = stack.template.Resources[logicalId]?.Type ?? '';
    return marker(`${attribute} of ${label(stack, logicalId, type)}`);
  }

  #condition(name: string): boolean {
    const known = this.#conditions.get(name);
    if (known !== undefined) return known;
    const { stack } = this.#surroundings;
    const expression = stack.template.Conditions?.[name];
    if (expression === undefined)
      throw new MillraceError('DEPLOY_TEMPLATE', `${stack.path}: there is no condition "${name}".`);
    const result = resolve(expression, this.#scope(`${stack.path} condition ${name}`));
    this.#conditions.set(name, result === true);
    return result === true;
  }
}
