/**
 * Takes a template's parameters and the values that the local deployment has for some of them, and gives the value of each. Called once per
 * stack, before anything of it is resolved.
 */
import { MillraceError } from '../../tools/errors.ts';
import type { Endpoints, StackIdentity } from './model.ts';
import type { Template, TemplateParameter } from './template.ts';

/** Values that a stack's parameters get on this machine, by the parameter's name. */
export type Overrides = Readonly<Record<string, string>>;

/** What differs between AWS and this machine, and how a stack that cares is told: by these parameters alone. */
export function localOverrides(endpoints: Endpoints): Overrides {
  return {
    KafkaSecurity: 'none',
    // On AWS those who register schemas have an address of their own; here there is one for all.
    RegistryUrl: endpoints.registryUrl,
    RegistryWriteUrl: endpoints.registryUrl,
  };
}

/**
 * The value of every parameter of a stack. A parameter that is read from the Parameter Store (`AWS::SSM::Parameter::Value<...>`) is
 * looked up when it is used, by `lookUp`; the bootstrap version never is.
 */
export function parameterValues(
  stack: StackIdentity,
  template: Template,
  overrides: Overrides,
  lookUp: (parameterName: string) => string | undefined,
): (name: string) => unknown {
  const declared = template.Parameters ?? {};
  return (name) => {
    const parameter = declared[name];
    if (!parameter) return undefined;
    const given = overrides[name] ?? parameter.Default;
    if (given === undefined) {
      throw refusal(stack, name, 'has neither a default nor a value on this machine', parameter);
    }
    if (parameter.Type.startsWith('AWS::SSM::Parameter::Value<')) {
      const value = lookUp(String(given));
      if (value === undefined)
        throw refusal(stack, name, `names the parameter ${given}, which does not exist`, parameter);
      return parameter.Type.includes('List') ? split(value) : value;
    }
    check(stack, name, parameter, given);
    return /^List<|^CommaDelimitedList$/.test(parameter.Type) ? split(String(given)) : String(given);
  };
}

function check(stack: StackIdentity, name: string, parameter: TemplateParameter, value: string | number): void {
  if (parameter.AllowedValues && !parameter.AllowedValues.map(String).includes(String(value))) {
    throw refusal(stack, name, `is "${value}"`, parameter);
  }
  if (parameter.AllowedPattern !== undefined && !new RegExp(`^(?:${parameter.AllowedPattern})$`).test(String(value))) {
    throw refusal(stack, name, `is "${value}"`, parameter);
  }
}

function refusal(stack: StackIdentity, name: string, what: string, parameter: TemplateParameter): MillraceError {
  const allowed = parameter.AllowedValues
    ? ` Allowed: ${parameter.AllowedValues.join(', ')}.`
    : parameter.AllowedPattern
      ? ` Allowed: texts like ${parameter.AllowedPattern}.`
      : '';
  return new MillraceError('DEPLOY_PARAMETER', `${stack.path}: the parameter ${name} ${what}.${allowed}`);
}

function split(value: string): string[] {
  return value === '' ? [] : value.split(',').map((item) => item.trim());
}

/** Refuses an environment in which a value that the local deployment must pass on has nowhere to go. */
export function requireDeclared(overrides: Overrides, stacks: readonly { readonly template: Template }[]): void {
  const missing = Object.keys(overrides).filter(
    (name) => !stacks.some((stack) => stack.template.Parameters && name in stack.template.Parameters),
  );
  if (missing.length > 0) {
    throw new MillraceError(
      'DEPLOY_PARAMETER',
      `No stack declares the CloudFormation parameter ${missing.join(' or ')}, by which it would be told of the services of this machine.`,
    );
  }
}
