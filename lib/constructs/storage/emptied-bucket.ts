/**
 * Empties a bucket before CloudFormation deletes it, which it does with empty ones only. The CDK's own way does the same
 * with a managed policy and wildcard actions. A bucket comes in. Called where an environment keeps nothing.
 */
import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { HandlerProvider } from '../functions/handler-provider.ts';

export interface EmptiedBucketProps {
  readonly bucket: IBucket;
}

/** Days for which the few lines of the handler are kept. */
const LOG_DAYS = 7;

/** The custom resource that empties a bucket when it is deleted, and does nothing before. */
export class EmptiedBucket extends Construct {
  constructor(scope: Construct, id: string, { bucket }: EmptiedBucketProps) {
    super(scope, id);
    const provider = new HandlerProvider(this, 'Handler', {
      folder: 'empty-bucket',
      description: `Empties a bucket of ${Stack.of(this).stackName} before it is deleted`,
      logRetentionDays: LOG_DAYS,
      timeout: Duration.minutes(14),
    });
    provider.role.addToPolicy(
      new iam.PolicyStatement({ actions: ['s3:ListBucketVersions'], resources: [bucket.bucketArn] }),
    );
    provider.role.addToPolicy(
      new iam.PolicyStatement({
        actions: ['s3:DeleteObject', 's3:DeleteObjectVersion'],
        resources: [bucket.arnForObjects('*')],
      }),
    );
    acknowledge(provider.role, {
      rule: 'AwsSolutions-IAM5',
      findings: ['/*'],
      reason: 'It deletes every object of one bucket, whatever its name.',
      until: 'CloudFormation deletes buckets that are not empty.',
    });
    new CustomResource(this, 'Resource', {
      resourceType: 'Custom::EmptiedBucket',
      serviceToken: provider.serviceToken,
      properties: { BucketName: bucket.bucketName },
    }).node.addDependency(provider);
  }
}
