/**
 * Accepts that a stateful resource is new, replaced or gone: `npm run accept-replacement -- <resource> ...` changes the committed reference
 * for these and no others. It asks for a line in CHANGELOG.md first, because users of the project have to know before they deploy. A
 * resource of the platform is named by its logical id, one of a pipeline by `<pipeline>/<logical id>`, since these ids are alike in all
 * pipelines; `<pipeline>` alone is all of it, which puts a new pipeline under protection.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environments } from '../../config/environments.ts';
import { loadPipelines } from '../../lib/declaration/load.ts';
import { readStacks } from '../../local/cloudformation/assembly.ts';
import { isNew, readReference, stackNameOf, writeReference } from './support/reference.ts';
import { type Extract, extractOf } from './support/stateful.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function refuse(code: string, message: string): never {
  process.stderr.write(`error ${code}: ${message}\n`);
  process.exit(2);
}

/** What a person may have called a resource: the logical id, in a pipeline with its name, or the pipeline alone. */
function namesOf(stack: string, id: string): string[] {
  const name = stackNameOf(stack);
  return pipelines.some((pipeline) => pipeline.name === name) ? [`${name}/${id}`, name] : [id];
}

const isMeant = (stack: string, id: string): boolean => namesOf(stack, id).some((name) => meant.has(name));

/** What a reference becomes when the changes that are meant are accepted. */
function accept(
  reference: Readonly<Record<string, Extract>>,
  now: Readonly<Record<string, Extract>>,
): Record<string, Extract> {
  const stacks = [...new Set([...Object.keys(now), ...Object.keys(reference)])].filter(
    // One resource alone of a new pipeline would make the others look forgotten.
    (stack) => !isNew(stack, reference, pipelines) || meant.has(stackNameOf(stack)),
  );
  return Object.fromEntries(
    stacks.map((stack) => {
      const kept = Object.entries(reference[stack] ?? {}).filter(([id]) => !isMeant(stack, id));
      const accepted = Object.entries(now[stack] ?? {}).filter(([id]) => isMeant(stack, id));
      return [stack, Object.fromEntries([...kept, ...accepted].sort(([a], [b]) => (a < b ? -1 : 1)))];
    }),
  );
}

const pipelines = await loadPipelines();
const meant = new Set(process.argv.slice(2));
if (meant.size === 0) {
  refuse(
    'ACCEPT_ARGUMENTS',
    'No resource was given. Use: npm run accept-replacement -- <logical id> | <pipeline>/<logical id> | <pipeline> ...',
  );
}
const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
const unmentioned = [...meant].filter((name) => !changelog.includes(name.split('/').at(-1) ?? name));
if (unmentioned.length > 0) {
  refuse(
    'ACCEPT_CHANGELOG',
    `CHANGELOG.md has no line about ${unmentioned.join(', ')}. Write one that says what is replaced, what data is lost, and what to do before deploying.`,
  );
}
const folder = mkdtempSync(join(tmpdir(), 'millrace-accept-'));
try {
  const script = fileURLToPath(new URL('support/synthesize.ts', import.meta.url));
  const args = ['--disable-warning=ExperimentalWarning', script, folder, 'app'];
  const { status } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (status !== 0) refuse('ACCEPT_SYNTH', 'The app cannot be synthesized; the message is above.');
  const found = new Set<string>();
  for (const { name } of environments) {
    const now = extractOf(readStacks(join(folder, 'app'), name));
    const reference = readReference(name, pipelines);
    const accepted = accept(reference, now);
    for (const [stack, extract] of [...Object.entries(accepted), ...Object.entries(reference)]) {
      for (const id of Object.keys(extract)) for (const one of namesOf(stack, id)) found.add(one);
    }
    writeReference(name, pipelines, accepted);
  }
  const unknown = [...meant].filter((name) => !found.has(name));
  if (unknown.length > 0) {
    refuse(
      'ACCEPT_UNKNOWN',
      `No stateful resource is called ${unknown.join(', ')}. Of a pipeline it is <pipeline>/<logical id>; a new pipeline is accepted as a whole, by its name.`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`accepted: ${[...meant].join(', ')}. Commit the reference together with the change.\n`);
