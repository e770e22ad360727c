/** What stacks have in common: the environment, outputs, and addresses of pages of the AWS console. */
import { CfnOutput, RemovalPolicy, type Stack, type StackProps } from 'aws-cdk-lib';
import type { Environment } from '../../config/environment.ts';

export interface EnvironmentStackProps extends StackProps {
  readonly environment: Environment;
}

/**
 * What becomes of data when a stack of an environment is destroyed, in the CDK's words. What a first deployment made before it failed goes in
 * any case: it is empty, and its name would stand in the way of the next one.
 */
export function removalPolicyOf({ removal }: Environment): RemovalPolicy {
  return removal === 'retain' ? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE : RemovalPolicy.DESTROY;
}

/** Shows a person values of a stack: names with what each is. */
export function show(
  stack: Stack,
  outputs: Readonly<Record<string, readonly [description: string, value: string]>>,
): void {
  for (const [name, [description, value]] of Object.entries(outputs)) {
    new CfnOutput(stack, name, { description, value });
  }
}

/** Exports values whether a pipeline uses them or not, so that a stack is the same with and without any of them. */
export function exportAll(stack: Stack, ...values: readonly string[]): void {
  for (const value of values) stack.exportValue(value);
}

/** Address of a page of the console in the Region of the stack. */
export function consolePage({ region }: Stack, service: string, fragment: string): string {
  return `https://${region}.console.aws.amazon.com/${service}/home?region=${region}#${fragment}`;
}
