/** How often job runs asked S3 for each operation. In the folder of each run, so that it is kept as long as the run is. */
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson } from '../../tools/files.mjs';

/** Counts by the operations' names in S3. */
export type Operations = Record<string, number>;

/** Requests by their price: those that write or list cost twelve times as much as those that read; to delete costs nothing. */
export function requestsByPrice(operations: Operations): { writing: number; reading: number } {
  const sum = (names: RegExp) =>
    Object.entries(operations).reduce((all, [name, count]) => all + (names.test(name) ? count : 0), 0);
  return { writing: sum(/^(Put|Copy|List|UploadPart|CreateM|CompleteM)/), reading: sum(/^(Get|Head)/) };
}

/** How a run calls itself before the name that its client has. */
export const userAgentOf = (runId: string): string => `millrace/${runId}`;

const fileIn = (runFolder: string): string => join(runFolder, 's3-requests.json');

/** What a run has asked for so far. */
export const operationsOf = (runFolder: string): Operations =>
  (readJson(fileIn(runFolder), '') as Operations | undefined) ?? {};

const writeAfterMs = 50;

/** Adds requests up, and writes what changed a moment later. */
export class RequestCounts {
  private readonly folder: string;
  private readonly runs = new Map<string, Operations>();
  private readonly changed = new Set<string>();

  /** @param folder `job-runs` of the home */
  constructor(folder: string) {
    this.folder = folder;
  }

  count(userAgent: string, operation: string): void {
    const [, id] = /^millrace\/(\d+[0-9a-f]+)\b/.exec(userAgent) ?? [];
    // Who asks in the name of a run that is not there gets no folder by it.
    if (id === undefined || !existsSync(join(this.folder, id))) return;
    const operations = this.runs.get(id) ?? operationsOf(join(this.folder, id));
    operations[operation] = (operations[operation] ?? 0) + 1;
    this.runs.set(id, operations);
    if (this.changed.size === 0) setTimeout(() => this.write(), writeAfterMs);
    this.changed.add(id);
  }

  private write(): void {
    for (const id of this.changed) {
      const file = fileIn(join(this.folder, id));
      writeFileSync(`${file}.draft`, JSON.stringify(this.runs.get(id)));
      renameSync(`${file}.draft`, file);
    }
    this.changed.clear();
  }
}
