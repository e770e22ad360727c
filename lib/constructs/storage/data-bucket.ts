/** The bucket of an environment's data: input of people, results, rejected rows and checkpoints. */
import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as s3 from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
import { ACCESS_LOG_PREFIXES } from './access-logs.ts';
import { allowKey } from './customer-key.ts';
import { EmptiedBucket } from './emptied-bucket.ts';

export interface DataBucketProps {
  /** Bucket of access logs, whose policy lets S3 write there. */
  readonly accessLogs: s3.IBucket;
  readonly removalPolicy: RemovalPolicy;
  /**
   * Key of the objects.
   * @default S3's own
   */
  readonly key?: kms.IKey;
}

/** The bucket, private and encrypted; a durable one keeps overwritten and deleted objects for a month. */
export class DataBucket extends s3.Bucket {
  constructor(scope: Construct, id: string, props: DataBucketProps) {
    const keep = props.removalPolicy !== RemovalPolicy.DESTROY;
    super(scope, id, {
      ...(props.key
        ? // One request to KMS for many objects, whose checkpoints would be millions.
          { encryption: s3.BucketEncryption.KMS, encryptionKey: props.key, bucketKeyEnabled: true }
        : { encryption: s3.BucketEncryption.S3_MANAGED }),
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      versioned: keep,
      lifecycleRules: [
        {
          abortIncompleteMultipartUploadAfter: Duration.days(1),
          noncurrentVersionExpiration: keep ? Duration.days(30) : undefined,
        },
      ],
      removalPolicy: props.removalPolicy,
    });
    // Set on the L1: the L2 would put this bucket's ARN into the policy of the other, which is deployed before it.
    (this.node.defaultChild as s3.CfnBucket).loggingConfiguration = {
      destinationBucketName: props.accessLogs.bucketName,
      logFilePrefix: `${ACCESS_LOG_PREFIXES.data}/`,
    };
    if (!keep) new EmptiedBucket(this, 'Emptied', this);
  }

  /**
   * Allows a job to read what lies below a prefix, or to write there. Spark writes to a temporary folder, lists, copies and deletes: who
   * writes below a prefix does all of it there.
   */
  grantFolder(role: iam.Role, prefix: string, access: 'read' | 'write'): void {
    const write = ['s3:AbortMultipartUpload', 's3:DeleteObject', 's3:GetObject', 's3:PutObject'];
    allow(role, access === 'write' ? write : ['s3:GetObject'], [this.arnForObjects(`${prefix}/*`)]);
    const listed = { StringLike: { 's3:prefix': [prefix, `${prefix}/*`] } };
    allow(role, ['s3:ListBucket'], [this.bucketArn], listed);
    allowKey(role, this.encryptionKey, access === 'write' ? 'writeObjects' : 'readObjects');
    const reason = 'Objects below a prefix that the declaration names; Spark chooses their names.';
    acknowledge(role, { [`AwsSolutions-IAM5[/${prefix}/*]`]: reason });
  }
}
