/** How far streams have read their topics, by their checkpoints: who writes a topic all the time has written more by the time that somebody counts. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isObject, objectIn } from '../../lib/declaration/json.ts';
import { bucketPath } from '../cloudformation/index.ts';
import type { JobSpec } from '../emr/job-run-records.ts';
import type { Home } from '../home.ts';
import type { Offsets } from './offsets.ts';

/** How far those of some jobs that follow a topic have all committed it; undefined where none does. */
export function readOffsets(home: Home, specs: readonly JobSpec[], topic: string): Offsets | undefined {
  const found = specs.flatMap(({ checkpoint }) => {
    const query = checkpoint === undefined ? undefined : join(bucketPath(home, checkpoint), 'query');
    return query === undefined ? [] : committedIn(query).filter((sources) => isObject(sources[topic]));
  });
  const all = found.flatMap((sources) => Object.entries(sources[topic] as Record<string, number>));
  if (all.length === 0) return undefined;
  const least: Record<number, number> = {};
  for (const [partition, offset] of all) {
    const at = Number(partition);
    least[at] = Math.min(least[at] ?? Number.POSITIVE_INFINITY, offset);
  }
  return least;
}

/** What the newest committed batch of a query has read: of each source the offsets by topic (Spark's offset log, a line for each source behind two others). */
function committedIn(query: string): ReturnType<typeof JSON.parse>[] {
  const commits = join(query, 'commits');
  const batches = existsSync(commits) ? readdirSync(commits).filter((name) => /^\d+$/.test(name)) : [];
  if (batches.length === 0) return [];
  const newest = String(Math.max(...batches.map(Number)));
  const [, , ...sources] = readFileSync(join(query, 'offsets', newest), 'utf8').split('\n');
  return sources.flatMap((line) => objectIn(line) ?? []);
}
