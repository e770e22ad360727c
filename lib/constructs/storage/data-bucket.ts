/**
 * The bucket of an environment's data: input of people, results, rejected rows and checkpoints. What becomes of it and
 * where its access logs go come in. Called by the processing stack.
 */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { ACCESS_LOG_PREFIXES } from './access-logs.ts';
import { EmptiedBucket } from './emptied-bucket.ts';

export interface DataBucketProps {
  /** Bucket of access logs, whose policy lets S3 write there. */
  readonly accessLogs: s3.IBucket;
  readonly removalPolicy: RemovalPolicy;
}

/** The bucket, private and encrypted; a durable one keeps overwritten and deleted objects for a month. */
export class DataBucket extends s3.Bucket {
  constructor(scope: Construct, id: string, props: DataBucketProps) {
    const keep = props.removalPolicy === RemovalPolicy.RETAIN;
    super(scope, id, {
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: keep,
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          ...(keep ? { noncurrentVersionExpiration: Duration.days(30) } : {}),
        },
      ],
      removalPolicy: props.removalPolicy,
    });
    // Set on the L1: the L2 would put this bucket's ARN into the policy of the other, which is deployed before it.
    (this.node.defaultChild as s3.CfnBucket).loggingConfiguration = {
      destinationBucketName: props.accessLogs.bucketName,
      logFilePrefix: `${ACCESS_LOG_PREFIXES.data}/`,
    };
    if (!keep) new EmptiedBucket(this, 'Emptied', { bucket: this });
  }
}
