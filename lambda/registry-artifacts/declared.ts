/** Reads the properties of a `Custom::RegistryArtifacts` resource. */
import { isObject } from '../../lib/declaration/json.ts';
import { shown } from '../custom-resource/lifecycle.ts';
import { type OnRemoval, oneOf, onRemoval, type Rule, refuse, textsOf, twice } from '../custom-resource/properties.ts';
import type { Artifact, ArtifactName } from './artifacts.ts';

export interface DeclaredArtifact extends Artifact {
  /** Name of the attribute that gives the id of its version. */
  readonly key: string;
  readonly onRemoval: OnRemoval;
}

export interface Declared {
  readonly registryUrl: string;
  readonly pipeline: string;
  readonly artifacts: readonly DeclaredArtifact[];
}

const compatibility = oneOf(
  'NONE',
  ...['BACKWARD', 'FORWARD', 'FULL'].flatMap((level) => [level, `${level}_TRANSITIVE`]),
);
const address: Rule = (value) =>
  /^https?:\/\/./.test(value) ? undefined : 'an address that begins with http:// or https:// is needed';
const json: Rule = (value) => {
  try {
    JSON.parse(value);
  } catch {
    return 'a text in JSON is needed';
  }
};

type Properties = Readonly<Record<string, unknown>>;

/** Reads and checks the properties. @throws Mistakes with all of them */
export function readDeclared(properties: Properties): Declared {
  const mistakes: string[] = [];
  const text = textsOf(properties, mistakes);
  const registryUrl = text('RegistryUrl', address);
  const pipeline = text('Pipeline');
  const artifacts = artifactsIn(properties).map((artifact, index): DeclaredArtifact => {
    const of = textsOf(artifact, mistakes, `Artifacts.${index}`);
    return {
      key: of('Key'),
      group: of('Group', undefined, 'default'),
      artifactId: of('ArtifactId'),
      artifactType: of('ArtifactType'),
      content: of('Content', json),
      compatibility: of('Compatibility', compatibility),
      immutable: of('Immutable', oneOf('true', 'false'), 'false') === 'true',
      onRemoval: of('OnRemoval', onRemoval, 'retain') as OnRemoval,
    };
  });
  if (artifacts.length === 0) mistakes.push(`Artifacts: ${shown(properties.Artifacts)} was given, a list is needed`);
  for (const key of twice(artifacts.map((artifact) => artifact.key))) {
    mistakes.push(`Artifacts: Key ${shown(key)} was given twice, each artifact needs one of its own`);
  }
  refuse('schemas', mistakes);
  return { registryUrl, pipeline, artifacts };
}

/**
 * The schemas that go with their resource. Of properties that cannot be read nothing goes: a refusal would leave a stack that cannot be
 * deleted.
 */
export const removable = (properties: Properties = {}): ArtifactName[] =>
  artifactsIn(properties).flatMap(({ Group: group = 'default', ArtifactId: artifactId, OnRemoval }) =>
    OnRemoval === 'delete' && typeof group === 'string' && typeof artifactId === 'string'
      ? [{ group, artifactId }]
      : [],
  );

const artifactsIn = ({ Artifacts: artifacts }: Properties): Properties[] =>
  Array.isArray(artifacts) ? artifacts.map((one: unknown) => (isObject(one) ? one : {})) : [];
