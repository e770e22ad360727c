/** What a worker's container loads when it starts: Kafka Connect and plugins, one archive of the very files that run on a developer's machine. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Zippable, zipSync } from 'fflate';
import { PLUGINS, type PluginName } from '../../declaration/plugins.ts';
import { writeIfChanged } from '../functions/handler-bundle.ts';

const BUILD = fileURLToPath(new URL('../../../build', import.meta.url));

/** Path of the archive with `libs/` and `plugins/<name>/`. Jars are named by their versions, and ours by its content, so that one made of the same names is the same. */
export function workerArchive(plugins: readonly PluginName[]): string {
  const folders = [
    ['libs', 'connect-jars'],
    ...plugins.toSorted().flatMap((name) => PLUGINS[name].jars.map((folder) => [`plugins/${name}`, folder])),
  ] as [string, string][];
  const files = folders.flatMap(([inside, folder]) =>
    readdirSync(join(BUILD, folder))
      .filter((name) => name.endsWith('.jar'))
      .sort()
      .map((name) => [`${inside}/${name}`, join(BUILD, folder, name)] as const),
  );
  const key = createHash('sha256')
    .update(files.map(([inside]) => inside).join('\n'))
    .digest('hex')
    .slice(0, 16);
  const path = join(BUILD, 'connect', `worker-${key}.zip`);
  if (existsSync(path)) return path;
  const mtime = new Date(1980, 0, 1, 0, 0, 0);
  const entries: Zippable = {};
  // Jars are compressed already.
  for (const [inside, file] of files) entries[inside] = [readFileSync(file), { level: 0, mtime }];
  writeIfChanged(path, zipSync(entries));
  return path;
}
