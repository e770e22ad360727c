/** Lambda behind `Custom::RegistryArtifacts`, the schemas of one pipeline. */
import { answering, type LifecycleAnswer, type LifecycleEvent, Mistakes } from '../custom-resource/lifecycle.ts';
import { registerArtifact, removeArtifact } from './artifacts.ts';
import { connectTo, NoAnswer, type Registry } from './client.ts';
import { type Declared, readDeclared, removable } from './declared.ts';

/** A registry that was created in the same deployment may need minutes for its first start; the function has ten. */
export const startingMs = 8 * 60_000;

/** Registers the schemas and answers the id of each by its key; removes those that go by their declaration. */
export const onEvent = answering(async (event: LifecycleEvent): Promise<LifecycleAnswer> => {
  const { RequestType: type, PhysicalResourceId: id, ResourceProperties: properties } = event;
  if (type === 'Delete') {
    const registry = connectTo(String(properties.RegistryUrl), startingMs, process.env.REGISTRY_PASSWORD);
    for (const artifact of removable(properties)) await removeArtifact(registry, artifact);
    return { PhysicalResourceId: id ?? 'registry-artifacts' };
  }
  const { registryUrl, pipeline, artifacts } = readDeclared(properties);
  const registry = connectTo(registryUrl, startingMs, process.env.REGISTRY_PASSWORD);
  const ids = await registerAll(registry, artifacts);
  for (const { group, artifactId } of removable(event.OldResourceProperties)) {
    const isKept = artifacts.some((kept) => kept.group === group && kept.artifactId === artifactId);
    if (!isKept) await removeArtifact(registry, { group, artifactId });
  }
  // Kept through every update: another id would make CloudFormation delete the schemas of the old one.
  return { PhysicalResourceId: id ?? `registry-artifacts/${pipeline}`, Data: ids };
});

/** Registers one after the other; what is wrong with any is told with what is wrong with the others. */
async function registerAll(registry: Registry, artifacts: Declared['artifacts']): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  const mistakes: string[] = [];
  for (const artifact of artifacts) {
    try {
      ids[artifact.key] = await registerArtifact(registry, artifact);
    } catch (error) {
      if (error instanceof NoAnswer) throw error;
      mistakes.push((error as Error).message);
    }
  }
  const [first] = mistakes;
  if (mistakes.length > 1) throw new Mistakes(`${mistakes.length} schemas could not be registered:`, mistakes);
  if (first !== undefined) throw new Error(first);
  return ids;
}
