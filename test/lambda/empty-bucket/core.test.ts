/** Emptying a bucket, against a bucket in memory. */
import type { ObjectIdentifier } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
import { type BucketPorts, emptyBucket } from '../../../lambda/empty-bucket/handler.ts';

function bucketOf(
  objects: ObjectIdentifier[],
  refused: readonly string[] = [],
): BucketPorts & { left: ObjectIdentifier[] } {
  const bucket = {
    left: objects,
    firstVersions: async () => bucket.left.slice(0, 2),
    deleteVersions: async (versions: readonly ObjectIdentifier[]) => {
      bucket.left = bucket.left.filter(
        (version) => !versions.includes(version) || refused.includes(String(version.Key)),
      );
      return versions
        .filter(({ Key }) => refused.includes(String(Key)))
        .map(({ Key }) => `${Key}: AccessDenied: it is held for the law`);
    },
  };
  return bucket;
}

test('deletes page after page, versions and markers alike', async () => {
  const bucket = bucketOf([{ Key: 'a', VersionId: '1' }, { Key: 'a', VersionId: '2' }, { Key: 'b' }]);
  await emptyBucket('data', bucket);
  expect(bucket.left).toEqual([]);
});

test('an empty bucket and one that is gone are done', async () => {
  const refuse = () => Promise.reject(new Error('nothing is to be deleted'));
  for (const versions of [[], undefined]) {
    await emptyBucket('data', { firstVersions: async () => versions, deleteVersions: refuse });
  }
});

test('an object that S3 keeps fails with what S3 said', async () => {
  await expect(emptyBucket('data', bucketOf([{ Key: 'held' }], ['held']))).rejects.toThrow(
    /data cannot be emptied: 1 of 1 objects .* held: AccessDenied/,
  );
});
