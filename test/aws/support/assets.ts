/** Keys of the files that stacks upload. */
import { join } from 'node:path';
import { inject } from 'vitest';
import { readStacks } from '../../../local/cloudformation/assembly.ts';
import type { Assembly } from './stacks.ts';

/** Object keys by the path of the stack that uploads them. */
export type AssetKeys = ReadonlyMap<string, readonly string[]>;

export const readAssetKeys = (environment: string, assembly: Assembly): AssetKeys =>
  new Map(
    readStacks(join(inject('assembly'), assembly), environment).map(({ path, assets }) => [
      path,
      [...assets.values()].map(({ key }) => key),
    ]),
  );
