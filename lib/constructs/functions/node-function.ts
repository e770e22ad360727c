/**
 * How every Lambda of the project is built: the name of a folder in `lambda/` comes in, a function bundled into one
 * CommonJS file goes out. Called by the constructs that need a function.
 */
import { type Duration, aws_lambda as lambda } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { bundleHandler } from './handler-bundle.ts';
import type { LoggedRole } from './logged-role.ts';

export interface NodeFunctionProps {
  /** Folder in `lambda/` whose `handler.ts` is the entry. */
  readonly folder: string;
  /**
   * Exported function.
   * @default `handler`
   */
  readonly handler?: string;
  readonly description: string;
  readonly identity: LoggedRole;
  readonly timeout: Duration;
  /**
   * Environment variables.
   * @default none
   */
  readonly environment?: Record<string, string>;
  /**
   * VPC, subnets and group to attach the function to.
   * @default none: the function stays outside VPCs
   */
  readonly network?: {
    readonly vpc: ec2.IVpc;
    readonly subnets: readonly ec2.ISubnet[];
    readonly securityGroups: ec2.ISecurityGroup[];
  };
  /**
   * Whether calls show in X-Ray, as part of the execution that made them.
   * @default false
   */
  readonly traced?: boolean;
  /**
   * Where events go that it failed on again and again.
   * @default none: the caller waits for the answer
   */
  readonly deadLetterQueue?: IQueue;
}

/** A function from `lambda/<folder>/handler.ts`. */
export function nodeFunction(scope: Construct, id: string, props: NodeFunctionProps): lambda.Function {
  const { identity, network } = props;
  const made = new lambda.Function(scope, id, {
    code: lambda.Code.fromAsset(bundleHandler(props.folder)),
    handler: `index.${props.handler ?? 'handler'}`,
    description: props.description,
    runtime: lambda.Runtime.NODEJS_22_X,
    architecture: lambda.Architecture.ARM_64,
    memorySize: 256,
    timeout: props.timeout,
    role: identity.role,
    logGroup: identity.logGroup,
    ...(props.environment ? { environment: props.environment } : {}),
    ...(network
      ? { vpc: network.vpc, vpcSubnets: { subnets: [...network.subnets] }, securityGroups: network.securityGroups }
      : {}),
    ...(props.deadLetterQueue ? { deadLetterQueue: props.deadLetterQueue } : {}),
    tracing: props.traced ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
  });
  const runtime = 'kafkajs computes negative timeouts on Node.js 24; all functions keep one runtime.';
  const until = 'a release of kafkajs works on Node.js 24.';
  acknowledge(
    made,
    { rule: 'AwsSolutions-L1', reason: runtime, until },
    { rule: 'Serverless-LambdaLatestVersion', reason: runtime, until },
  );
  return made;
}
