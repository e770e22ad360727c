/** What becomes of data when a stack of an environment is destroyed, in the CDK's words. Called by the stacks. */
import { RemovalPolicy } from 'aws-cdk-lib';
import type { Environment } from '../../config/environment.ts';

export function removalPolicyOf({ removal }: Environment): RemovalPolicy {
  return removal === 'retain' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
}
