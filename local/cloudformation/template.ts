/** What the deployment reads of a CloudFormation template, and the order in which its resources need each other. */
import { isObject } from '../../lib/declaration/json.ts';
import { MillraceError } from '../../tools/errors.mjs';
import type { Properties } from './model.ts';

export interface TemplateParameter {
  readonly Type: string;
  readonly Default?: string | number;
  readonly AllowedValues?: readonly (string | number)[];
  readonly AllowedPattern?: string;
}

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Properties;
  readonly DependsOn?: string | readonly string[];
  readonly Condition?: string;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

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
  const found = new Set<string>([resource.DependsOn ?? []].flat());
  collectReferences(resource.Properties, found);
  return [...found].filter((name) => name in template.Resources);
}

function collectReferences(value: unknown, found: Set<string>): void {
  if (Array.isArray(value)) for (const item of value) collectReferences(item, found);
  if (!isObject(value)) return;
  const { Ref: reference, 'Fn::GetAtt': attribute, 'Fn::Sub': substitution } = value;
  if (typeof reference === 'string') found.add(reference);
  const target = typeof attribute === 'string' ? attribute.split('.')[0] : Array.isArray(attribute) && attribute[0];
  if (typeof target === 'string') found.add(target);
  const text = Array.isArray(substitution) ? substitution[0] : substitution;
  if (typeof text === 'string') {
    for (const [, name = ''] of text.matchAll(/\$\{([^!}][^}]*)\}/g)) found.add(name.trim().split('.')[0] ?? '');
  }
  for (const item of Object.values(value)) collectReferences(item, found);
}

export interface Dependent {
  readonly logicalId: string;
  readonly dependsOn: readonly string[];
}

/**
 * Sorts resources so that each comes after those it depends on; otherwise the given order is kept.
 *
 * @param stack named in the error for a circle.
 * @throws MillraceError DEPLOY_TEMPLATE when resources depend on each other in a circle
 */
export function inDependencyOrder<R extends Dependent>(resources: readonly R[], stack: string): R[] {
  const byId = new Map(resources.map((resource) => [resource.logicalId, resource]));
  const ordered = new Set<R>();
  const visiting: string[] = [];
  const visit = (resource: R) => {
    if (ordered.has(resource)) return;
    const { logicalId, dependsOn } = resource;
    if (visiting.includes(logicalId)) {
      const circle = [...visiting.slice(visiting.indexOf(logicalId)), logicalId].join(' -> ');
      throw new MillraceError('DEPLOY_TEMPLATE', `${stack}: resources depend on each other in a circle: ${circle}.`);
    }
    visiting.push(logicalId);
    for (const name of dependsOn) {
      const dependency = byId.get(name);
      if (dependency) visit(dependency);
    }
    visiting.pop();
    ordered.add(resource);
  };
  for (const resource of resources) visit(resource);
  return [...ordered];
}
