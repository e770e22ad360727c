/**
 * Lambda behind `Custom::RegistryArtifact`, one schema: CloudFormation's events come in through the CDK's Provider
 * framework, the ids of the registered version go out. It only translates the lifecycle; the work is in `artifacts.ts`.
 */
import { fitting, type LifecycleAnswer, type LifecycleEvent } from '../custom-resource/lifecycle.ts';
import { registerArtifact, removeArtifact } from './artifacts.ts';
import { Registry } from './client.ts';
import { readDeclaredArtifact } from './declared.ts';

/** A registry that was created in the same deployment may need minutes for its first start; the function has ten. */
const startingMs = 8 * 60_000;

/** Registers the schema, or removes it when its declaration says so. */
export async function onEvent(event: LifecycleEvent): Promise<LifecycleAnswer> {
  try {
    const declared = readDeclaredArtifact(event.ResourceProperties);
    const registry = new Registry({ url: declared.registryUrl, startingMs });
    const id = `registry-artifact/${declared.group}/${declared.artifactId}`;
    if (event.RequestType === 'Delete') {
      if (declared.onRemoval === 'delete') await removeArtifact(registry, declared);
      return { PhysicalResourceId: event.PhysicalResourceId ?? id };
    }
    const { contentId, globalId, version } = await registerArtifact(registry, declared);
    return { PhysicalResourceId: id, Data: { ContentId: contentId, GlobalId: globalId, Version: version } };
  } catch (error) {
    throw fitting(error);
  }
}
