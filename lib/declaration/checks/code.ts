/** Checks what a declaration says of code beside it, which is no job: where it lies, and the topics that it writes. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Topic } from '../kinds/topic.ts';
import type { Note } from '../mistakes.ts';
import type { Named, Owner } from '../thing.ts';
import { fitting, made } from './form.ts';

/** A path below the folder of the declaration. */
export const path = fitting(
  'is no path below the folder of the declaration',
  'names of folders and a file with slashes between them, such as source/posts.ts',
  (value) => typeof value === 'string' && /^(?!.*(^|\/)\.{1,2}(\/|$))[\w.-]+(\/[\w.-]+)*$/.test(value),
  'string',
);

/** Topics by their aliases. */
export const topics = z.record(z.string(), made(Topic, 'a topic made by topic(...)'));

/** Notes files that are not there. */
export function checkFiles({ folders }: Owner, files: Named<string | undefined>, note: Note): void {
  for (const [at, file] of Object.entries(files)) {
    if (file === undefined || existsSync(join(folders.declaration, file))) continue;
    note(at, 'does not exist', join(folders.declaration, file), `a file in ${folders.declaration}`);
  }
}

/** Notes topics that such code cannot write; `who` writes, in the plural. */
export function checkTopics(who: string, writes: Named<Topic>, note: Note): void {
  if (Object.keys(writes).length === 0) note('writes', 'are none', 'no topic', 'at least one');
  for (const [alias, { props }] of Object.entries(writes)) {
    for (const schema of [props.key, props.value]) {
      if (schema?.format !== 'avro') continue;
      note(`writes.${alias}`, `has a schema that ${who} do not write`, schema, 'jsonSchema(...), or none');
    }
  }
}
