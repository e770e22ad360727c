/**
 * Takes the properties of a `Custom::RegistryArtifact` resource, in which every scalar is text, and gives the schema
 * that it declares, or refuses all of its mistakes at once. Called by the handler before anything is asked of the
 * registry.
 */
import { refusal } from '../custom-resource/lifecycle.ts';
import type { Artifact } from './artifacts.ts';

/** A resource: a schema, where it is kept, and what becomes of it. */
export interface DeclaredArtifact extends Artifact {
  readonly registryUrl: string;
  readonly onRemoval: 'retain' | 'delete';
}

const levels = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const;

/** Reads and checks the properties; throws one error with every mistake. */
export function readDeclaredArtifact(properties: Readonly<Record<string, unknown>>): DeclaredArtifact {
  const mistakes: string[] = [];
  const text = (name: string, allowed?: readonly string[], otherwise?: string): string => {
    const value = properties[name] ?? otherwise;
    if (typeof value !== 'string' || value.trim() === '')
      mistakes.push(`${name}: ${shown(value)} was given, a text is needed`);
    else if (allowed && !allowed.includes(value))
      mistakes.push(`${name}: ${shown(value)} was given, allowed are ${allowed.join(', ')}`);
    return typeof value === 'string' ? value : '';
  };
  const declared = {
    registryUrl: text('RegistryUrl'),
    group: text('Group', undefined, 'default'),
    artifactId: text('ArtifactId'),
    artifactType: text('ArtifactType'),
    content: text('Content'),
    compatibility: text('Compatibility', levels),
    immutable: text('Immutable', ['true', 'false'], 'false') === 'true',
    onRemoval: text('OnRemoval', ['retain', 'delete'], 'retain') === 'delete' ? 'delete' : 'retain',
  } as const;
  if (declared.registryUrl && !/^https?:\/\/./.test(declared.registryUrl)) {
    mistakes.push(
      `RegistryUrl: ${shown(declared.registryUrl)} was given, an address that begins with http:// or https:// is needed`,
    );
  }
  if (mistakes.length > 0) throw refusal('The schema was refused and nothing was changed:', mistakes);
  return declared;
}

const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
