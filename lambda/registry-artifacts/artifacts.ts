/**
 * Takes a schema as it is declared and registers it under its rules, or removes it. The core of the handler beside it:
 * it knows no CloudFormation, and asks the registry what is there already, so that repeating a call changes nothing.
 */
import { refusal } from '../custom-resource/lifecycle.ts';
import type { Answer, Problem, Registry } from './client.ts';

/** A schema as its pipeline declares it. */
export interface Artifact {
  readonly group: string;
  readonly artifactId: string;
  readonly artifactType: string;
  readonly content: string;
  /** Level of the registry's compatibility rule. */
  readonly compatibility: string;
  /** Whether its content may never change, because its id is part of what is written: schemas of keys. */
  readonly immutable: boolean;
}

/** The ids of a version. Framed records carry the content id. */
export interface Registered {
  readonly contentId: string;
  readonly globalId: string;
  readonly version: string;
}

/**
 * Registers the content and gives the ids of its version: the one that has this content already, be it an older one, or
 * a new one.
 */
export async function registerArtifact(registry: Registry, artifact: Artifact): Promise<Registered> {
  const isNew = await ensureArtifact(registry, artifact);
  if (artifact.immutable && !isNew) {
    const kept = await keptVersion(registry, artifact);
    if (kept) return kept;
  }
  const undo = await ensureRules(registry, artifact);
  // Looks for the content as it is written: the registry's canonical form leaves out aliases, which readers need.
  const answer = await registry.send('POST', `${groupPath(artifact)}?ifExists=FIND_OR_CREATE_VERSION`, {
    artifactId: artifact.artifactId,
    artifactType: artifact.artifactType,
    firstVersion: { content: { content: compact(artifact.content), contentType: 'application/json' } },
  });
  if (answer.status === 200) return idsOf((answer.body as { version: Version }).version);
  // Nothing of a refused schema stays: neither changed rules nor, where the registry lets it be deleted, an empty
  // artifact.
  if (isNew) await registry.send('DELETE', artifactPath(artifact));
  else await undo();
  throw refused(artifact, answer);
}

/** Deletes the artifact with all of its versions; does nothing when it is not there. */
export async function removeArtifact(
  registry: Registry,
  artifact: Pick<Artifact, 'group' | 'artifactId'>,
): Promise<void> {
  const answer = await registry.send('DELETE', artifactPath(artifact));
  if (answer.status === 204 || answer.status === 200 || answer.status === 404) return;
  if (answer.status === 405) {
    throw new Error(
      `${named(artifact)} is to be deleted with its resource, but this registry does not allow artifacts to be deleted. Declare it with OnRemoval "retain", or set APICURIO_REST_DELETION_ARTIFACT_ENABLED=true for the registry.`,
    );
  }
  throw unexpected('delete', artifact, answer);
}

interface Version {
  readonly contentId: number;
  readonly globalId: number;
  readonly version: string;
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
  const found = await registry.send('GET', artifactPath(artifact));
  if (found.status === 200) {
    const { artifactType } = found.body as { artifactType?: string };
    if (artifactType === artifact.artifactType) return false;
    throw new Error(
      `${named(artifact)} exists with type ${artifactType} and ${artifact.artifactType} is declared: the type of an artifact cannot be changed. Declare ${artifactType}, or an artifact of another name.`,
    );
  }
  if (found.status !== 404) throw unexpected('read', artifact, found);
  const { artifactId, artifactType } = artifact;
  const made = await registry.send('POST', groupPath(artifact), { artifactId, artifactType });
  if (made.status === 200) return true;
  // Somebody else made it between the two requests.
  if (made.status === 409) return false;
  throw unexpected('create', artifact, made);
}

/** The version of an artifact that may not change, when it has one; refuses other content than it has. */
async function keptVersion(registry: Registry, artifact: Artifact): Promise<Registered | undefined> {
  const latest = `${artifactPath(artifact)}/versions/branch=latest`;
  const version = await registry.send('GET', latest);
  if (version.status === 404) return undefined;
  const content = await registry.send('GET', `${latest}/content`);
  if (version.status !== 200 || content.status !== 200)
    throw unexpected('read', artifact, version.status === 200 ? content : version);
  if (canonical(content.body) === canonical(parsed(artifact.content))) return idsOf(version.body as Version);
  throw new Error(
    `${named(artifact)} cannot be changed: it describes keys, every key that is written holds the id of its schema, and the same key under another id would count as another one. Registered is ${shortText(content.body)}; declared is ${shortText(parsed(artifact.content))}. Go back to the registered schema, or use another topic.`,
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
    const now = await registry.send('GET', one);
    if (now.status !== 200 && now.status !== 404) throw unexpected('read the rules of', artifact, now);
    const before = now.status === 200 ? (now.body as Rule) : undefined;
    if (before?.config === rule.config) continue;
    const set = before ? await registry.send('PUT', one, rule) : await registry.send('POST', path, rule);
    if (set.status >= 300 && set.status !== 409)
      throw unexpected(`set rule ${rule.ruleType} ${rule.config} of`, artifact, set);
    undo.push(() => (before ? registry.send('PUT', one, before) : registry.send('DELETE', one)));
  }
  return async () => {
    for (const step of undo) await step();
  };
}

const groupPath = ({ group }: Pick<Artifact, 'group'>) => `/groups/${encodeURIComponent(group)}/artifacts`;

const artifactPath = (artifact: Pick<Artifact, 'group' | 'artifactId'>) =>
  `${groupPath(artifact)}/${encodeURIComponent(artifact.artifactId)}`;

const named = ({ group, artifactId }: Pick<Artifact, 'group' | 'artifactId'>) =>
  `Schema ${artifactId} (group ${group})`;

const idsOf = ({ contentId, globalId, version }: Version): Registered => ({
  contentId: String(contentId),
  globalId: String(globalId),
  version,
});

/** The registry's own words, with the place in the schema that each of them is about. */
function refused(artifact: Artifact, { status, body }: Answer): Error {
  const problem = asProblem(body);
  if (problem.name !== 'RuleViolationException') return unexpected('register', artifact, { status, body });
  const causes = (problem.causes ?? []).map(({ description, context }) =>
    [context, description].filter(Boolean).join(': '),
  );
  return refusal(
    `${named(artifact)} was refused by the registry, whose rules for it are validity and ${artifact.compatibility} compatibility with every version so far; nothing was changed:`,
    causes.length > 0 ? causes : [problem.title ?? `HTTP ${status}`],
  );
}

function unexpected(what: string, artifact: Pick<Artifact, 'group' | 'artifactId'>, { status, body }: Answer): Error {
  const problem = asProblem(body);
  const words = problem.title ?? (typeof body === 'string' && body !== '' ? body : 'no reason given');
  return new Error(`The registry refused to ${what} ${named(artifact)}: HTTP ${status}, ${words}`);
}

const asProblem = (body: unknown): Problem => (typeof body === 'object' && body !== null ? (body as Problem) : {});

/** Without blanks and line ends, which are the editor's and not the schema's. */
function compact(content: string): string {
  const value = parsed(content);
  return typeof value === 'string' && value === content ? content : JSON.stringify(value);
}

function parsed(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch {
    return content;
  }
}

/** One text for the same JSON, whatever the order of its keys. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}

function shortText(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length <= 600 ? text : `${text.slice(0, 600)} …`;
}
