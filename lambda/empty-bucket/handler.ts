/**
 * Lambda behind `Custom::EmptiedBucket`: CloudFormation's events come in through the CDK's Provider framework; at Delete
 * the bucket is emptied. The work is in `core.ts`; here are the calls of S3 behind its ports.
 */
import { DeleteObjectsCommand, ListObjectVersionsCommand, NoSuchBucket, S3Client } from '@aws-sdk/client-s3';
import { fitting, type LifecycleAnswer, type LifecycleEvent } from '../custom-resource/lifecycle.ts';
import { type BucketPorts, emptyBucket } from './core.ts';

function ports(s3: S3Client): BucketPorts {
  return {
    async firstVersions(bucket) {
      try {
        const page = await s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
        return [...(page.Versions ?? []), ...(page.DeleteMarkers ?? [])].map(({ Key = '', VersionId }) => ({
          Key,
          ...(VersionId === undefined ? {} : { VersionId }),
        }));
      } catch (error) {
        if (error instanceof NoSuchBucket) return undefined;
        throw error;
      }
    },
    async deleteVersions(bucket, versions) {
      const answer = await s3.send(
        new DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects: [...versions], Quiet: true } }),
      );
      return (answer.Errors ?? []).map(({ Key, Code, Message }) => `${Key}: ${Code}: ${Message}`);
    },
  };
}

/** Another bucket is another physical id, so that CloudFormation deletes, and this empties, the one before. */
export async function onEvent(event: LifecycleEvent): Promise<LifecycleAnswer> {
  const bucket = String(event.ResourceProperties.BucketName);
  try {
    if (event.RequestType !== 'Delete') return { PhysicalResourceId: bucket };
    const s3 = new S3Client();
    try {
      await emptyBucket(bucket, ports(s3));
    } finally {
      s3.destroy();
    }
    return { PhysicalResourceId: event.PhysicalResourceId ?? bucket };
  } catch (error) {
    throw fitting(error);
  }
}
