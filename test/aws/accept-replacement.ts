/**
 * Accepts that a stateful resource is new, replaced or gone: logical ids come in, the committed reference changes for these
 * ids and no others. Run by `npm run accept-replacement -- <logical id> ...`, which asks for a line in CHANGELOG.md first,
 * because users of the project have to know before they deploy.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { environments } from '../../config/environments.ts';
import { readStacks } from '../../local/deploy/assembly.ts';
import { readReference, writeReference } from './support/reference.ts';
import { type Extract, extractOf } from './support/stateful.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

function refuse(code: string, message: string): never {
  process.stderr.write(`error ${code}: ${message}\n`);
  process.exit(2);
}

/** What a reference becomes when the change of some ids is accepted. */
function accept(
  reference: Readonly<Record<string, Extract>>,
  now: Readonly<Record<string, Extract>>,
  ids: ReadonlySet<string>,
): Record<string, Extract> {
  const stacks = [...new Set([...Object.keys(now), ...Object.keys(reference)])];
  return Object.fromEntries(
    stacks.map((stack) => {
      const kept = Object.entries(reference[stack] ?? {}).filter(([id]) => !ids.has(id));
      const accepted = Object.entries(now[stack] ?? {}).filter(([id]) => ids.has(id));
      return [stack, Object.fromEntries([...kept, ...accepted].sort(([a], [b]) => (a < b ? -1 : 1)))];
    }),
  );
}

const ids = new Set(process.argv.slice(2));
if (ids.size === 0) {
  refuse('ACCEPT_ARGUMENTS', 'No logical id was given. Use: npm run accept-replacement -- <logical id> ...');
}
const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8');
const unmentioned = [...ids].filter((id) => !changelog.includes(id));
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
    const reference = readReference(name);
    for (const extract of [...Object.values(now), ...Object.values(reference)]) {
      for (const id of Object.keys(extract)) if (ids.has(id)) found.add(id);
    }
    writeReference(name, accept(reference, now, ids));
  }
  const unknown = [...ids].filter((id) => !found.has(id));
  if (unknown.length > 0) refuse('ACCEPT_UNKNOWN', `No stateful resource is called ${unknown.join(', ')}.`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.stdout.write(`accepted: ${[...ids].join(', ')}. Commit test/aws/reference together with the change.\n`);
