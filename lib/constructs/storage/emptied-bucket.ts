/**
 * Empties a bucket before CloudFormation deletes it, which it does with empty ones only. The CDK's own way does the same
 * with a managed policy and wildcard actions.
 */
import { CustomResource, Duration, Stack } from 'aws-cdk-lib';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';
import { HandlerProvider } from '../functions/handler-provider.ts';

/** Days for which the few lines of the handler are kept. */
const LOG_DAYS = 7;

/** The custom resource that empties a bucket when it is deleted, and does nothing before. */
export class EmptiedBucket extends Construct {
  constructor(scope: Construct, id: string, bucket: IBucket) {
    super(scope, id);
    const provider = new HandlerProvider(this, 'Handler', {
      folder: 'empty-bucket',
      description: `Empties a bucket of ${Stack.of(this).stackName} before it is deleted`,
      logRetentionDays: LOG_DAYS,
      timeout: Duration.minutes(14),
    });
    allow(provider.role, ['s3:ListBucketVersions'], [bucket.bucketArn]);
    allow(provider.role, ['s3:DeleteObject', 's3:DeleteObjectVersion'], [bucket.arnForObjects('*')]);
    const reason = 'It deletes every object of one bucket, whatever its name.';
    acknowledge(provider.role, { 'AwsSolutions-IAM5[/*]': reason });
    new CustomResource(this, 'Resource', {
      resourceType: 'Custom::EmptiedBucket',
      serviceToken: provider.serviceToken,
      properties: { BucketName: bucket.bucketName },
    }).node.addDependency(provider);
  }
}
