/** Input files: the sample of each is an asset; a person's own lie in the data bucket. */
import { join } from 'node:path';
import { Asset } from 'aws-cdk-lib/aws-s3-assets';
import type { Construct } from 'constructs';
import { filesOf } from '../../declaration/flow.ts';
import { inputPrefix } from '../../declaration/names.ts';
import type { Kind, KindProps } from './index.ts';

export default function files(scope: Construct, { pipeline, assets, bucket }: KindProps): Kind {
  const samples = Object.entries(filesOf(pipeline)).map(([alias, { sample }]) => {
    const asset = new Asset(scope, `File-${alias}`, { path: join(pipeline.folders.sampleData, sample) });
    return [alias, asset.s3ObjectUrl];
  });
  return {
    files: Object.fromEntries(samples),
    grantRead(role) {
      // Spark lists even a single file before it reads it.
      assets.grantList(role);
      bucket.grantFolder(role, inputPrefix(pipeline.name), 'read');
    },
  };
}
