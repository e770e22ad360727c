/**
 * Takes `MILLRACE_HOME` (or a folder given by a test) and gives the absolute folders in which the local run keeps everything it remembers.
 * Called by every part of `local/`; nobody else writes these paths.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the checkout: where `bin/`, `lib/` and `cdk.json` lie. */
export const projectRoot = dirname(dirname(fileURLToPath(import.meta.url)));

/** The folders of one local run, all absolute, all existing. */
export interface Home {
  readonly root: string;
  /** `<name>/{data,log.txt,service.json}` of each service. */
  readonly services: string;
  /** `<environment>.json`: what is deployed. */
  readonly state: string;
  /** `<bucket>/<key>`: an `s3://` URL is a file below this folder. */
  readonly buckets: string;
  /** Entries of the parameter store. */
  readonly parameters: string;
  /** `<table>.json` of each table. */
  readonly tables: string;
  /** `<pipeline>/<execution>/` of each run of a state machine. */
  readonly executions: string;
  /** `<id>/{run.json,stdout.jsonl,stderr.log}` of each job run. */
  readonly jobRuns: string;
  readonly logs: string;
}

/** The home of this checkout's local run; its folders are created when they are missing. */
export function millraceHome(root = process.env.MILLRACE_HOME || join(projectRoot, '.millrace')): Home {
  const at = (...parts: string[]) => {
    const folder = resolve(root, ...parts);
    mkdirSync(folder, { recursive: true });
    return folder;
  };
  return {
    root: at(),
    services: at('services'),
    state: at('state'),
    buckets: at('buckets'),
    parameters: at('parameters'),
    tables: at('tables'),
    executions: at('executions'),
    jobRuns: at('job-runs'),
    logs: at('logs'),
  };
}
