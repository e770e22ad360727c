/** Emptying a bucket, against a bucket in memory. */
import { expect, test } from 'vitest';
import { type BucketPorts, emptyBucket, type ObjectVersion } from '../../../lambda/empty-bucket/core.ts';

function bucketOf(objects: ObjectVersion[], refused: readonly string[] = []): BucketPorts & { left: ObjectVersion[] } {
  const bucket = {
    left: objects,
    firstVersions: async () => bucket.left.slice(0, 2),
    deleteVersions: async (_: string, versions: readonly ObjectVersion[]) => {
      bucket.left = bucket.left.filter((version) => !versions.includes(version) || refused.includes(version.Key));
      return versions
        .filter(({ Key }) => refused.includes(Key))
        .map(({ Key }) => `${Key}: AccessDenied: it is held for the law`);
    },
  };
  return bucket;
}

test('deletes page after page, versions and markers alike', async () => {
  const bucket = bucketOf([{ Key: 'a', VersionId: '1' }, { Key: 'a', VersionId: '2' }, { Key: 'b' }]);
  expect(await emptyBucket('data', bucket)).toBe(3);
  expect(bucket.left).toEqual([]);
});

test('an empty bucket and one that is gone are done', async () => {
  expect(await emptyBucket('data', bucketOf([]))).toBe(0);
  expect(await emptyBucket('data', { ...bucketOf([]), firstVersions: async () => undefined })).toBe(0);
});

test('an object that S3 keeps fails with what S3 said', async () => {
  await expect(emptyBucket('data', bucketOf([{ Key: 'held' }], ['held']))).rejects.toThrow(
    /data cannot be emptied: 1 of 1 objects .* held: AccessDenied/,
  );
});
