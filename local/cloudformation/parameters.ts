/** The values of the parameters of a template, with those that differ between AWS and this machine. */
import { MillraceError } from '../../tools/errors.mjs';
import type { Endpoints, StackIdentity } from './model.ts';
import type { Template, TemplateParameter } from './template.ts';

export type Overrides = Readonly<Record<string, string>>;

/** What differs between AWS and this machine, and how a stack that cares is told: by these parameters alone. */
export function localOverrides(endpoints: Endpoints): Overrides {
  return {
    // On AWS those who register schemas have an address of their own; here there is one for all.
    RegistryUrl: endpoints.registryUrl,
    RegistryWriteUrl: endpoints.registryUrl,
  };
}

/**
 * The value of every parameter of a stack. A parameter that is read from the Parameter Store
 * (`AWS::SSM::Parameter::Value<...>`) is looked up when it is used, by `lookUp`; the bootstrap version never is.
 */
export function parameterValues(
  stack: StackIdentity,
  template: Template,
  overrides: Overrides,
  lookUp: (parameterName: string) => string | undefined,
): (name: string) => unknown {
  return (name) => {
    const parameter = template.Parameters?.[name];
    if (!parameter) return undefined;
    const mistake = (what: string) => {
      const { AllowedValues: values, AllowedPattern: pattern } = parameter;
      const allowed = values ? ` Allowed: ${values.join(', ')}.` : pattern ? ` Allowed: texts like ${pattern}.` : '';
      return new MillraceError('DEPLOY_PARAMETER', `${stack.path}: the parameter ${name} ${what}.${allowed}`);
    };
    const given = overrides[name] ?? parameter.Default;
    if (given === undefined) throw mistake('has neither a default nor a value on this machine');
    if (parameter.Type.startsWith('AWS::SSM::Parameter::Value<')) {
      const value = lookUp(String(given));
      if (value === undefined) throw mistake(`names the parameter ${given}, which does not exist`);
      return parameter.Type.includes('List') ? split(value) : value;
    }
    if (!isAllowed(parameter, String(given))) throw mistake(`is "${given}"`);
    return /^List<|^CommaDelimitedList$/.test(parameter.Type) ? split(String(given)) : String(given);
  };
}

function isAllowed({ AllowedValues: values, AllowedPattern: pattern }: TemplateParameter, value: string): boolean {
  if (values && !values.map(String).includes(value)) return false;
  return pattern === undefined || new RegExp(`^(?:${pattern})$`).test(value);
}

function split(value: string): string[] {
  return value === '' ? [] : value.split(',').map((item) => item.trim());
}

/**
 * Refuses an environment in which a value that the local deployment must pass on has nowhere to go.
 *
 * @throws MillraceError DEPLOY_PARAMETER
 */
export function requireDeclared(overrides: Overrides, stacks: readonly { readonly template: Template }[]): void {
  const missing = Object.keys(overrides).filter(
    (name) => !stacks.some(({ template }) => template.Parameters && name in template.Parameters),
  );
  if (missing.length === 0) return;
  throw new MillraceError(
    'DEPLOY_PARAMETER',
    `No stack declares the CloudFormation parameter ${missing.join(' or ')}, by which it would be told of the services of this machine.`,
  );
}
