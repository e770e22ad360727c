/** Names of the files that stacks upload: stacks of an environment come in, names by object key go out. Called by the permission tests. */
import { join } from 'node:path';
import { inject } from 'vitest';
import { readStacks } from '../../../local/deploy/assembly.ts';

/** `Assets/Jar-x.jar` becomes `jar x.jar`, `Assets/Script-a.py` `script a.py`, and so on; code of functions is left out. */
export function readAssetNames(environment: string): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const stack of readStacks(join(inject('assembly'), 'app'), environment)) {
    for (const { key, name } of stack.assets.values()) {
      if (name.endsWith('/Code')) continue;
      const last = name.split('/').at(-1) ?? name;
      names.set(
        key,
        last.replace('-', ' ').replace(/^\w/, (letter) => letter.toLowerCase()),
      );
    }
  }
  return names;
}
