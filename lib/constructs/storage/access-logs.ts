/** A bucket for the access logs of load balancers and buckets. */
import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { EmptiedBucket } from './emptied-bucket.ts';

export const ACCESS_LOG_PREFIXES = { data: 'data', registry: 'registry' } as const;

export interface AccessLogsProps {
  readonly days: number;
  readonly removalPolicy: RemovalPolicy;
}

/** The bucket, and who may write there. */
export class AccessLogs extends Construct {
  readonly bucket: s3.Bucket;

  constructor(scope: Construct, id: string, props: AccessLogsProps) {
    super(scope, id);
    const { account } = Stack.of(this);
    this.bucket = new s3.Bucket(this, 'Bucket', {
      // Load balancers cannot write with a key of KMS.
      encryption: s3.BucketEncryption.S3_MANAGED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      enforceSSL: true,
      lifecycleRules: [
        { expiration: Duration.days(props.days), abortIncompleteMultipartUploadAfter: Duration.days(1) },
      ],
      removalPolicy: props.removalPolicy,
    });
    if (props.removalPolicy === RemovalPolicy.DESTROY) new EmptiedBucket(this, 'Emptied', this.bucket);
    const ofAccount = { StringEquals: { 'aws:SourceAccount': account } };
    this.allow('logging.s3.amazonaws.com', `${ACCESS_LOG_PREFIXES.data}/*`, ofAccount);
    // Load balancers name no source; the account is part of the path that they write to.
    const path = `${ACCESS_LOG_PREFIXES.registry}/AWSLogs/${account}/*`;
    this.allow('logdelivery.elasticloadbalancing.amazonaws.com', path);
    // Who has to prove who read them has the data events of CloudTrail.
    const reason = 'It holds the access logs; logging who reads them would need a further bucket, and so on.';
    acknowledge(this.bucket, { 'AwsSolutions-S1': reason });
  }

  private allow(service: string, pattern: string, conditions = {}): void {
    const principals = [new iam.ServicePrincipal(service)];
    const resources = [this.bucket.arnForObjects(pattern)];
    const statement = new iam.PolicyStatement({ principals, actions: ['s3:PutObject'], resources, conditions });
    this.bucket.addToResourcePolicy(statement);
  }
}
