/** Names of the files that stacks upload: an assembly and an environment come in, names by object key and stack go out. Called by the permission tests. */
import { join } from 'node:path';
import { inject } from 'vitest';
import { readStacks } from '../../../local/cloudformation/assembly.ts';
import type { Assembly } from './stacks.ts';

/** Names by the path of the stack that uploads the file, by object key; one file may be of several stacks. */
export type AssetNames = ReadonlyMap<string, ReadonlyMap<string, string>>;

/** `Assets/Jar-x.jar` becomes `jar x.jar`, `Assets/Script-a.py` `script a.py`, and so on; code of functions is left out. */
export function readAssetNames(environment: string, assembly: Assembly): AssetNames {
  const names = new Map<string, Map<string, string>>();
  for (const stack of readStacks(join(inject('assembly'), assembly), environment)) {
    for (const { key, name } of stack.assets.values()) {
      if (name.endsWith('/Code')) continue;
      const last = name.split('/').at(-1) ?? name;
      const shown = last.replace('-', ' ').replace(/^\w/, (letter) => letter.toLowerCase());
      names.set(key, (names.get(key) ?? new Map<string, string>()).set(stack.path, shown));
    }
  }
  return names;
}
