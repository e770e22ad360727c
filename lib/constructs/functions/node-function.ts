/** How every Lambda of the project is built: a folder of `lambda/`, bundled into one CommonJS file. */
import { aws_lambda as lambda } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { bundleHandler } from './handler-bundle.ts';
import type { LoggedRole } from './logged-role.ts';

export type Placement = Pick<lambda.FunctionOptions, 'vpc' | 'vpcSubnets' | 'securityGroups'>;

export interface NodeFunctionProps
  extends Pick<lambda.FunctionOptions, 'description' | 'timeout' | 'environment' | 'deadLetterQueue'> {
  /** Folder in `lambda/` whose `handler.ts` is the entry. */
  readonly folder: string;
  /**
   * Exported function.
   * @default `handler`
   */
  readonly handler?: string;
  readonly identity: LoggedRole;
  /**
   * Where it is attached.
   * @default none: the function stays outside VPCs
   */
  readonly placement?: Placement;
  /**
   * Whether calls show in X-Ray, as part of the execution that made them.
   * @default false
   */
  readonly traced?: boolean;
}

/** A function from `lambda/<folder>/handler.ts`. */
export function nodeFunction(scope: Construct, id: string, props: NodeFunctionProps): lambda.Function {
  const { folder, handler = 'handler', identity, placement, traced, ...options } = props;
  const made = new lambda.Function(scope, id, {
    ...options,
    ...placement,
    code: lambda.Code.fromAsset(bundleHandler(folder)),
    handler: `index.${handler}`,
    runtime: lambda.Runtime.NODEJS_22_X,
    architecture: lambda.Architecture.ARM_64,
    memorySize: 256,
    role: identity.role,
    logGroup: identity.logGroup,
    tracing: traced ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
  });
  const runtime =
    'kafkajs computes negative timeouts on Node.js 24; all functions keep one runtime until it works there.';
  acknowledge(made, { 'AwsSolutions-L1': runtime, 'Serverless-LambdaLatestVersion': runtime });
  return made;
}
