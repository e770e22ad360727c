/**
 * Registers a schema under its rules, or removes it. It asks the registry what is there already, so that repeating a call changes nothing.
 */
import { sameJson } from '../../lib/declaration/json.ts';
import { Mistakes } from '../custom-resource/lifecycle.ts';
import type { Answer, Registry } from './client.ts';

export interface ArtifactName {
  readonly group: string;
  readonly artifactId: string;
}

export interface Artifact extends ArtifactName {
  readonly artifactType: string;
  readonly content: string;
  readonly compatibility: string;
  /** Whether its content may never change, because its id is part of what is written: schemas of keys. */
  readonly immutable: boolean;
}

/**
 * Registers the content and gives the id that framed records carry, of the version that has this content already, be it an older one, or of a
 * new one.
 */
export async function registerArtifact(registry: Registry, artifact: Artifact): Promise<string> {
  const isNew = await ensureArtifact(registry, artifact);
  const kept = artifact.immutable && !isNew ? await keptVersion(registry, artifact) : undefined;
  if (kept) return kept;
  const undo = await ensureRules(registry, artifact);
  const { artifactId, artifactType, content } = artifact;
  // Looks for the content as it is written: the registry's canonical form leaves out aliases, which readers need.
  const answer = await registry('POST', `${groupPath(artifact)}?ifExists=FIND_OR_CREATE_VERSION`, {
    artifactId,
    artifactType,
    // Without blanks and line ends, which are the editor's and not the schema's.
    firstVersion: { content: { content: JSON.stringify(JSON.parse(content)), contentType: 'application/json' } },
  });
  if (answer.status === 200) return idOf((answer.body as { version: unknown }).version);
  // Nothing of a refused schema stays: neither changed rules nor, where the registry lets it be deleted, an empty
  // artifact.
  if (isNew) await registry('DELETE', artifactPath(artifact));
  else await undo();
  throw refused(artifact, answer);
}

/** Deletes the artifact with all of its versions; does nothing when it is not there. */
export async function removeArtifact(registry: Registry, artifact: ArtifactName): Promise<void> {
  const answer = await registry('DELETE', artifactPath(artifact));
  if ([200, 204, 404].includes(answer.status)) return;
  if (answer.status !== 405) throw unexpected('delete', artifact, answer);
  throw new Error(
    `${named(artifact)} is to be deleted with its resource, but this registry does not allow artifacts to be deleted. Declare it with OnRemoval "retain", or set APICURIO_REST_DELETION_ARTIFACT_ENABLED=true for the registry.`,
  );
}

interface Rule {
  readonly ruleType: 'VALIDITY' | 'COMPATIBILITY';
  readonly config: string;
}

/**
 * Sees to it that the artifact exists, without a version: so its rules are there before the first one. True when it was
 * made now.
 */
async function ensureArtifact(registry: Registry, artifact: Artifact): Promise<boolean> {
  const { artifactId, artifactType } = artifact;
  const found = await registry('GET', artifactPath(artifact));
  if (found.status === 200) {
    const { artifactType: type } = found.body as { artifactType?: string };
    if (type === artifactType) return false;
    throw new Error(
      `${named(artifact)} exists with type ${type} and ${artifactType} is declared: the type of an artifact cannot be changed. Declare ${type}, or an artifact of another name.`,
    );
  }
  if (found.status !== 404) throw unexpected('read', artifact, found);
  const made = await registry('POST', groupPath(artifact), { artifactId, artifactType });
  // 409: somebody else made it between the two requests.
  if (made.status !== 200 && made.status !== 409) throw unexpected('create', artifact, made);
  return made.status === 200;
}

/** The id of an artifact that may not change, when it has a version; refuses other content than it has. */
async function keptVersion(registry: Registry, artifact: Artifact): Promise<string | undefined> {
  const latest = `${artifactPath(artifact)}/versions/branch=latest`;
  const version = await registry('GET', latest);
  if (version.status === 404) return undefined;
  const content = await registry('GET', `${latest}/content`);
  const unread = [version, content].find(({ status }) => status !== 200);
  if (unread) throw unexpected('read', artifact, unread);
  const declared: unknown = JSON.parse(artifact.content);
  if (sameJson(content.body, declared)) return idOf(version.body);
  throw new Error(
    `${named(artifact)} cannot be changed: it describes keys, every key that is written holds the id of its schema, and the same key under another id would count as another one. Registered is ${shortText(content.body)}; declared is ${shortText(declared)}. Go back to the registered schema, or use another topic.`,
  );
}

/** Puts the rules in force; gives what takes them back to how they were. */
async function ensureRules(registry: Registry, artifact: Artifact): Promise<() => Promise<void>> {
  const rules: Rule[] = [
    { ruleType: 'VALIDITY', config: 'FULL' },
    { ruleType: 'COMPATIBILITY', config: artifact.compatibility },
  ];
  const path = `${artifactPath(artifact)}/rules`;
  const undo: (() => Promise<unknown>)[] = [];
  for (const rule of rules) {
    const one = `${path}/${rule.ruleType}`;
    const now = await registry('GET', one);
    if (now.status !== 200 && now.status !== 404) throw unexpected('read the rules of', artifact, now);
    const before = now.status === 200 ? (now.body as Rule) : undefined;
    if (before?.config === rule.config) continue;
    const set = before ? await registry('PUT', one, rule) : await registry('POST', path, rule);
    if (set.status >= 300 && set.status !== 409) {
      throw unexpected(`set rule ${rule.ruleType} ${rule.config} of`, artifact, set);
    }
    undo.push(() => (before ? registry('PUT', one, before) : registry('DELETE', one)));
  }
  return async () => {
    for (const step of undo) await step();
  };
}

const groupPath = ({ group }: ArtifactName) => `/groups/${encodeURIComponent(group)}/artifacts`;
const artifactPath = (artifact: ArtifactName) => `${groupPath(artifact)}/${encodeURIComponent(artifact.artifactId)}`;
const named = ({ group, artifactId }: ArtifactName) => `Schema ${artifactId} (group ${group})`;
const idOf = (version: unknown) => String((version as { contentId: number }).contentId);

interface Problem {
  /** Stable: `RuleViolationException`, `ArtifactNotFoundException`, ... */
  readonly name?: string;
  readonly title?: string;
  readonly causes?: readonly { readonly description?: string; readonly context?: string }[];
}

/** The registry's own words, with the place in the schema that each of them is about. */
function refused(artifact: Artifact, answer: Answer): Error {
  const { name, title, causes = [] } = Object(answer.body) as Problem;
  if (name !== 'RuleViolationException') return unexpected('register', artifact, answer);
  const told = causes.map(({ description, context }) => [context, description].filter(Boolean).join(': '));
  return new Mistakes(
    `${named(artifact)} was refused by the registry, whose rules for it are validity and ${artifact.compatibility} compatibility with every version so far; it is as it was:`,
    told.length > 0 ? told : [title ?? `HTTP ${answer.status}`],
  );
}

function unexpected(what: string, artifact: ArtifactName, { status, body }: Answer): Error {
  const { title } = Object(body) as Problem;
  const words = title ?? (typeof body === 'string' && body !== '' ? body : 'no reason given');
  return new Error(`The registry refused to ${what} ${named(artifact)}: HTTP ${status}, ${words}`);
}

function shortText(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 600 ? text : `${text.slice(0, 600)} …`;
}
