/**
 * Takes a CloudFormation template and gives its resources in an order in which each comes after all that it needs. Called by the resolver's
 * users: the deployment of a stack, and `explain`.
 */
import { MillraceError } from '../../tools/errors.ts';
import { isObject } from './json.ts';
import type { Properties } from './model.ts';

/** One entry under `Parameters`. */
export interface TemplateParameter {
  readonly Type: string;
  readonly Default?: string | number;
  readonly AllowedValues?: readonly (string | number)[];
  readonly AllowedPattern?: string;
}

/** One entry under `Resources`. */
export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Properties;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

/** One entry under `Outputs`. */
export interface TemplateOutput {
  readonly Value: unknown;
  readonly Condition?: string;
  readonly Export?: { readonly Name: unknown };
}

/** What the deployment reads of a template; `Rules` check an AWS account and are left out. */
export interface Template {
  readonly Parameters?: Readonly<Record<string, TemplateParameter>>;
  readonly Mappings?: Readonly<Record<string, Readonly<Record<string, Readonly<Record<string, unknown>>>>>>;
  readonly Conditions?: Readonly<Record<string, unknown>>;
  readonly Resources: Readonly<Record<string, TemplateResource>>;
  readonly Outputs?: Readonly<Record<string, TemplateOutput>>;
}

/** The logical ids of the resources that a resource refers to or names under `DependsOn`. */
export function dependenciesOf(resource: TemplateResource, template: Template): string[] {
  const found = new Set<string>();
  for (const name of [resource.DependsOn ?? []].flat()) found.add(name);
  collectReferences(resource.Properties, found);
  return [...found].filter((name) => name in template.Resources);
}

function collectReferences(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collectReferences(item, found);
    return;
  }
  if (!isObject(value)) return;
  const { Ref: reference, 'Fn::GetAtt': attribute, 'Fn::Sub': substitution } = value;
  if (typeof reference === 'string') found.add(reference);
  const target = typeof attribute === 'string' ? attribute.split('.')[0] : Array.isArray(attribute) && attribute[0];
  if (typeof target === 'string') found.add(target);
  const text = Array.isArray(substitution) ? substitution[0] : substitution;
  if (typeof text === 'string') {
    for (const [, name] of text.matchAll(/\$\{([^!}][^}]*)\}/g))
      found.add((name as string).trim().split('.')[0] as string);
  }
  for (const item of Object.values(value)) collectReferences(item, found);
}

/**
 * Sorts names so that each comes after the names it depends on; otherwise the given order is kept.
 *
 * @param stack named in the error for a circle.
 */
export function inDependencyOrder(dependencies: ReadonlyMap<string, readonly string[]>, stack: string): string[] {
  const ordered = new Set<string>();
  const visiting: string[] = [];
  const visit = (name: string) => {
    if (ordered.has(name)) return;
    if (visiting.includes(name)) {
      const circle = [...visiting.slice(visiting.indexOf(name)), name].join(' -> ');
      throw new MillraceError('DEPLOY_TEMPLATE', `${stack}: resources depend on each other in a circle: ${circle}.`);
    }
    visiting.push(name);
    for (const dependency of dependencies.get(name) ?? []) if (dependencies.has(dependency)) visit(dependency);
    visiting.pop();
    ordered.add(name);
  };
  for (const name of dependencies.keys()) visit(name);
  return [...ordered];
}
