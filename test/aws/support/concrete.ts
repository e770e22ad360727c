/**
 * Templates without intrinsic functions: every resource with its properties, names and ARNs as AWS would have them. A reference to what
 * does not exist throws.
 */
import { resolve, type Scope } from '../../../local/cloudformation/intrinsics.ts';
import { ACCOUNT, attributeOf, type Named, nameOf, REGION, referenceOf } from './arns.ts';
import { type Resource, type Stack, shortId } from './stacks.ts';

/** A resource whose properties hold no intrinsic function. */
export interface Concrete {
  readonly stack: string;
  readonly logicalId: string;
  readonly type: string;
  /** What `Ref` gives. */
  readonly id: string;
  readonly name: string;

  readonly properties: Record<string, unknown>;
  /** `dev/readings JobsendRole1A2B3C4D`. */
  readonly place: string;
  /** The logical id without its hash. */
  readonly short: string;
}

/** Makes every resource of these stacks concrete. */
export function concrete(stacks: readonly Stack[]): Concrete[] {
  const exported = new Map<string, { stack: Stack; value: unknown }>();
  for (const stack of stacks) {
    for (const output of Object.values(stack.template.Outputs ?? {})) {
      if (output.Export) exported.set(String(output.Export.Name), { stack, value: output.Value });
    }
  }
  const scopeOf = (stack: Stack, user: string): Scope => {
    const named = (logicalId: string, resource: Resource): Named => ({
      stackName: stack.name,
      logicalId,
      type: resource.Type,
      properties: resource.Properties ?? {},
    });
    const existing = (logicalId: string): Resource => {
      const resource = stack.template.Resources[logicalId];
      if (!resource) throw new Error(`${user} refers to ${logicalId}, which ${stack.path} does not have.`);
      return resource;
    };
    return {
      user,
      mappings: stack.template.Mappings ?? {},
      reference(name) {
        const pseudo: Record<string, string> = {
          'AWS::AccountId': ACCOUNT,
          'AWS::Partition': 'aws',
          'AWS::Region': REGION,
          'AWS::StackId': `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${stack.name}/1`,
          'AWS::StackName': stack.name,
          'AWS::URLSuffix': 'amazonaws.com',
        };
        const parameter = stack.template.Parameters?.[name];
        return pseudo[name] ?? parameter?.Default ?? referenceOf(named(name, existing(name)));
      },
      attribute: (logicalId, attribute) => attributeOf(named(logicalId, existing(logicalId)), attribute),
      imported(name) {
        const found = exported.get(name);
        if (!found) throw new Error(`${user} imports "${name}", which no stack exports.`);
        return resolve(found.value, scopeOf(found.stack, `${found.stack.path} export ${name}`));
      },
      stackOutput(stackName, output) {
        throw new Error(`${user} reads output ${output} of ${stackName}: exports are used here.`);
      },
      condition: () => true,
    };
  };
  return stacks.flatMap((stack) =>
    Object.entries(stack.template.Resources).map(([logicalId, resource]) => {
      const place = `${stack.path} ${logicalId}`;
      const properties = resolve(resource.Properties ?? {}, scopeOf(stack, place)) as Record<string, unknown>;
      const named = { stackName: stack.name, logicalId, type: resource.Type, properties };
      return {
        stack: stack.path,
        logicalId,
        type: resource.Type,
        id: referenceOf(named),
        name: nameOf(named),
        properties,
        place,
        short: shortId(logicalId),
      };
    }),
  );
}

/** The concrete resources of a type. */
export const ofType = (resources: readonly Concrete[], type: string): Concrete[] =>
  resources.filter((resource) => resource.type === type);
