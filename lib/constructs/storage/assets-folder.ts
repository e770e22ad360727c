/**
 * The folder of an environment or a pipeline in the bucket that `cdk deploy` uploads to.
 *
 * An asset's key is the hash of its contents. With nothing before it, a role would be granted the keys of one deployment, and the next would
 * take from a running stream the code that it was started with and reads again at a retry; or it would be granted what every CDK app of the
 * account uploads.
 */
import { DefaultStackSynthesizer, Stack } from 'aws-cdk-lib';
import type * as iam from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../functions/acknowledge.ts';
import { allow } from '../functions/allow.ts';

const prefixOf = (environment: string, pipeline?: string): string =>
  pipeline ? `millrace/${environment}/${pipeline}/` : `millrace/${environment}/`;

/** Puts what the stack of a pipeline uploads into the pipeline's folder. */
export const pipelineSynthesizer = (environment: string, pipeline: string): DefaultStackSynthesizer =>
  new DefaultStackSynthesizer({ bucketPrefix: prefixOf(environment, pipeline) });

/** A folder of the assets' bucket. */
export class AssetsFolder {
  readonly bucketArn: string;
  /** ARN of everything in the folder. */
  readonly objectsArn: string;
  readonly listable: Readonly<Record<string, unknown>>;
  private readonly prefix: string;

  constructor(scope: Construct, environment: string, pipeline?: string) {
    const stack = Stack.of(scope);
    const qualifier = stack.synthesizer.bootstrapQualifier ?? DefaultStackSynthesizer.DEFAULT_QUALIFIER;
    const resource = `cdk-${qualifier}-assets-${stack.account}-${stack.region}`;
    this.prefix = prefixOf(environment, pipeline);
    this.bucketArn = stack.formatArn({ service: 's3', region: '', account: '', resource });
    this.objectsArn = `${this.bucketArn}/${this.prefix}*`;
    this.listable = { StringLike: { 's3:prefix': `${this.prefix}*` } };
  }

  /** Allows to read everything in the folder, of this deployment and of earlier ones. */
  grantRead(role: iam.Role): void {
    allow(role, ['s3:GetObject'], [this.objectsArn]);
    const reason = 'Files that the pipeline uploaded: a stream reads at a retry those that it was started with.';
    acknowledge(role, { [`AwsSolutions-IAM5[/${this.prefix}*]`]: reason });
  }

  grantList(role: iam.Role): void {
    allow(role, ['s3:ListBucket'], [this.bucketArn], this.listable);
  }
}
