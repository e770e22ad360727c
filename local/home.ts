/** The folders in which the local run keeps everything it remembers. No other path is written below them. */
import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { hasErrorCode, MillraceError, messageOf } from '../tools/errors.mjs';
import { homeFolder, ownHome } from '../tools/setup/folders.mjs';

/** The folder of the checkout: where `bin/`, `lib/` and `cdk.json` lie. */
export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

const folders = {
  /** `<name>/{data,log.txt,service.json}` of each service. */
  services: 'services',
  /** `<environment>.json`: what is deployed. */
  state: 'state',
  /** `<bucket>/<key>`: an `s3://` URL is a file below this folder. */
  buckets: 'buckets',
  parameters: 'parameters',
  /** `<table>.json` of each table. */
  tables: 'tables',
  /** `<pipeline>/<execution>/` of each run of a state machine. */
  executions: 'executions',
  /** `<id>/{run.json,stdout.jsonl,stderr.log}` of each job run. */
  jobRuns: 'job-runs',
  /** `<key>-<pid>.json` of each JVM that waits for jobs, and a folder of its own. */
  warmJvms: 'warm-jvms',
  logs: 'logs',
  /** `<pipeline>-<execution>.html` of executions on AWS; the others have theirs beside their history. */
  reports: 'reports',
  /** Secrets of connectors and sources, each a file that a person writes. */
  secrets: 'secrets',
  /** Who may do what, with the credentials of each role, and what was decided. */
  iam: 'iam',
} as const;

/** The folders of one local run, all absolute, all existing. */
export type Home = { readonly [name in 'root' | keyof typeof folders]: string };

/** The file that says of a folder that Millrace made it, and may remove it. */
const marker = '.millrace-home';

/**
 * The home of this checkout's local run, `MILLRACE_HOME` or `.millrace`; its folders are created when they are missing.
 *
 * @throws MillraceError HOME_UNUSABLE when it is no folder that can be written
 * @throws MillraceError HOME_FOREIGN when it holds what Millrace did not put there: `down --purge` would remove it
 */
export function millraceHome(folder = homeFolder()): Home {
  const root = resolve(folder);
  try {
    claim(root);
    const paths = Object.entries(folders).map(([name, folder]) => [name, join(root, folder)] as const);
    for (const [, path] of paths) mkdirSync(path, { recursive: true, mode: 0o700 });
    return { root, ...Object.fromEntries(paths) } as Home;
  } catch (error) {
    if (error instanceof MillraceError) throw error;
    throw new MillraceError(
      'HOME_UNUSABLE',
      `${root} cannot hold the data of the local run: ${messageOf(error)}. Give MILLRACE_HOME a folder that you may write, or leave it out.`,
      { cause: error },
    );
  }
}

/** Makes an empty folder ours, readable for nobody else, and refuses one that is somebody else's. */
function claim(root: string): void {
  if (existsSync(join(root, marker))) return;
  makeFolder(root);
  if (root !== ownHome && readdirSync(root).length > 0 && !existsSync(join(root, marker))) {
    throw new MillraceError(
      'HOME_FOREIGN',
      `${root}, which MILLRACE_HOME names, holds files that Millrace did not put there, and "millrace down --purge" would remove them. Give MILLRACE_HOME an empty or a new folder. If an older Millrace made this one, put an empty file ${marker} into it.`,
    );
  }
  chmodSync(root, 0o700);
  const text = 'Made by Millrace; "millrace down --purge" removes this folder with all that is in it.\n';
  writeFileSync(join(root, marker), text);
}

/** Makes a folder and those above it. Node's own way does not come to an end where the system makes none, as in /proc. */
function makeFolder(path: string): void {
  if (existsSync(path)) return;
  makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another command was faster.
    if (!hasErrorCode(error, 'EEXIST')) throw error;
  }
}

/**
 * Removes everything in a home in one step: what a killed purge leaves aside goes with the next one.
 *
 * @throws MillraceError HOME_NOT_REMOVED
 */
export function purgeHome({ root }: Home): void {
  const prefix = `${basename(root)}.purged-`;
  try {
    renameSync(root, join(dirname(root), `${prefix}${randomUUID()}`));
  } catch (error) {
    throw new MillraceError(
      'HOME_NOT_REMOVED',
      `${root} cannot be moved aside to be removed: ${messageOf(error)}. End what uses it, or remove its content yourself.`,
      { cause: error },
    );
  }
  // First, since the disk may be full.
  for (const name of readdirSync(dirname(root))) {
    if (name.startsWith(prefix)) rmSync(join(dirname(root), name), { recursive: true, force: true });
  }
  millraceHome(root);
}
