/** The synthesized stacks as the checks see them, and mutants of them. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';
import { environments } from '../../../config/environments.ts';
import { type AssemblyStack, readStacks } from '../../../local/cloudformation/assembly.ts';

/** A resource of a template, open to mutation. */
export interface Resource {
  Type: string;

  Properties: Record<string, unknown>;
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Metadata?: Record<string, unknown>;
  DependsOn?: string | string[];
}

/** One stack: `path` is what messages name (`dev/network`). */
export interface Stack extends Omit<AssemblyStack, 'template' | 'assets'> {
  readonly template: {
    Parameters?: Record<string, { Type: string; Default?: string | number }>;
    Mappings?: AssemblyStack['template']['Mappings'];
    Conditions?: Record<string, unknown>;
    Resources: Record<string, Resource>;
    Outputs?: Record<string, { Value: unknown; Export?: { Name: unknown } }>;
  };
}

/** Names of all environments of the app. */
export const environmentNames: readonly string[] = environments.map((environment) => environment.name);

const cache = new Map<string, Stack[]>();

/** Assemblies of the set-up: what each is for is said in `synthesize.ts`. */
export type Assembly = 'app' | 'readings' | 'connected' | 'express' | 'resized' | 'tagged';

/** The stacks of an environment in one of the assemblies of the set-up. Never change them: see `mutant`. */
export function stacksOf(environment: string, assembly: Assembly = 'app'): Stack[] {
  const key = `${assembly}/${environment}`;
  const known = cache.get(key);
  if (known) return known;
  const stacks = readStacks(join(inject('assembly'), assembly), environment).map(
    ({ assets: _, ...stack }) => stack as unknown as Stack,
  );
  cache.set(key, stacks);
  return stacks;
}

/** Files of all templates of an assembly of the set-up. */
export function templateFiles(assembly = 'app'): string[] {
  const folder = join(inject('assembly'), assembly);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.template.json'))
    .map((name) => join(folder, name))
    .sort();
}

/** A resource and where it stands. */
export interface Found {
  readonly stack: Stack;
  readonly logicalId: string;
  readonly resource: Resource;
}

/** Finds the first resource of a type; `where` narrows it. Throws when there is none, so that no mutant does nothing. */
export type Find = (type: string, where?: (resource: Resource, logicalId: string) => boolean) => Found;

/** All resources of a type. */
export function all(stacks: readonly Stack[], type: string): Found[] {
  return stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([logicalId, resource]) => ({ stack, logicalId, resource })),
  );
}

/** A copy of the stacks with a mistake in it. */
export function mutant(stacks: readonly Stack[], change: (find: Find, stacks: Stack[]) => void): Stack[] {
  const copy = structuredClone(stacks) as Stack[];
  change((type, where = () => true) => {
    const found = all(copy, type).find(({ resource, logicalId }) => where(resource, logicalId));
    if (!found) throw new Error(`The mutant finds no ${type} as it describes it: adapt it to the templates.`);
    return found;
  }, copy);
  return copy;
}

/** A logical id without the hash that the CDK appends. */
export const shortId = (logicalId: string): string => logicalId.replace(/[0-9A-F]{8}$/, '');
