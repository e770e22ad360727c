/** Folders: prefixes of the data bucket, which need not be made. */
import type { Construct } from 'constructs';
import type { JobUse } from '../../declaration/flow.ts';
import type { Folder } from '../../declaration/kinds/folder.ts';
import { outputPrefix } from '../../declaration/names.ts';
import type { Kind, KindProps } from './index.ts';

export default function folders(_scope: Construct, { pipeline, bucket }: KindProps): Kind {
  const prefixOf = ({ thing }: JobUse): string => outputPrefix(pipeline.name, (thing.origin as Folder).name);
  return {
    grantRead: (role, use) => bucket.grantFolder(role, prefixOf(use), 'read'),
    grantWrite: (role, use) => bucket.grantFolder(role, prefixOf(use), 'write'),
  };
}
