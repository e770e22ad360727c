/** How every Lambda of the project is built: a folder of `lambda/`, bundled into one CommonJS file. */
import { aws_lambda as lambda } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { FUNCTION_MIB } from '../../declaration/limits.ts';
import { bundleHandler } from './handler-bundle.ts';
import type { LoggedRole } from './logged-role.ts';

export type Placement = Pick<lambda.FunctionOptions, 'vpc' | 'vpcSubnets' | 'securityGroups'>;

export interface NodeFunctionProps
  extends Pick<lambda.FunctionOptions, 'description' | 'timeout' | 'environment' | 'deadLetterQueue'> {
  /** Folder in `lambda/` whose `handler.ts` is the entry, or a bundle that was made of more. */
  readonly folder: string | { readonly bundle: string };
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

/** A function whose code is a bundle. */
export function nodeFunction(scope: Construct, id: string, props: NodeFunctionProps): lambda.Function {
  const { folder, handler = 'handler', identity, placement, traced, ...options } = props;
  return new lambda.Function(scope, id, {
    ...options,
    ...placement,
    code: lambda.Code.fromAsset(typeof folder === 'string' ? bundleHandler(folder) : folder.bundle),
    handler: `index.${handler}`,
    // docs/decisions/0031-node-24-and-the-kafka-client.md
    runtime: lambda.Runtime.NODEJS_24_X,
    architecture: lambda.Architecture.ARM_64,
    memorySize: FUNCTION_MIB,
    role: identity.role,
    logGroup: identity.logGroup,
    tracing: traced ? lambda.Tracing.ACTIVE : lambda.Tracing.DISABLED,
  });
}
