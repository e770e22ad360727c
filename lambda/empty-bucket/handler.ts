/** Lambda behind `Custom::EmptiedBucket`: at Delete every version of every object of the bucket is deleted. */
import {
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  NoSuchBucket,
  type ObjectIdentifier,
  S3Client,
} from '@aws-sdk/client-s3';
import { answering, type LifecycleAnswer, type LifecycleEvent } from '../custom-resource/lifecycle.ts';

export interface BucketPorts {
  /** The first page of what is left, versions and deletion markers; undefined when there is no such bucket. */
  firstVersions(): Promise<ObjectIdentifier[] | undefined>;
  /** Deletes them, and gives what S3 said of those that it did not delete. */
  deleteVersions(versions: ObjectIdentifier[]): Promise<readonly string[]>;
}

/**
 * Empties a bucket.
 *
 * @throws Error when S3 refuses to delete something, which another try would not change
 */
export async function emptyBucket(bucket: string, { firstVersions, deleteVersions }: BucketPorts): Promise<void> {
  for (let versions = await firstVersions(); versions?.length; versions = await firstVersions()) {
    const refused = await deleteVersions(versions);
    if (refused.length === 0) continue;
    throw new Error(
      `Bucket ${bucket} cannot be emptied: ${refused.length} of ${versions.length} objects were not deleted. First answer: ${refused[0]}`,
    );
  }
}

function portsOf(Bucket: string): BucketPorts {
  const s3 = new S3Client();
  return {
    async firstVersions() {
      try {
        const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
        return [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
      } catch (error) {
        if (error instanceof NoSuchBucket) return undefined;
        throw error;
      }
    },
    async deleteVersions(Objects) {
      const { Errors = [] } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
      return Errors.map(({ Key, Code, Message }) => `${Key}: ${Code}: ${Message}`);
    },
  };
}

/** Another bucket is another physical id, so that CloudFormation deletes, and this empties, the one before. */
export const onEvent = answering(async (event: LifecycleEvent): Promise<LifecycleAnswer> => {
  const bucket = String(event.ResourceProperties.BucketName);
  if (event.RequestType !== 'Delete') return { PhysicalResourceId: bucket };
  await emptyBucket(bucket, portsOf(bucket));
  return { PhysicalResourceId: event.PhysicalResourceId ?? bucket };
});
