/** Addresses of pages of the AWS console: names and ARNs come in. Called by stacks for their outputs. */
import { Stack } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Links to pages in the Region of the stack. */
export function consoleLinks(scope: Construct) {
  const { region } = Stack.of(scope);
  const page = (service: string, fragment: string): string =>
    `https://${region}.console.aws.amazon.com/${service}/home?region=${region}#${fragment}`;
  return {
    stateMachine: (arn: string): string => page('states', `/statemachines/view/${arn}`),
    dashboard: (name: string): string => page('cloudwatch', `dashboards/dashboard/${name}`),
    sparkApplications: (): string => page('emr', '/serverless'),
    bucket: (name: string): string => `https://${region}.console.aws.amazon.com/s3/buckets/${name}?region=${region}`,
  };
}
